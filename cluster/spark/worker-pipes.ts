// The pipes between a worker and the executor of Spark that started it: blocking, since a worker does one thing at a time.
import { readSync, writevSync } from 'node:fs';

/** The descriptors that the executor gives a worker; see `Worker.java`. */
const input = 3;
const output = 4;

/** Kinds of messages, as in `Worker.java`. */
export const toWorker = {
  hello: 'H',
  blob: 'B',
  forget: 'F',
  task: 'T',
  piece: 'P',
  more: 'M',
  end: 'E',
  stored: 'S',
  met: 'A',
  refused: 'N',
} as const;
export const fromWorker = {
  rows: 'R',
  frame: 'S',
  wants: 'W',
  meets: 'G',
  opens: 'O',
  asks: 'Q',
  done: 'D',
  failed: 'X',
  ready: 'Y',
} as const;

export type ToWorker = (typeof toWorker)[keyof typeof toWorker];
export type FromWorker = (typeof fromWorker)[keyof typeof fromWorker];

const bufferBytes = 256 << 10;
const headBytes = 5;

/** The executor is gone, and with it the need for this process. */
function gone(): never {
  process.exit(0);
}

export class WorkerPipes {
  readonly #buffer = Buffer.allocUnsafe(bufferBytes);
  #from = 0;
  #to = 0;

  /** The next message; waits for it. */
  receive(): { readonly kind: ToWorker; readonly body: Buffer } {
    const head = this.#read(headBytes);
    const kind = String.fromCharCode(head[4]) as ToWorker;
    return { kind, body: this.#read(head.readUInt32BE(0) - 1) };
  }

  #read(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let done = this.#take(bytes, 0);
    while (done < length) {
      // What is long goes past the buffer.
      if (length - done >= bufferBytes) done += this.#pull(bytes, done, length - done);
      else {
        this.#from = 0;
        this.#to = this.#pull(this.#buffer, 0, bufferBytes);
        done += this.#take(bytes, done);
      }
    }
    return bytes;
  }

  #take(bytes: Buffer, at: number): number {
    const taken = this.#buffer.copy(bytes, at, this.#from, Math.min(this.#to, this.#from + bytes.length - at));
    this.#from += taken;
    return taken;
  }

  #pull(into: Buffer, at: number, length: number): number {
    try {
      return readSync(input, into, at, length, null) || gone();
    } catch {
      return gone();
    }
  }

  send(kind: FromWorker, ...body: Uint8Array[]): void {
    const head = Buffer.allocUnsafe(headBytes);
    head.writeUInt32BE(
      body.reduce((sum, part) => sum + part.length, 1),
      0,
    );
    head.write(kind, 4, 'latin1');
    let parts: Uint8Array[] = [head, ...body];
    try {
      for (let left = parts.reduce((sum, part) => sum + part.length, 0); left > 0; ) {
        const written = writevSync(output, parts);
        left -= written;
        if (left > 0) parts = after(parts, written);
      }
    } catch {
      gone();
    }
  }
}

/** What is left of some parts behind their first bytes. */
function after(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  const left: Uint8Array[] = [];
  for (const part of parts) {
    if (skip < part.length) left.push(part.subarray(skip));
    skip = Math.max(0, skip - part.length);
  }
  return left;
}
