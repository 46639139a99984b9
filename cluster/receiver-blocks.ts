// The blocks of one stream: whole lines, or rows, go into a file that is given its name and handed over every block interval.
import { isUtf8 } from 'node:buffer';
import fs from 'node:fs';
import path from 'node:path';
import { objectFrame, objectMagic } from '../runtime/exec/object-file';

/** Written under this ending until it is whole. */
export const partEnding = '.part';

/** Smaller pieces are gathered until the end of the event loop's turn, larger ones are written as they come. */
const gatherBytes = 64 << 10;

export interface BlockOptions {
  readonly folder: string;
  readonly firstBlock: number;
  readonly blockInterval: number;
  /** A block is whole. */
  readonly handOver: (block: number, bytes: number, records: number) => void;
  /** What the source still holds is to be added now. */
  readonly beforeCut: () => void;
  /** So many lines are not UTF-8; they are kept, and decoded with the replacement character. */
  readonly badLines: (count: number) => void;
}

export class BlockWriter {
  readonly #options: BlockOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #gathered = Buffer.allocUnsafe(gatherBytes);
  #gatheredBytes = 0;
  #flushing = false;
  #number: number;
  #fd = -1;
  #bytes = 0;
  #records = 0;
  #rows = 0;
  #isRows = false;

  constructor(options: BlockOptions) {
    this.#options = options;
    this.#number = options.firstBlock;
    this.#timer = setInterval(() => this.cut(), options.blockInterval);
  }

  /** The number of the block that is being written. */
  get number(): number {
    return this.#number;
  }

  /** Adds whole lines with their line ends; the bytes are not kept. */
  lines(bytes: Buffer, records: number): void {
    this.#records += records;
    if (bytes.length > gatherBytes - this.#gatheredBytes) this.#flush();
    if (bytes.length >= gatherBytes) return this.#writeText(bytes);
    this.#gatheredBytes += bytes.copy(this.#gathered, this.#gatheredBytes);
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  /** Adds rows; answers their bytes. */
  rows(values: readonly unknown[]): number {
    const frame = objectFrame(values);
    if (this.#fd < 0) {
      this.#isRows = true;
      this.#write(objectMagic);
    }
    this.#write(frame);
    this.#records += values.length;
    this.#rows += values.length;
    return frame.length;
  }

  /** Ends the block and begins the next one; nothing is done where nothing came. */
  cut(): void {
    this.#options.beforeCut();
    this.#flush();
    if (this.#fd < 0) return;
    if (this.#isRows) this.#write(objectFrame(this.#rows));
    const { folder, handOver } = this.#options;
    fs.closeSync(this.#fd);
    this.#fd = -1;
    const file = path.join(folder, String(this.#number));
    const [number, bytes, records] = [this.#number++, this.#bytes, this.#records];
    [this.#bytes, this.#records, this.#rows, this.#isRows] = [0, 0, 0, false];
    fs.renameSync(file + partEnding, file);
    handOver(number, bytes, records);
  }

  /** Hands over what is there and ends. */
  close(): void {
    clearInterval(this.#timer);
    this.cut();
  }

  #flush(): void {
    if (this.#gatheredBytes === 0) return;
    this.#writeText(this.#gathered.subarray(0, this.#gatheredBytes));
    this.#gatheredBytes = 0;
  }

  #writeText(bytes: Buffer): void {
    if (!isUtf8(bytes)) this.#options.badLines(badLines(bytes));
    this.#write(bytes);
  }

  #write(bytes: Uint8Array): void {
    if (this.#fd < 0) this.#fd = openNew(path.join(this.#options.folder, this.#number + partEnding));
    for (let done = 0; done < bytes.length; ) done += fs.writeSync(this.#fd, bytes, done, bytes.length - done);
    this.#bytes += bytes.length;
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
