// The last error of the user's code, which `.errors` shows again.
import type { Screen } from '../contract/screen';
import { reportError } from '../print/report-error';
import type { SourceText } from '../print/user-frames';

export class LastError {
  #last: { readonly error: unknown; readonly source: SourceText } | undefined;

  /** Remembers the error; returns its report. */
  report(error: unknown, source: SourceText, screen: Screen): string {
    this.#last = { error, source };
    return reportError(error, source, screen);
  }

  /** What `.errors` prints; with `full`, the frames of Millrace and of packages as well. */
  text(full: boolean, screen: Screen): string {
    return this.#last ? reportError(this.#last.error, { ...this.#last.source, full }, screen) : 'no errors yet';
  }
}
