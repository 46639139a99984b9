// Cuts the bytes of one connection at line ends: whole lines go on, the rest waits for more.
import { Buffer } from 'node:buffer';

const newline = 0x0a;
const lineEnd = Buffer.from([newline]);

export interface LineTarget {
  /** Whole lines with their line ends, and how many; the bytes are used again afterwards. */
  lines(bytes: Buffer, records: number): void;
  /** A line was longer than the limit and is left out. */
  tooLong(): void;
}

export class LineCutter {
  readonly #target: LineTarget;
  readonly #most: number;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  /** The rest of a line that was too long is left out up to its end. */
  #skipping = false;

  /** Lines of up to `most` bytes, the line end not counted. */
  constructor(target: LineTarget, most: number) {
    this.#target = target;
    this.#most = most;
  }

  /** Bytes of the line that has not ended yet. */
  get pending(): number {
    return this.#tailBytes;
  }

  push(bytes: Buffer): void {
    const first = bytes.indexOf(newline);
    if (first < 0) return this.#keep(bytes);
    const from = this.#tailBytes > 0 || this.#skipping ? this.#endFirst(bytes, first) : 0;
    const to = bytes.lastIndexOf(newline) + 1;
    if (from < to) this.#whole(bytes, from, to);
    if (to < bytes.length) this.#keep(bytes.subarray(to));
  }

  /** The connection has ended in good order: a last line without a line end is a line too. */
  end(): void {
    if (this.#tailBytes > 0) this.push(lineEnd);
    this.#skipping = false;
  }

  /** The connection has ended suddenly: what was cut off is given up. Answers its bytes. */
  abandon(): number {
    const bytes = this.#tailBytes;
    this.#tail = [];
    this.#tailBytes = 0;
    this.#skipping = false;
    return bytes;
  }

  /** The line that began before ends at `end`; answers where the next one begins. */
  #endFirst(bytes: Buffer, end: number): number {
    if (this.#skipping) this.#skipping = false;
    else if (this.#tailBytes + end > this.#most) {
      this.abandon();
      this.#target.tooLong();
    } else {
      this.#target.lines(Buffer.concat([...this.#tail, bytes.subarray(0, end + 1)]), 1);
      this.abandon();
    }
    return end + 1;
  }

  /** Counts the lines of [from, to), and leaves out those that are too long. */
  #whole(bytes: Buffer, from: number, to: number): void {
    let records = 0;
    let start = from;
    let good = from;
    while (start < to) {
      const end = bytes.indexOf(newline, start);
      if (end - start > this.#most) {
        if (good < start) this.#target.lines(bytes.subarray(good, start), records);
        this.#target.tooLong();
        records = 0;
        good = end + 1;
      } else records++;
      start = end + 1;
    }
    if (good < to) this.#target.lines(bytes.subarray(good, to), records);
  }

  #keep(bytes: Buffer): void {
    if (this.#skipping) return;
    if (this.#tailBytes + bytes.length > this.#most) {
      this.abandon();
      this.#skipping = true;
      this.#target.tooLong();
      return;
    }
    // A copy: the buffer that sockets read into is used again.
    this.#tail.push(Buffer.from(bytes));
    this.#tailBytes += bytes.length;
  }
}
