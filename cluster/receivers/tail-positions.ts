// How far files were read when each block was handed over: files beside the blocks, so that lines and position are logged together.
import fs from 'node:fs';
import path from 'node:path';
import { partEnding } from '../../runtime/plan/receivers';
import { Fields, refuse } from '../link/fields';

/** A file as it was read: all lines until `offset`. */
export interface FilePosition {
  readonly path: string;
  /** Its device and number, which it keeps when it is renamed. */
  readonly id: string;
  readonly offset: number;
  /** What stands before the offset, as a hash: tells the file from another one, and finds a copy. */
  readonly mark: string;
  /** When it was first not found at a start, in milliseconds since the epoch. */
  readonly goneSince?: number;
}

/** An unfinished block of an earlier run that its receiver may not finish any more. */
const deadEnding = '.dead';
const prefix = 'position-';
const mostFiles = 10_000;
const maxText = 8192;

const positionFile = (folder: string, block: number) => path.join(folder, `${prefix}${block}`);

const numbersOf = (names: readonly string[], pattern: RegExp): number[] =>
  names.flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number);

/** Writes the position that holds before block number `block`: when the block before it gets its name, this is on the disk. */
export function writePosition(folder: string, block: number, files: readonly FilePosition[], isDurable: boolean): void {
  const fd = fs.openSync(positionFile(folder, block), 'w', 0o600);
  try {
    fs.writeFileSync(fd, JSON.stringify(files));
    if (isDurable) fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** The driver knows the block: positions before it are needed no more. */
export function removePositionsUntil(folder: string, block: number): void {
  for (const number of numbersOf(fs.readdirSync(folder), /^position-(\d+)$/))
    if (number <= block) fs.rmSync(positionFile(folder, number), { force: true });
}

/** Drops all that the driver has not heard of: it will be read again. */
export function dropUnknown(folder: string, first: number): void {
  for (const name of fs.readdirSync(folder)) {
    const isUnknown = name.startsWith(prefix) ? Number(name.slice(prefix.length)) > first : Number.parseInt(name, 10) >= first;
    if (isUnknown) fs.rmSync(path.join(folder, name), { force: true });
  }
}

/**
 * The newest position in the folder of a run, or of the runs before it, which lie beside it with lower numbers. Those can write no more
 * afterwards: a receiver whose driver was killed may live a moment longer. Undefined if none was ever written.
 */
export function lastPosition(folder: string, isDurable: boolean): readonly FilePosition[] | undefined {
  const own = newestIn(folder);
  if (own || !isDurable) return own;
  const [home, run] = [path.dirname(folder), Number(path.basename(folder))];
  const earlier = numbersOf(fs.readdirSync(home), /^(\d+)$/).filter((n) => n < run);
  for (const n of earlier) fence(path.join(home, String(n)));
  for (const n of earlier.sort((a, b) => b - a)) {
    const position = newestIn(path.join(home, String(n)));
    if (position) return position;
  }
  return undefined;
}

function newestIn(folder: string): readonly FilePosition[] | undefined {
  const names = new Set(fs.readdirSync(folder));
  for (const number of numbersOf([...names], /^position-(\d+)$/).sort((a, b) => b - a)) {
    // The block before it was not finished: its lines are not in the log.
    if (names.has(`${number - 1}${partEnding}`) || names.has(`${number - 1}${deadEnding}`)) continue;
    const position = positionIn(fs.readFileSync(positionFile(folder, number), 'utf8'));
    if (position) return position;
  }
  return undefined;
}

/** Undefined for a file that is not whole. */
function positionIn(text: string): readonly FilePosition[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list) || list.length > mostFiles) return undefined;
    return list.map((item) => {
      const fields = new Fields('a position', item);
      const [file, id, mark] = [fields.string('path', maxText), fields.string('id', 100), fields.string('mark', 100)];
      const offset = fields.integer('offset');
      const gone = fields.has('goneSince') ? { goneSince: fields.integer('goneSince') } : {};
      fields.end();
      return path.isAbsolute(file) ? { path: file, id, offset, mark, ...gone } : refuse('path is not absolute');
    });
  } catch {
    return undefined;
  }
}

/** What stands in the file that keeps an earlier receiver from beginning another block. */
const fenceText = 'no further blocks';

/** The highest block that was begun: its file may be gone, its position is not. */
function highestIn(folder: string): number {
  const names = fs.readdirSync(folder);
  const begun = numbersOf(names, /^position-(\d+)$/).map((n) => n - 1);
  return Math.max(-1, ...numbersOf(names, /^(\d+)(?:\.part|\.dead)?$/), ...begun);
}

/**
 * Keeps an earlier receiver from finishing another block. Its unfinished block loses its name, so that it cannot get its final one; and where
 * the next would be begun there is a file already. Either happens before or after a block of its own is finished, never in between.
 */
function fence(folder: string): void {
  // Each turn ends unless the earlier receiver has just begun or finished a block.
  for (;;) {
    const last = path.join(folder, String(highestIn(folder)));
    try {
      if (fs.readFileSync(last + partEnding, 'utf8') === fenceText) return;
      fs.renameSync(last + partEnding, last + deadEnding);
      fs.truncateSync(last + deadEnding);
    } catch {
      // It is finished, or there is none.
    }
    try {
      fs.writeFileSync(path.join(folder, `${highestIn(folder) + 1}${partEnding}`), fenceText, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      // It was begun meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
