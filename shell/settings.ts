// What the user can turn on and off in this shell.

export interface Settings {
  /** A line under the entry with the signature of the call that is being typed. */
  signatureHelp: boolean;
}

export const settings: Settings = { signatureHelp: true };
