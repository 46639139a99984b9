// `prompt(…)` in a notebook: the question goes to the front end, and the user's code waits for the answer on standard input.
import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import { MillraceError } from '../../runtime/base/errors';
import type { Answer } from '../contract/protocol';

const pauseMs = 20;
const newline = 10;
const mostBytes = 16 * 1024 * 1024;

/** What `prompt` is where the front end can ask. `tell` sends the question. */
export function askFront(tell: (id: number, message: string) => void): (message?: string, initial?: string) => string | null {
  // A descriptor that a socket has opened does not block: Ctrl-C breaks a loop of reads, but no read that waits.
  new Socket({ fd: 0, readable: true, writable: false, manualStart: true } as object).unref();
  const lines = new Lines();
  let lastId = 0;
  return (message = '', initial) => {
    const id = ++lastId;
    tell(id, message);
    for (;;) {
      const line = lines.next();
      if (line === undefined) return null;
      const answer = JSON.parse(line) as Answer;
      // Another one is that of a question that was interrupted.
      if (answer.id !== id) continue;
      if (answer.text === undefined) throw nobodyToAsk();
      return answer.text === '' && initial !== undefined ? initial : answer.text;
    }
  };
}

const nobodyToAsk = () =>
  new MillraceError('BAD_ARGUMENT', {
    operation: 'prompt',
    argument: 'the call',
    value: 'in a notebook that runs without its user',
    rule: 'where somebody can answer',
    remedy: 'Declare the value in a cell: const name = …',
  });

/** The lines of standard input. */
class Lines {
  #rest = Buffer.alloc(0);
  readonly #buffer = Buffer.alloc(64 * 1024);

  /** The next one; undefined at the end of the input. */
  next(): string | undefined {
    for (;;) {
      const end = this.#rest.indexOf(newline);
      if (end >= 0) {
        const line = this.#rest.toString('utf8', 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      if (this.#rest.length > mostBytes || !this.#read()) return undefined;
    }
  }

  #read(): boolean {
    for (;;) {
      try {
        const count = readSync(0, this.#buffer, 0, this.#buffer.length, null);
        this.#rest = Buffer.concat([this.#rest, this.#buffer.subarray(0, count)]);
        return count > 0;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return false;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
      }
    }
  }
}
