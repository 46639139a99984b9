// What a notebook shows beside plain text: plain data, which the session makes and the front end of the notebook passes on.

export type Rich =
  /** The value of an entry, or what a command shows: as text, and as HTML or a picture where it has such a form. */
  | { readonly kind: 'value' | 'display'; readonly text: string; readonly html?: string; readonly svg?: string }
  /** An error of the user's code; the report is what the prompt prints of it. */
  | { readonly kind: 'error'; readonly name: string; readonly message: string; readonly report: string };
