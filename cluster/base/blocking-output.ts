// Makes a child process print with blocking writes, so that nothing is lost if the process ends in the next line.
import fs from 'node:fs';
import { Writable } from 'node:stream';

const waitMs = 1;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Writes all bytes, and waits while the driver does not read. Other code notices a driver that is gone. */
function writeWhole(descriptor: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += fs.writeSync(descriptor, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      Atomics.wait(sleeper, 0, 0, waitMs);
    }
  }
}

function blockingStream(descriptor: number): Writable {
  return new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      writeWhole(descriptor, chunk);
      done();
    },
  });
}

/**
 * Replaces stdout and stderr, and thereby the console, by streams with blocking writes. Node's own streams buffer what the pipe does not
 * take, and drop it at `process.exit`.
 */
export function printBlocking(): void {
  for (const [name, descriptor] of [
    ['stdout', 1],
    ['stderr', 2],
  ] as const) {
    const stream = blockingStream(descriptor);
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stream });
  }
}
