// Finds the files that paths name: files, the files of folders, and what patterns match; each file once, whatever links lead to it.
import { type Dirent, lstatSync, readdirSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { globSync } from 'tinyglobby';
import { MillraceError } from '../../base/errors';
import { notReadable, unreadable } from '../../base/files';
import { type InputPaths, localPath, partsOfList } from '../../base/paths';
import { isRemote, type RemoteFile, shownUrl } from '../../base/remote/remote-files';

/** A file as it was found. */
export interface FoundPath {
  readonly path: string;
  readonly stats: Stats;
}

/** What a URL led to. */
export interface FoundRemote {
  readonly path: string;
  readonly remote: RemoteFile;
}

/** What finds the files of a URL. */
export type FindRemote = (url: string) => readonly RemoteFile[];

/** What paths lead to. */
export interface FoundPaths {
  readonly files: readonly (FoundPath | FoundRemote)[];
  /** What was found and is not read, each in a few words: broken links, pipes in a folder, second names of a file. */
  readonly skipped: readonly string[];
}

const errorCode = (e: unknown) => (e as NodeJS.ErrnoException).code;

/** What a path leads to: a text says why a link leads nowhere, undefined that there is nothing. Throws UNREADABLE_FILE. */
export function lookAt(path: string): Stats | string | undefined {
  try {
    return statSync(path);
  } catch (e) {
    if (errorCode(e) === 'ELOOP') return 'it is a link that leads in a circle';
    if (errorCode(e) !== 'ENOENT' && errorCode(e) !== 'ENOTDIR') return unreadable(path, e);
    return isLink(path) ? `it is a link to ${readlinkSync(path)}, where there is nothing` : undefined;
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

export const aFolder = 'a folder';

/** What a file is that cannot be read twice; undefined for a regular one. */
export function kindOf(stats: Stats): string | undefined {
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isSocket()) return 'a socket';
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return 'a device';
  return stats.isFile() ? undefined : aFolder;
}

const isPattern = (path: string) => /[*?[\]{}]/.test(path.replace(/\\./gs, ''));

/** What a path names whose characters of patterns stand behind backslashes. */
const unescaped = (path: string) => path.replace(/\\(.)/gs, '$1');

/** Whether there is such a name; a list is longer than a name may be. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/** The single paths, each as it is written if there is such a file; else lists are cut, and spaces around their parts dropped. */
export function singlePaths(paths: InputPaths): string[] {
  if (typeof paths !== 'string') return paths.map(localPath);
  if (isRemote(paths.trim())) return partsOfList(paths).map((part) => part.trim());
  if (isThere(localPath(paths))) return [localPath(paths)];
  return partsOfList(paths).map((part) => (isThere(localPath(part)) ? localPath(part) : localPath(part.trim())));
}

/** Markers such as _SUCCESS are not data, as for Hadoop's inputs. */
const isData = (path: string) => !path.replace(/\/$/, '').split('/').at(-1)!.startsWith('_');

/** A search for the files of one path. */
class Search {
  readonly skipped: string[] = [];
  readonly #found = new Map<string, Stats>();

  /** The files, in the order of their names. */
  get files(): FoundPath[] {
    const all = [...this.#found].map(([path, stats]) => ({ path, stats })).sort((a, b) => (a.path < b.path ? -1 : 1));
    const second = this.#secondNames(all);
    return all.filter(({ path }) => !second.has(path));
  }

  /** A file, the files of a folder, or what a pattern matches (folders matched give their files). */
  expand(path: string): void {
    const written = resolve(path);
    const absolute = lookAt(written) === undefined ? resolve(unescaped(path)) : written;
    const known = lookAt(absolute);
    if (typeof known === 'string') return notReadable(path, known, 'Correct the link, or name the file itself.');
    if (known?.isDirectory()) return this.#addFolder(absolute);
    if (known) {
      this.#found.set(absolute, known);
      return;
    }
    if (!isPattern(path)) throw new MillraceError('NO_SUCH_PATH', { path, folder: process.cwd() });
    const matches = this.#matchesOf(path).filter(isData);
    if (matches.length === 0) throw new MillraceError('NO_FILES', { path });
    for (const match of matches) {
      if (match.endsWith('/')) this.#addFolder(match.slice(0, -1));
      else this.#addFound(match);
    }
  }

  /** Not by the glob library, which takes a folder that cannot be read for an empty one. */
  #addFolder(folder: string): void {
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch (e) {
      return unreadable(folder, e);
    }
    for (const name of names) if (!name.startsWith('.') && isData(name)) this.#addFound(join(folder, name), true);
  }

  /** Adds what has a name in a folder; what cannot be read from there is noted. */
  #addFound(path: string, isListed = false): void {
    const stats = lookAt(path);
    if (stats === undefined || (isListed && typeof stats !== 'string' && stats.isDirectory())) return;
    const why = typeof stats === 'string' ? stats : kindOf(stats);
    if (why !== undefined) this.skipped.push(`${path}: ${typeof stats === 'string' ? why : `it is ${why}`}`);
    else this.#found.set(path, stats as Stats);
  }

  /** Names that lead to the file of another name by links. Hard links are files of their own: nobody can say which one is the link. */
  #secondNames(files: readonly FoundPath[]): ReadonlySet<string> {
    const byNumber = new Map<string, string[]>();
    for (const { path, stats } of files) {
      const key = `${stats.dev}:${stats.ino}`;
      byNumber.set(key, [...(byNumber.get(key) ?? []), path]);
    }
    const second = new Set<string>();
    for (const names of byNumber.values()) {
      if (names.length < 2) continue;
      const real = new Map<string, string>();
      // The file's own name first, then the first link.
      for (const name of names.sort((a, b) => linksOf(a) - linksOf(b))) {
        const target = realpathOf(name);
        const first = real.get(target);
        if (first === undefined) real.set(target, name);
        else {
          second.add(name);
          this.skipped.push(`${name}: it is a link to ${first}, which is read once`);
        }
      }
    }
    return second;
  }

  /**
   * What a pattern matches, folders with a slash behind them. `*` follows links, `**` enters no linked folder: it may lead back to one above.
   * The library takes a folder that cannot be read for an empty one: what it met is asked here.
   */
  #matchesOf(pattern: string): string[] {
    const unread: [string, unknown][] = [];
    const followed = segmentsBeforeGlobstar(pattern);
    const reading = (folder: string) => {
      let entries: Dirent[];
      try {
        entries = readdirSync(folder, { withFileTypes: true });
      } catch (e) {
        if (errorCode(e) !== 'ENOENT') unread.push([folder, e]);
        throw e;
      }
      const depth = segments(folder);
      return entries.flatMap((entry) => {
        // What is neither file nor folder is judged once the pattern is known to match it.
        if (!entry.isSymbolicLink()) return entry.isDirectory() ? [asEntry(entry.name, true)] : [asEntry(entry.name, false)];
        const path = join(folder, entry.name);
        const target = lookAt(path);
        if (typeof target !== 'object' || !target.isDirectory()) return [asEntry(entry.name, false)];
        if (depth < followed) return [asEntry(entry.name, true)];
        if (!entry.name.startsWith('.') && isData(entry.name))
          this.skipped.push(`${path}: it is a link to a folder, which ** does not enter`);
        return [];
      });
    };
    const matches = globSync(pattern.split(sep).join('/'), {
      // Relative to the current folder, whose own name may hold characters of patterns.
      absolute: true,
      onlyFiles: false,
      dot: false,
      expandDirectories: false,
      // Links appear as what they lead to, or not at all.
      followSymbolicLinks: false,
      fs: { readdirSync: reading as unknown as typeof readdirSync },
    });
    for (const [folder, error] of unread) unreadable(folder, error);
    return matches;
  }
}

const linksOf = (path: string) => Number(isLink(path)) + Number(realpathOf(path) !== path);

function realpathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (e) {
    return unreadable(path, e);
  }
}

const segments = (path: string) => resolve(path).split(sep).filter(Boolean).length;

/** How many segments of a pattern stand before its first `**`; none where braces hide that. */
function segmentsBeforeGlobstar(pattern: string): number {
  const at = pattern.indexOf('**');
  if (at < 0) return Number.POSITIVE_INFINITY;
  const before = pattern.slice(0, at);
  return /\{[^}]*\//.test(before) ? 0 : segments(before.slice(0, before.lastIndexOf('/') + 1) || '.');
}

/** An entry of a folder as the glob library sees it. */
const asEntry = (name: string, isFolder: boolean) => ({
  name,
  isDirectory: () => isFolder,
  isFile: () => !isFolder,
  isSymbolicLink: () => false,
});

/** The files of single paths or of a list: files, folders and patterns, in order. Throws NO_SUCH_PATH, NO_FILES or UNREADABLE_FILE. */
export function findPaths(paths: InputPaths, findRemote: FindRemote): FoundPaths {
  const files: (FoundPath | FoundRemote)[] = [];
  const skipped: string[] = [];
  for (const path of singlePaths(paths)) {
    if (isRemote(path)) {
      files.push(...findRemote(path).map((remote) => ({ path: shownUrl(remote.url), remote })));
      continue;
    }
    const search = new Search();
    search.expand(path);
    files.push(...search.files);
    skipped.push(...search.skipped);
  }
  return { files, skipped };
}
