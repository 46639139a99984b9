// Finds new files in a folder: moved files at once, files that are written in place when they stop growing. A catch-up batch has the files
// that had arrived by its time.
import { readdirSync, type Stats, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Time } from '../../base/duration';
import { asError, MillraceError } from '../../base/errors';
import { versionOf } from '../../plan/file-version';
import type { FoundFile } from '../../rdd/found-files';

export interface FolderOptions {
  /** Reads only the names for which it returns true; runs in the session. */
  readonly filter?: (name: string) => unknown;
  /** Leaves out the files that are there at the start. */
  readonly newFilesOnly: boolean;
  /** Milliseconds without a change after which a file that is written in place counts as complete. */
  readonly settle: number;
}

/** A file as it was at the last look. */
interface Seen {
  readonly bytes: number;
  readonly modified: number;
  /** When it was first seen with this size and time. */
  readonly since: Time;
  /** True once it was read or left out for good. */
  readonly done: boolean;
}

/**
 * A rename changes the time of the inode but not that of the content; a write sets both to the same. So different times mean that the
 * last change was no write: the file was moved in, linked, or copied with its times, and is complete.
 */
const movedIn = ({ ctimeMs, mtimeMs }: Stats) => ctimeMs - mtimeMs > 5;

interface Found {
  readonly name: string;
  readonly stats: Stats;
  /** Whether it belongs to this late batch or an earlier one; undefined if its times cannot tell. */
  readonly due: boolean | undefined;
}

/** The batch time of a look, and the time now. */
export interface Moment {
  readonly time: Time;
  readonly now: Time;
  readonly interval: number;
}

/** Whether a later batch is due already: files that arrived meanwhile may belong to that one. */
const isLate = ({ time, now, interval }: Moment) => now - time >= interval;

/** The new files at one look. */
export interface Look {
  readonly files: readonly FoundFile[];
  readonly notes: readonly string[];
}

export class FolderWatch {
  readonly #folder: string;
  readonly #options: FolderOptions;
  #seen = new Map<string, Seen>();
  #isFirst = true;
  /** The catch-up batch for each file whose own batch is skipped. */
  #spread: ReadonlyMap<string, Time> | undefined;

  constructor(folder: string, options: FolderOptions) {
    this.#folder = resolve(folder);
    this.#options = options;
  }

  /** Looks at the folder for the first time, unless it resumes an earlier run. Throws NO_SUCH_PATH. */
  start(now: Time): void {
    if (!this.#isFirst) return;
    const found = this.#find();
    // Where the look failed, as by a filter that throws, the next one is the first.
    this.#isFirst = false;
    if (!found) throw new MillraceError('NO_SUCH_PATH', { path: this.#folder, folder: process.cwd() });
    if (!this.#options.newFilesOnly) return;
    for (const [name, stats] of found) this.#seen.set(name, seenAs(stats, now, true));
  }

  /** The files that have become complete. */
  look(moment: Moment): Look {
    this.start(moment.now);
    const files: FoundFile[] = [];
    const notes: string[] = [];
    const found = this.#find();
    if (!found) return { files, notes: [`${this.#folder} cannot be read now`] };
    if (!isLate(moment)) this.#spread = undefined;
    else this.#spread ??= this.#spreadOver(moment, found);
    const seen = new Map<string, Seen>();
    const waiting: string[] = [];
    for (const [name, stats] of found) {
      const before = this.#seen.get(name);
      const due = this.#isDue(name, stats, moment);
      const next = this.#judge({ name, stats, due }, before, moment.now, notes);
      seen.set(name, next);
      if (next.done && !before?.done)
        files.push({ path: join(this.#folder, name), version: versionOf(join(this.#folder, name), stats) });
      else if (!next.done && due === undefined) waiting.push(name);
    }
    // A removed name may come back as another file.
    this.#seen = seen;
    if (waiting.length > 0) notes.push(`still being written: ${shortList(waiting)}`);
    return { files, notes };
  }

  #judge({ name, stats, due }: Found, before: Seen | undefined, now: Time, notes: string[]): Seen {
    const same = before !== undefined && before.bytes === stats.size && before.modified === stats.mtimeMs;
    if (before?.done) {
      if (!same && stats.size > before.bytes)
        notes.push(`${name} grew by ${stats.size - before.bytes} bytes after it had been read; they are left out`);
      return seenAs(stats, now, true);
    }
    const seenSince = due === undefined ? now : Math.min(now, stats.mtimeMs);
    const since = same ? before.since : seenSince;
    const settled = movedIn(stats) || (same && now - since >= this.#options.settle);
    return { bytes: stats.size, modified: stats.mtimeMs, since, done: due ?? settled };
  }

  /** When a file was complete, by its own times. */
  #cameAt(stats: Stats): Time {
    return movedIn(stats) ? stats.ctimeMs : stats.mtimeMs + this.#options.settle;
  }

  /** Also undefined if the times come from another clock, or the file is still being written. */
  #isDue(name: string, stats: Stats, moment: Moment): boolean | undefined {
    const at = this.#cameAt(stats);
    if (!isLate(moment) || at > moment.now) return undefined;
    return (this.#spread?.get(name) ?? at) <= moment.time;
  }

  /** Spreads files of skipped batches evenly over all catch-up batches, in the order in which they arrived. */
  #spreadOver({ time, now, interval }: Moment, found: readonly (readonly [string, Stats])[]): Map<string, Time> {
    const early = found
      .map(([name, stats]) => ({ name, at: this.#cameAt(stats) }))
      .filter(({ name, at }) => !this.#seen.get(name)?.done && at <= time - interval)
      .sort((a, b) => a.at - b.at);
    const batches = Math.floor((now - time) / interval) + 1;
    return new Map(early.map(({ name }, i) => [name, time + Math.floor((i * batches) / early.length) * interval]));
  }

  /** The files in the folder, by name. */
  #find(): (readonly [string, Stats])[] | undefined {
    return this.#list()
      ?.sort()
      .flatMap((name) => {
        const stats = this.#stat(name);
        return stats ? [[name, stats] as const] : [];
      });
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

  /** Undefined for a folder, and for a file that was removed meanwhile. */
  #stat(name: string): Stats | undefined {
    try {
      const stats = statSync(join(this.#folder, name));
      return stats.isFile() ? stats : undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new MillraceError('UNREADABLE_FILE', { path: join(this.#folder, name), reason: asError(error).message });
    }
  }

  /** What it has seen, as plain data. */
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
