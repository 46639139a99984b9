// `prompt(…)` of scripts: shows a question and reads a line of standard input, while nothing else runs.
import { constants, fstatSync, openSync, readSync } from 'node:fs';
import { MillraceError } from '../../runtime/base/errors';

const pauseMs = 20;
const newline = 10;

/** Standard input, opened once more so that a read returns at once: Ctrl-C breaks a loop of reads, but no read that waits. */
let own: number | undefined;

/** What `prompt` is where there is a standard input to ask. */
export function prompt(message = '', initial?: string): string | null {
  process.stdout.write(message === '' ? '' : `${message} `);
  const line = readLine();
  return line === '' && initial !== undefined ? initial : line;
}

/** What `prompt` is at the prompt, whose input is that of the entries. */
export function noPrompt(): never {
  throw new MillraceError('BAD_ARGUMENT', {
    operation: 'prompt',
    argument: 'the call',
    value: 'at the prompt',
    rule: 'in a script',
    remedy: 'Here, declare the value: const name = …',
  });
}

/** The next line; null at the end of the input. */
function readLine(): string | null {
  own ??= openInput();
  const bytes: number[] = [];
  const byte = Buffer.alloc(1);
  for (;;) {
    const read = readByte(own, byte);
    if (read === 0 && bytes.length === 0) return null;
    if (read === 0 || byte[0] === newline) return Buffer.from(bytes).toString('utf8').replace(/\r$/, '');
    bytes.push(byte[0]);
  }
}

function readByte(descriptor: number, byte: Buffer): number {
  for (;;) {
    try {
      return readSync(descriptor, byte, 0, 1, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // No input at all, as in a service.
      if (code !== 'EAGAIN') return 0;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}

function openInput(): number {
  try {
    // One more opening of a file would begin at its start again.
    if (fstatSync(0).isFile()) return 0;
    return openSync('/dev/stdin', constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // A socket cannot be opened again.
    return 0;
  }
}
