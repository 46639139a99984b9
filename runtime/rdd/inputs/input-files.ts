// The files that a dataset reads: found once, when its partitions are first asked for, and copied where they can be read only once.
import { type InputPaths, pathsText } from '../../base/paths';
import type { DatasetHost } from '../host';
import { InputCopy } from './input-copies';
import { type FoundPath, findPaths } from './input-paths';
import { type KnownFile, knownFile } from './known-files';

/** Names of a notice: more fill the screen. */
const mostNames = 5;

/** A file, or a copy of what can be read only once. */
type Source = { readonly found: FoundPath; readonly at: string | InputCopy };

export class InputFiles {
  readonly #host: DatasetHost;
  readonly #paths: InputPaths;
  readonly #isText: boolean;
  #sources: readonly Source[] | undefined;
  #files: readonly KnownFile[] | undefined;
  #told = false;

  /** `paths`: files, folders and patterns. What `isText` is refused where it cannot be one. */
  constructor(host: DatasetHost, paths: InputPaths, isText: boolean) {
    this.#host = host;
    this.#paths = paths;
    this.#isText = isText;
  }

  /** All of them, in order. Throws NO_SUCH_PATH, NO_FILES or UNREADABLE_FILE. */
  get all(): readonly KnownFile[] {
    if (this.#files) return this.#files;
    try {
      this.#files = this.#find().map(({ found, at }) => knownFile(found, at instanceof InputCopy ? at.now() : at, this.#isText));
      return this.#files;
    } catch (e) {
      // What is asked again is looked at again.
      this.#sources = undefined;
      throw e;
    }
  }

  /** Copies what must be copied, while the session does other work. What fails here fails again where the files are asked for. */
  async prepare(): Promise<void> {
    if (this.#files) return;
    try {
      for (const { at } of this.#find()) if (at instanceof InputCopy) await at.beside();
    } catch {
      // The dataset reports it, with the line that made it.
    }
  }

  #find(): readonly Source[] {
    if (this.#sources) return this.#sources;
    const { files, skipped } = findPaths(this.#paths);
    if (skipped.length > 0 && !this.#told) this.#host.inputs.notice(skippedText(pathsText(this.#paths), skipped));
    this.#told = true;
    const { inputs } = this.#host;
    this.#sources = files.map((found) => ({ found, at: inputs.sourceOf(found.path, found.stats, this) }));
    return this.#sources;
  }
}

function skippedText(paths: string, skipped: readonly string[]): string {
  const rest = skipped.length - mostNames;
  return [`Not all of ${paths} is read:`, ...skipped.slice(0, mostNames), ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n  ');
}
