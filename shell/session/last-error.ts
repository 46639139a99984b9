// The last error of the user's code, which `.errors` shows again.
import type { Screen } from '../contract/screen';
import { reportError } from '../print/report-error';
import type { SourceText } from '../print/user-frames';

/** The prompt's name for it. */
export const lastErrorName = '_error';

export class LastError {
  #last: { readonly error: unknown; readonly source: SourceText } | undefined;
  readonly #isThere: (error: unknown) => void;

  /** @param isThere called with each error: it becomes the value of `_error` */
  constructor(isThere: (error: unknown) => void) {
    this.#isThere = isThere;
  }

  /** Remembers the error; returns its report. */
  report(error: unknown, source: SourceText, screen: Screen): string {
    this.#last = { error, source };
    this.#isThere(error);
    return reportError(error, source, screen);
  }

  /** What `.errors` prints; with `full`, the frames of Millrace and of packages as well. */
  text(full: boolean, screen: Screen): string {
    return this.#last ? reportError(this.#last.error, { ...this.#last.source, full }, screen) : 'no errors yet';
  }
}
