// Finds new files in a folder: moved files at once, files that are written in place when they stop growing, and files that took the name
// of one that was read. A catch-up batch has the files that had arrived by its time.
import type { Time } from '../../base/duration';
import { asError, MillraceError } from '../../base/errors';
import { fieldsIn, fileNameIn, listIn } from '../../base/plain-data';
import { below } from '../../base/remote/remote-folders';
import type { FileNumbers, FileVersion } from '../../plan/file-version';
import type { FoundFile } from '../../rdd/found-files';
import type { Entry, FolderView, Found } from './folder-view';

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
  /** Set once it was read, or left out for good: what it was then. */
  readonly read?: FileVersion;
}

/**
 * A rename changes the time of the inode but not that of the content; a write sets both to the same. So different times mean that the
 * last change was no write: the file was moved in, linked, or copied with its times, and is complete.
 */
const movedIn = ({ ctimeMs, mtimeMs }: FileNumbers) => ctimeMs - mtimeMs > 5;

/** The batch time of a look, and the time now. */
export interface Moment {
  readonly time: Time;
  readonly now: Time;
  readonly interval: number;
}

/** Whether a later batch is due already: files that arrived meanwhile may belong to that one. */
const isLate = ({ time, now, interval }: Moment) => now - time >= interval;

function seenIn(value: unknown, what: string): [string, Seen] {
  const [name, seen] = listIn(value, what, (item) => item);
  fieldsIn(seen, what);
  return [fileNameIn(name, what), seen as Seen];
}

/** The new files at one look. */
export interface Look {
  readonly files: readonly FoundFile[];
  readonly notes: readonly string[];
}

export class FolderWatch {
  readonly #folder: FolderView;
  readonly #options: FolderOptions;
  #seen = new Map<string, Seen>();
  #isFirst = true;
  /** At the start nobody could say what was in the folder. */
  #isUnread = false;
  /** Files that the first look left out where it came after the start. */
  #leftOut = 0;
  /** The catch-up batch for each file whose own batch is skipped. */
  #spread: ReadonlyMap<string, Time> | undefined;

  constructor(folder: FolderView, options: FolderOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Looks at the folder for the first time, unless it resumes an earlier run. Throws NO_SUCH_PATH, NOT_A_FOLDER or UNREADABLE_FILE. */
  start(now: Time): void {
    if (!this.#isFirst) return;
    const found = this.#wanted(this.#firstRead(), []);
    // Where the look failed, as by a filter that throws, the next one is the first.
    this.#isFirst = false;
    if (!this.#options.newFilesOnly) return;
    for (const [name, stats] of found) this.#seen.set(name, seenAs(stats, now, this.#version(name, stats)));
    if (this.#isUnread) this.#leftOut = found.length;
  }

  /** A folder that is not there has no old files: all that a later one holds is new. */
  #firstRead(): Found {
    try {
      return this.#folder.read();
    } catch (e) {
      this.#isUnread = !isAbsent(e);
      this.#isFirst = this.#isUnread;
      throw e;
    }
  }

  /** The files that have become complete. */
  look(moment: Moment): Look {
    this.start(moment.now);
    const files: FoundFile[] = [];
    const notes: string[] = [];
    if (this.#leftOut > 0) notes.push(leftOutText(this.#leftOut));
    this.#leftOut = 0;
    let all: Found;
    try {
      all = this.#folder.read();
    } catch (e) {
      return { files, notes: [`${this.#folder.path} cannot be read now: ${asError(e).message}`] };
    }
    const found = this.#wanted(all, notes);
    const before = this.#remembered(found, notes);
    if (!isLate(moment)) this.#spread = undefined;
    else this.#spread ??= this.#spreadOver(moment, found, before);
    const seen = new Map<string, Seen>();
    const waiting: string[] = [];
    for (const [name, stats] of found) {
      const known = before.get(name);
      const due = this.#isDue(name, stats, moment);
      const next = known?.read ? known : this.#judge(name, stats, due, known, moment.now);
      seen.set(name, next);
      if (next.read && !known?.read) files.push({ path: below(this.#folder.path, name), version: next.read });
      else if (!next.read && due === undefined) waiting.push(name);
    }
    // A removed name may come back as another file.
    this.#seen = seen;
    if (waiting.length > 0) notes.push(`still being written: ${shortList(waiting)}`);
    return { files, notes };
  }

  /** What the last look saw of these files. Another file under a name that was read is new: nothing was seen of it. */
  #remembered(found: readonly Entry[], notes: string[]): Map<string, Seen> {
    const remembered = new Map<string, Seen>();
    for (const [name, stats] of found) {
      const before = this.#seen.get(name);
      if (!before) continue;
      const change = before.read && this.#folder.change(name, before.read, stats);
      if (change === 'replaced') continue;
      if (change === 'rewritten') {
        notes.push(`${name} was rewritten after it had been read; it is read again`);
        continue;
      }
      if (change === 'grown')
        notes.push(`${name} grew by ${stats.size - before.bytes} bytes after it had been read; they are left out`);
      remembered.set(name, change && change !== 'same' ? seenAs(stats, before.since, this.#version(name, stats)) : before);
    }
    return remembered;
  }

  /** What is known now of a file that was not read. */
  #judge(name: string, stats: FileNumbers, due: boolean | undefined, before: Seen | undefined, now: Time): Seen {
    const same = before !== undefined && before.bytes === stats.size && before.modified === stats.mtimeMs;
    const seenSince = due === undefined ? now : Math.min(now, stats.mtimeMs);
    const since = same ? before.since : seenSince;
    const settled = movedIn(stats) || (same && now - since >= this.#options.settle);
    return seenAs(stats, since, (due ?? settled) ? this.#version(name, stats) : undefined);
  }

  #version(name: string, stats: FileNumbers): FileVersion {
    return this.#folder.version(name, stats);
  }

  /** When a file was complete, by its own times. */
  #cameAt(stats: FileNumbers): Time {
    return movedIn(stats) ? stats.ctimeMs : stats.mtimeMs + this.#options.settle;
  }

  /** Also undefined if the times come from another clock, or the file is still being written. */
  #isDue(name: string, stats: FileNumbers, moment: Moment): boolean | undefined {
    const at = this.#cameAt(stats);
    if (!isLate(moment) || at > moment.now) return undefined;
    return (this.#spread?.get(name) ?? at) <= moment.time;
  }

  /** Spreads files of skipped batches evenly over all catch-up batches, in the order in which they arrived. */
  #spreadOver({ time, now, interval }: Moment, found: readonly Entry[], before: Map<string, Seen>): Map<string, Time> {
    const early = found
      .map(([name, stats]) => ({ name, at: this.#cameAt(stats) }))
      .filter(({ name, at }) => !before.get(name)?.read && at <= time - interval)
      .sort((a, b) => a.at - b.at);
    const batches = Math.floor((now - time) / interval) + 1;
    return new Map(early.map(({ name }, i) => [name, time + Math.floor((i * batches) / early.length) * interval]));
  }

  #wanted(found: Found, notes: string[]): Entry[] {
    const { filter = () => true } = this.#options;
    return found((name) => !/^[._]|\.(tmp|part|crdownload|_COPYING_)$/.test(name) && filter(name), notes);
  }

  /** What it has seen, as plain data. */
  position(): unknown {
    return this.#isFirst ? unread : [...this.#seen];
  }

  resume(position: unknown): void {
    if (position === unread) return;
    this.#seen = new Map(listIn(position, 'the position', seenIn));
    this.#isFirst = false;
  }
}

const seenAs = ({ size, mtimeMs }: FileNumbers, since: Time, read: FileVersion | undefined): Seen => ({
  bytes: size,
  modified: mtimeMs,
  since,
  read,
});

/** The position of a folder that could not be read in all of a run. */
const unread = 'unread';

const isAbsent = (error: unknown): boolean =>
  error instanceof MillraceError && (error.code === 'NO_SUCH_PATH' || error.code === 'NOT_A_FOLDER');

const leftOutText = (files: number): string =>
  `left out: ${files === 1 ? 'one file was' : `${files} files were`} there when the folder could first be read`;

const mostNames = 3;

function shortList(names: readonly string[]): string {
  const rest = names.length - mostNames;
  return names.slice(0, mostNames).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
