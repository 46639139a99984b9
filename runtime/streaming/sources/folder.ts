// What is new in a folder: files that were moved in at once, files that are written in place when they have stopped growing.
import { readdirSync, type Stats, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { asError, MillraceError } from '../../errors';
import { versionOf } from '../../exec/file-version';
import type { FoundFile } from '../../rdd/found-files';
import type { Time } from '../duration';

export interface FolderOptions {
  /** Reads only names for which it holds; runs in the session. */
  readonly filter?: (name: string) => unknown;
  /** Leaves out what is there at the start. */
  readonly newFilesOnly: boolean;
  /** Milliseconds without a change, after which a file that is written in place is taken for whole. */
  readonly settle: number;
}

/** A file as it was at the last look. */
interface Seen {
  readonly bytes: number;
  readonly modified: number;
  /** When it was first seen so. */
  readonly since: Time;
  /** It was read, or left out for good. */
  readonly done: boolean;
}

/**
 * A rename changes the time of the inode but not that of the content; a write sets both to the same. So a difference says that the last
 * thing done to the file was not a write: it was moved in, linked or copied with its times, and is whole.
 */
const movedIn = ({ ctimeMs, mtimeMs }: Stats) => ctimeMs - mtimeMs > 5;

/** What is new at one look. */
export interface Look {
  readonly files: readonly FoundFile[];
  readonly notes: readonly string[];
}

export class FolderWatch {
  readonly #folder: string;
  readonly #options: FolderOptions;
  #seen = new Map<string, Seen>();
  #isFirst = true;

  constructor(folder: string, options: FolderOptions) {
    this.#folder = resolve(folder);
    this.#options = options;
  }

  /** Looks at the folder for the first time, unless it goes on from an earlier run. Throws NO_SUCH_PATH. */
  start(now: Time): void {
    if (!this.#isFirst) return;
    this.#isFirst = false;
    const names = this.#list();
    if (!names) throw new MillraceError('NO_SUCH_PATH', { path: this.#folder, folder: process.cwd() });
    if (!this.#options.newFilesOnly) return;
    for (const name of names) {
      const stats = this.#stat(name);
      if (stats) this.#seen.set(name, seenAs(stats, now, true));
    }
  }

  /** The files that are ready and were not before. */
  look(now: Time): Look {
    const files: FoundFile[] = [];
    const notes: string[] = [];
    const names = this.#list();
    if (!names) return { files, notes: [`${this.#folder} cannot be read now`] };
    const seen = new Map<string, Seen>();
    const waiting: string[] = [];
    for (const name of names.sort()) {
      const stats = this.#stat(name);
      if (!stats) continue;
      const before = this.#seen.get(name);
      const next = this.#judge(name, stats, before, now, notes);
      seen.set(name, next);
      if (next.done && !before?.done) files.push({ path: join(this.#folder, name), version: versionOf(stats) });
      else if (!next.done) waiting.push(name);
    }
    // A name that is gone may come again as another file.
    this.#seen = seen;
    if (waiting.length > 0) notes.push(`still being written: ${shortList(waiting)}`);
    return { files, notes };
  }

  #judge(name: string, stats: Stats, before: Seen | undefined, now: Time, notes: string[]): Seen {
    const same = before !== undefined && before.bytes === stats.size && before.modified === stats.mtimeMs;
    if (before?.done) {
      if (!same && stats.size > before.bytes)
        notes.push(`${name} grew by ${stats.size - before.bytes} bytes after it had been read; they are left out`);
      return seenAs(stats, now, true);
    }
    const since = same ? before.since : now;
    const settled = movedIn(stats) || (same && now - since >= this.#options.settle);
    return { bytes: stats.size, modified: stats.mtimeMs, since, done: settled };
  }

  #list(): string[] | undefined {
    const { filter = () => true } = this.#options;
    let names: string[];
    try {
      names = readdirSync(this.#folder);
    } catch {
      return undefined;
    }
    return names.filter((name) => !/^[._]/.test(name) && !/\.(tmp|part|crdownload)$/.test(name) && filter(name));
  }

  /** Undefined for folders, and for what was removed meanwhile. */
  #stat(name: string): Stats | undefined {
    try {
      const stats = statSync(join(this.#folder, name));
      return stats.isFile() ? stats : undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new MillraceError('UNREADABLE_FILE', { path: join(this.#folder, name), reason: asError(error).message });
    }
  }

  /** What was seen, as plain data. */
  position(): unknown {
    return [...this.#seen];
  }

  resume(position: unknown): void {
    this.#seen = new Map(position as [string, Seen][]);
    this.#isFirst = false;
  }
}

const seenAs = ({ size, mtimeMs }: Stats, since: Time, done: boolean): Seen => ({ bytes: size, modified: mtimeMs, since, done });

const mostNames = 3;

function shortList(names: readonly string[]): string {
  const rest = names.length - mostNames;
  return names.slice(0, mostNames).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
