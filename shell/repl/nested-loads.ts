// The files that are being loaded, one inside the other: no file loads itself, and the nesting has a limit.
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { MillraceError } from '../../runtime/base/errors';
import { unlessUnreadable } from '../base/files';

/** Deeper than any tree of files that a person keeps; each level holds its file's text. */
const maxNested = 32;

export class NestedLoads {
  readonly #files: { readonly real: string; readonly shown: string }[] = [];

  /** Runs `load` as the load of this file. Throws NESTED_LOAD if the file is being loaded already, or too many are. */
  async within<T>(file: string, folder: string, load: () => Promise<T>): Promise<T> {
    const full = path.resolve(folder, file);
    const real = unlessUnreadable(() => realpathSync(full)) ?? full;
    const chain = [...this.#files.map(({ shown }) => shown), file];
    if (this.#files.some((one) => one.real === real)) refuse(file, 'it is being loaded already', chain);
    if (this.#files.length >= maxNested) refuse(file, `${maxNested} files are being loaded, each by the one before`, chain);
    this.#files.push({ real, shown: file });
    try {
      return await load();
    } finally {
      this.#files.pop();
    }
  }
}

/** Of a long chain the ends are shown. */
const maxShown = 6;

function refuse(file: string, reason: string, chain: readonly string[]): never {
  const shown = chain.length > maxShown ? [...chain.slice(0, 2), '…', ...chain.slice(-3)] : chain;
  throw new MillraceError('NESTED_LOAD', { file, reason, chain: shown.join(' → ') });
}
