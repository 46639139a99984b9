// Writes the blocks of one stream: files of whole lines or rows. At every block interval a file gets its final name and is handed over.
import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import path from 'node:path';
import { asError } from '../../runtime/base/errors';
import { syncFile } from '../../runtime/base/files';
import { afterMs } from '../../runtime/base/time';
import { objectFrame, objectMagic } from '../../runtime/exec/files/object-file';
import { partEnding } from '../../runtime/plan/receivers';

/** Smaller pieces are gathered until the event loop's turn ends; larger ones are written at once. */
const gatherBytes = 64 << 10;

/** A block is cut this many milliseconds before its batch begins: long enough to hand it over on a busy machine. */
const leadMs = 20;

/**
 * Milliseconds until the next cut, which falls shortly before a multiple of the interval because batches end there. With cuts at other
 * times, elements that came after the last cut (half an interval on average) would have to wait for the next batch.
 */
export function untilCut(now: number, interval: number): number {
  const lead = Math.min(leadMs, interval / 4);
  const delay = interval - ((now + lead) % interval);
  // A timer may fire early; do not cut again right after a cut.
  return delay < interval / 2 ? delay + interval : delay;
}

export interface BlockOptions {
  readonly folder: string;
  readonly firstBlock: number;
  /** Blocks are synced to disk before they are handed over. */
  readonly isDurable: boolean;
  readonly blockInterval: number;
  /** Called with each complete block. */
  readonly handOver: (block: number, bytes: number, records: number) => void;
  /** Called before each cut, so that the source adds what it still holds. */
  readonly beforeCut: () => void;
  /** Called before a block gets its name, with the number of the next one. */
  readonly beforeName?: (next: number) => void;
  /** Called with a block that could not be ended: its elements are lost, and it is never handed over. */
  readonly blockLost?: (block: number, reason: string) => void;
  /** Called with the number of lines that are not UTF-8. They stay in the block and decode with the replacement character. */
  readonly badLines: (count: number) => void;
  /** Called with the number of elements that could not be written, such as when the disk is full, and with their bytes. */
  readonly lost: (records: number, reason: string, bytes: number) => void;
}

export class BlockWriter {
  readonly #options: BlockOptions;
  #cancel = () => {};
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
    this.#cancel = afterMs(untilCut(Date.now(), this.#options.blockInterval), () => {
      this.#awaitCut();
      this.cut();
    });
  }

  /** The number of the block that is being written. */
  get number(): number {
    return this.#number;
  }

  /** Whether nothing is in the block that is being written. */
  get isEmpty(): boolean {
    return this.#fd < 0 && this.#gatheredBytes === 0;
  }

  /** Adds whole lines with their line ends. The caller may reuse the bytes. */
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

  /** Adds rows and returns their size in bytes. Throws if they cannot be encoded or written; then the block has none of them. */
  rows(values: readonly unknown[]): number {
    const frame = objectFrame(values);
    const isFirst = this.#fd < 0;
    this.#isRows = true;
    this.#write(isFirst ? Buffer.concat([objectMagic, frame]) : frame);
    this.#records += values.length;
    return frame.length;
  }

  /** Ends the block and begins the next one; an empty block is not ended. */
  cut(): void {
    this.#options.beforeCut();
    this.#flush();
    if (this.#fd < 0) return;
    try {
      if (this.#isRows) this.#write(objectFrame(this.#records));
      const file = path.join(this.#options.folder, String(this.#number));
      if (this.#options.isDurable) fs.fsyncSync(this.#fd);
      this.#options.beforeName?.(this.#number + 1);
      fs.renameSync(file + partEnding, file);
      // The name in the folder survives a crash of the machine too.
      if (this.#options.isDurable) syncFile(this.#options.folder);
      this.#options.handOver(this.#number, this.#bytes, this.#records);
    } catch (error) {
      this.#options.lost(this.#records, asError(error).message, this.#bytes);
      this.#options.blockLost?.(this.#number, asError(error).message);
    }
    fs.closeSync(this.#fd);
    this.#number++;
    [this.#fd, this.#bytes, this.#records, this.#isRows] = [-1, 0, 0, false];
  }

  /** Hands over the last block and stops. */
  close(): void {
    this.#cancel();
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
      this.#options.lost(records, asError(error).message, bytes.length);
    }
  }

  /** Writes all bytes or none. */
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

function openNew(file: string): number {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = fs.constants;
  return fs.openSync(file, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
}

/** Counts the lines that are not UTF-8. */
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
