// The files that a dataset reads: found once, when its partitions are first asked for, and copied where they can be read only once.
import { type InputPaths, pathsText } from '../../base/paths';
import { isRemote, type RemoteFile, type RemoteReader, remoteFiles, shownUrl } from '../../base/remote/remote-files';
import type { DatasetHost } from '../host';
import { InputCopy } from './input-copies';
import { type FoundPath, type FoundRemote, findPaths, singlePaths } from './input-paths';
import { type KnownFile, knownCopy, knownFile, knownRemote } from './known-files';

/** Names of a notice: more fill the screen. */
const mostNames = 5;

/** A file, a copy of what can be read only once, or one that is fetched. */
type Source = { readonly found: FoundPath; readonly at: string | InputCopy } | FoundRemote;

export class InputFiles {
  readonly #host: DatasetHost;
  readonly #paths: InputPaths;
  readonly #isText: boolean;
  #sources: readonly Source[] | undefined;
  #files: readonly KnownFile[] | undefined;
  #told = false;
  /** What URLs led to, and where files are that were fetched whole. */
  readonly #remote = new Map<string, readonly RemoteFile[]>();
  readonly #copies = new Map<string, string>();

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
      const known: KnownFile[] = [];
      const names = new Set<string>();
      for (const source of this.#find()) {
        const file = this.#known(source, names);
        names.add(file.path);
        known.push(file);
      }
      this.#files = known;
      return known;
    } catch (e) {
      // What is asked again is looked at again.
      this.#sources = undefined;
      this.#remote.clear();
      throw e;
    }
  }

  #known(source: Source, names: ReadonlySet<string>): KnownFile {
    if (!('remote' in source)) {
      const { found, at } = source;
      return knownFile(found, at instanceof InputCopy ? at.now() : at, this.#isText);
    }
    const { remote, path } = source;
    if (!remote.isWhole) return knownRemote(remote, this.#isText, names);
    const copied = this.#copies.get(remote.url) ?? this.#host.inputs.placeFor(path, this);
    if (!this.#copies.has(remote.url)) remoteFiles(remote.url).copyNow(remote, copied);
    this.#copies.set(remote.url, copied);
    return knownCopy(path, copied, this.#isText);
  }

  /** Finds and copies what takes a while, while the session does other work. What fails here fails again where the files are asked for. */
  async prepare(): Promise<void> {
    if (this.#files) return;
    try {
      for (const path of singlePaths(this.#paths)) if (isRemote(path)) await this.#prepareRemote(path);
      for (const source of this.#find()) if ('at' in source && source.at instanceof InputCopy) await source.at.beside();
    } catch {
      // The dataset reports it, with the line that made it.
    }
  }

  /** A file, and what reads it in this process if it is fetched. */
  withReader<F extends { readonly path: string }>(file: F): F & { readonly reader?: RemoteReader } {
    return isRemote(file.path) ? { ...file, reader: this.#readerOf(file.path) } : file;
  }

  /** The engine reads where it has such file systems. */
  #readerOf(url: string): RemoteReader {
    const { engineFiles } = this.#host;
    return engineFiles?.has(url) ? engineFiles : remoteFiles(url);
  }

  async #prepareRemote(url: string): Promise<void> {
    const found = this.#remote.get(url) ?? (await this.#readerOf(url).find(url, this.#isText));
    this.#remote.set(url, found);
    for (const file of found) {
      if (!file.isWhole || this.#copies.has(file.url)) continue;
      const target = this.#host.inputs.placeFor(shownUrl(file.url), this);
      await remoteFiles(url).copy(file, target);
      this.#copies.set(file.url, target);
    }
  }

  #find(): readonly Source[] {
    if (this.#sources) return this.#sources;
    const { files, skipped } = findPaths(this.#paths, (url) => this.#remote.get(url) ?? this.#findNow(url));
    if (skipped.length > 0 && !this.#told) this.#host.inputs.notice(skippedText(pathsText(this.#paths), skipped));
    this.#told = true;
    const { inputs } = this.#host;
    this.#sources = files.map((found) =>
      'remote' in found ? found : { found, at: inputs.sourceOf(found.path, found.stats, this) },
    );
    return this.#sources;
  }

  #findNow(url: string): readonly RemoteFile[] {
    const found = this.#readerOf(url).findNow(url, this.#isText);
    this.#remote.set(url, found);
    return found;
  }
}

function skippedText(paths: string, skipped: readonly string[]): string {
  const rest = skipped.length - mostNames;
  return [`Not all of ${paths} is read:`, ...skipped.slice(0, mostNames), ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n  ');
}
