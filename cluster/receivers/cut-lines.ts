// Cuts the bytes of one connection at line ends: passes whole lines on and holds the rest until more comes.
import { Buffer } from 'node:buffer';

const newline = 0x0a;
const lineEnd = Buffer.from([newline]);

export interface LineTarget {
  /** Takes whole lines with their line ends, and their number. The bytes are reused afterwards. */
  lines(bytes: Buffer, records: number): void;
  /** A line was longer than the limit and was dropped. */
  tooLong(): void;
}

export class LineCutter {
  readonly #target: LineTarget;
  readonly #most: number;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  /** The rest of a line that was too long is being dropped. */
  #skipping = false;

  /** Lines may have at most `most` bytes, without the line end. */
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

  /** The connection ended properly: a last line without a line end counts as a line. */
  end(): void {
    if (this.#tailBytes > 0) this.push(lineEnd);
    this.#skipping = false;
  }

  /** The connection broke: drops the incomplete line and returns its size in bytes. */
  abandon(): number {
    const bytes = this.#tailBytes;
    this.#tail = [];
    this.#tailBytes = 0;
    this.#skipping = false;
    return bytes;
  }

  /** The line that began in an earlier chunk ends at `end`; returns where the next one begins. */
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

  /** Passes on the lines of [from, to) and drops those that are too long. */
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
    // A copy: sockets reuse their read buffer.
    this.#tail.push(Buffer.from(bytes));
    this.#tailBytes += bytes.length;
  }
}
