// The write-ahead log of a receiver: its blocks lie in the checkpoint folder, and the next run reads those that no batch has read.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, statSync, truncateSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { diskError, makeFolders, removeQuietly } from '../../base/files';
import { countIn, fieldsIn, hashNameIn, listIn } from '../../base/plain-data';
import { type afterDeath, partEnding, type ReceivedBlock } from '../../plan/receivers';

/** The position of a log, as plain data: its folder below `received`, and per run the first block that no batch has read. */
export interface LogPosition {
  readonly log: string;
  readonly runs: readonly (readonly [run: number, next: number])[];
}

/** A receiver that outlives its driver writes here how many bytes of unfinished lines it held. */
export const unendedName = 'unended';

const newline = 0x0a;
const receivedFolder = 'received';

const numbersIn = (folder: string): number[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .sort((a, b) => a - b)
    : [];

/** Throws where it is no position of a log. */
export function positionIn(value: unknown): LogPosition {
  const { log, runs } = fieldsIn(value, 'the position');
  const pair = (item: unknown, what: string): [number, number] => {
    const [run, next] = listIn(item, what, countIn);
    return [run, countIn(next, what)];
  };
  return { log: hashNameIn(log, 'the log'), runs: listIn(runs, 'the runs', pair) };
}

/** The path of a block of a log in a checkpoint folder. */
export const blockPath = (checkpointFolder: string, log: string, run: number, block: number): string =>
  join(checkpointFolder, receivedFolder, log, String(run), String(block));

/** The run and the number by which a checkpoint names a block of a log; undefined for one that is removed with its session. */
export function numbersOfBlock(checkpointFolder: string | undefined, { path }: ReceivedBlock): readonly number[] | undefined {
  const [block, run] = [path, dirname(path)];
  const home = dirname(dirname(run));
  if (checkpointFolder === undefined || home !== join(checkpointFolder, receivedFolder)) return undefined;
  return [Number(basename(run)), Number(basename(block))];
}

/** Each run of the program has a folder of its own, so a receiver of an earlier run that still ends disturbs nothing. */
export class BlockLog {
  readonly #name: string;
  readonly #home: string;
  readonly #run: number;
  /** Per run, the first block that no batch has read. */
  readonly #next: Map<number, number>;

  /** `stream` names the stream below the checkpoint folder; `position` is that of an earlier run. Throws DISK. */
  constructor(checkpointFolder: string, stream: string, position: LogPosition | undefined) {
    this.#name = position?.log ?? createHash('sha256').update(stream).digest('hex').slice(0, 32);
    this.#home = join(checkpointFolder, receivedFolder, this.#name);
    this.#run = (numbersIn(this.#home).at(-1) ?? -1) + 1;
    this.#next = new Map(position?.runs ?? []);
    try {
      makeFolders(this.folder, 0o700);
    } catch (e) {
      diskError(this.folder, e);
    }
  }

  /** The folder of this run's blocks. */
  get folder(): string {
    return join(this.#home, String(this.#run));
  }

  /** Complete blocks of earlier runs that no batch has read. Removes blocks of completed batches that are not in `needed`. */
  leftBehind(needed: ReadonlySet<string>): ReceivedBlock[] {
    return numbersIn(this.#home).flatMap((run) => (run === this.#run ? [] : this.#leftOf(run, needed)));
  }

  #leftOf(run: number, needed: ReadonlySet<string>): ReceivedBlock[] {
    const folder = join(this.#home, String(run));
    const next = this.#next.get(run) ?? 0;
    const left: ReceivedBlock[] = [];
    for (const number of numbersIn(folder)) {
      const path = join(folder, String(number));
      if (number >= next) left.push({ path, bytes: statSync(path).size, records: 0 });
      else if (!needed.has(path)) removeQuietly(path);
    }
    return left;
  }

  /**
   * Ends the unfinished blocks of earlier runs, once their receivers can write no more: complete lines become blocks. Where `elements` are
   * sent again, or read again where they stand, they are dropped. Returns notices of what is lost.
   */
  endEarlierRuns(elements: ReturnType<typeof afterDeath>): string[] {
    // What keeps earlier receivers from beginning a block stays.
    if (elements === 'read again') return [];
    const lost = { lineBytes: 0, elementBytes: 0 };
    for (const run of numbersIn(this.#home)) {
      if (run === this.#run) continue;
      const folder = join(this.#home, String(run));
      for (const name of readdirSync(folder)) {
        const path = join(folder, name);
        if (name === unendedName) lost.lineBytes += Number(readFileSync(path, 'utf8'));
        else if (!name.endsWith(partEnding)) continue;
        else if (elements === 'sent again') lost.elementBytes += statSync(path).size;
        else lost.lineBytes += endLines(path);
        removeQuietly(path);
      }
    }
    const words: string[] = [];
    if (lost.lineBytes > 0) words.push(`${lost.lineBytes} bytes of lines that had not ended when an earlier run died are lost`);
    if (lost.elementBytes > 0)
      words.push(
        `${lost.elementBytes} bytes of elements that were stored when an earlier run died were not acknowledged; they are lost unless their source sends them again`,
      );
    return words;
  }

  /** A batch reads these blocks. */
  taken(blocks: readonly ReceivedBlock[]): void {
    for (const { path } of blocks) {
      const run = Number(basename(dirname(path)));
      this.#next.set(run, Math.max(this.#next.get(run) ?? 0, Number(basename(path)) + 1));
    }
  }

  position(): LogPosition {
    return { log: this.#name, runs: [...this.#next] };
  }
}

/** Turns the complete lines of an unfinished block into a block; returns how many bytes are cut off. */
function endLines(part: string): number {
  const bytes = readFileSync(part);
  const whole = bytes.lastIndexOf(newline) + 1;
  if (whole > 0) {
    truncateSync(part, whole);
    renameSync(part, part.slice(0, -partEnding.length));
  }
  return bytes.length - whole;
}
