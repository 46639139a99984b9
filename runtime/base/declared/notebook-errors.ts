// The errors of kernels for notebooks: part of the declared ones.

/** By code. */
export const notebookErrors = {
  NO_JUPYTER: {
    sentence: 'Jupyter is not found: there is no folder {folder}, and no program jupyter on the path.',
    remedy:
      'Install it, for example by pip install jupyterlab, or name its data folder: --folder FOLDER (jupyter --data-dir prints it).',
  },
  NO_KERNEL: {
    sentence: 'There is no kernel of Millrace named {name} in {folder}.',
    remedy: 'See jupyter kernelspec list for all kernels; --name and --folder choose one.',
  },
  BAD_CONNECTION_FILE: {
    sentence: 'The connection file {file} cannot be used: {reason}.',
    remedy: 'Jupyter writes it when it starts a kernel: install one by millrace kernel --install, and start it from a notebook.',
  },
} as const;
