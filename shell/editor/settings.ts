// What the user can turn on and off in the editor.

/** Changed where the settings of the shell are. */
export const editorSettings = {
  /** A line under the entry with the signature of the call that is being typed. */
  signatureHelp: true,
};
