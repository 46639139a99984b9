// The last error of the user's code, which `.errors` shows again.
import type { Screen } from '../contract/screen';
import type { CompiledCell } from '../contract/type-service';
import { reportError } from '../print/report-error';

export class LastError {
  #last: { readonly error: unknown; readonly cell: CompiledCell | undefined } | undefined;

  /** Remembers the error; returns its report. */
  report(error: unknown, cell: CompiledCell | undefined, screen: Screen): string {
    this.#last = { error, cell };
    return reportError(error, cell ?? {}, screen);
  }

  /** What `.errors` prints; with `full`, the frames of Millrace and of packages as well. */
  text(full: boolean, screen: Screen): string {
    return this.#last ? reportError(this.#last.error, { ...this.#last.cell, full }, screen) : 'no errors yet';
  }
}
