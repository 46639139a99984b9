// The blocks of one stream: whole lines, or rows, go into a file that is given its name and handed over every block interval.
import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import path from 'node:path';
import { asError } from '../../runtime/base/errors';
import { objectFrame, objectMagic } from '../../runtime/exec/files/object-file';
import { partEnding } from '../../runtime/plan/receivers';

/** Smaller pieces are gathered until the end of the event loop's turn, larger ones are written as they come. */
const gatherBytes = 64 << 10;

/** Milliseconds by which a block is cut before the tick of its batch: as long as it takes to hand it over on a busy machine. */
const leadMs = 20;

/**
 * Milliseconds until the next block is cut: shortly before a multiple of the interval, for that is when batches end. Blocks cut at any
 * other time would leave what came after the last of them, half an interval on the average, to the next batch.
 */
export function untilCut(now: number, interval: number): number {
  const lead = Math.min(leadMs, interval / 4);
  const delay = interval - ((now + lead) % interval);
  // A timer may ring early or late; a block is not made for a moment only.
  return delay < interval / 2 ? delay + interval : delay;
}

export interface BlockOptions {
  readonly folder: string;
  readonly firstBlock: number;
  /** Blocks are on the disk before they are handed over. */
  readonly isDurable: boolean;
  readonly blockInterval: number;
  /** A block is whole. */
  readonly handOver: (block: number, bytes: number, records: number) => void;
  /** What the source still holds is to be added now. */
  readonly beforeCut: () => void;
  /** So many lines are not UTF-8; they are kept, and decoded with the replacement character. */
  readonly badLines: (count: number) => void;
  /** So many elements are lost, because the disk is full or the like. */
  readonly lost: (records: number, reason: string) => void;
}

export class BlockWriter {
  readonly #options: BlockOptions;
  #timer: NodeJS.Timeout | undefined;
  readonly #gathered = Buffer.allocUnsafe(gatherBytes);
  #gatheredBytes = 0;
  #gatheredRecords = 0;
  #flushing = false;
  #number: number;
  #fd = -1;
  #bytes = 0;
  #records = 0;
  #isRows = false;

  constructor(options: BlockOptions) {
    this.#options = options;
    this.#number = options.firstBlock;
    this.#awaitCut();
  }

  #awaitCut(): void {
    this.#timer = setTimeout(
      () => {
        this.#awaitCut();
        this.cut();
      },
      untilCut(Date.now(), this.#options.blockInterval),
    );
  }

  /** The number of the block that is being written. */
  get number(): number {
    return this.#number;
  }

  /** Whether nothing is in the block that is being written. */
  get isEmpty(): boolean {
    return this.#fd < 0 && this.#gatheredBytes === 0;
  }

  /** Adds whole lines with their line ends; the bytes are not kept. */
  lines(bytes: Buffer, records: number): void {
    if (bytes.length > gatherBytes - this.#gatheredBytes) this.#flush();
    if (bytes.length >= gatherBytes) return this.#writeText(bytes, records);
    this.#gatheredRecords += records;
    this.#gatheredBytes += bytes.copy(this.#gathered, this.#gatheredBytes);
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  /** Adds rows; answers their bytes. Throws what keeps them from being encoded or written; none of them is in the block then. */
  rows(values: readonly unknown[]): number {
    const frame = objectFrame(values);
    const isFirst = this.#fd < 0;
    this.#isRows = true;
    this.#write(isFirst ? Buffer.concat([objectMagic, frame]) : frame);
    this.#records += values.length;
    return frame.length;
  }

  /** Ends the block and begins the next one; nothing is done where nothing came. */
  cut(): void {
    this.#options.beforeCut();
    this.#flush();
    if (this.#fd < 0) return;
    try {
      if (this.#isRows) this.#write(objectFrame(this.#records));
      const file = path.join(this.#options.folder, String(this.#number));
      if (this.#options.isDurable) fs.fsyncSync(this.#fd);
      fs.renameSync(file + partEnding, file);
      if (this.#options.isDurable) syncFolder(this.#options.folder);
      this.#options.handOver(this.#number, this.#bytes, this.#records);
    } catch (error) {
      this.#options.lost(this.#records, asError(error).message);
    }
    fs.closeSync(this.#fd);
    this.#number++;
    [this.#fd, this.#bytes, this.#records, this.#isRows] = [-1, 0, 0, false];
  }

  /** Hands over what is there and ends. */
  close(): void {
    clearTimeout(this.#timer);
    this.cut();
  }

  #flush(): void {
    if (this.#gatheredBytes === 0) return;
    const [bytes, records] = [this.#gatheredBytes, this.#gatheredRecords];
    [this.#gatheredBytes, this.#gatheredRecords] = [0, 0];
    this.#writeText(this.#gathered.subarray(0, bytes), records);
  }

  #writeText(bytes: Buffer, records: number): void {
    if (!isUtf8(bytes)) this.#options.badLines(badLines(bytes));
    try {
      this.#write(bytes);
      this.#records += records;
    } catch (error) {
      this.#options.lost(records, asError(error).message);
    }
  }

  /** Writes all of it or nothing. */
  #write(bytes: Uint8Array): void {
    if (this.#fd < 0) this.#fd = openNew(path.join(this.#options.folder, this.#number + partEnding));
    try {
      for (let done = 0; done < bytes.length; )
        done += fs.writeSync(this.#fd, bytes, done, bytes.length - done, this.#bytes + done);
      this.#bytes += bytes.length;
    } catch (error) {
      fs.ftruncateSync(this.#fd, this.#bytes);
      throw error;
    }
  }
}

/** The names in it outlive a crash of the machine. */
function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function openNew(file: string): number {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = fs.constants;
  return fs.openSync(file, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
}

/** How many of the lines are not UTF-8. */
function badLines(bytes: Buffer): number {
  let bad = 0;
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(0x0a, from);
    const to = end < 0 ? bytes.length : end;
    if (!isUtf8(bytes.subarray(from, to))) bad++;
    from = to + 1;
  }
  return bad;
}
