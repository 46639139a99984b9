// The source of the stream benchmarks, a process of its own: sends pre-serialised records over TCP at a fixed rate, and notes when.
import { closeSync, openSync, readSync } from 'node:fs';
import net from 'node:net';

/** Milliseconds between two portions. */
const stepMs = 10;
const recordBytes = 100;

/** Its commands over the IPC channel, and its answers. */
export interface SourceOrder {
  readonly data: string;
  readonly perSecond: number;
  readonly seconds: number;
}

export interface SourceReport {
  /** Pairs of a moment (milliseconds since the epoch) and the records that had been sent by then. */
  readonly sent: readonly (readonly [at: number, records: number])[];
  /** Milliseconds that it stood still because the receiver did not read. */
  readonly heldMs: number;
  readonly cpuSeconds: number;
}

/** The first records of the data, sixteen megabytes of them; each is as long as the others. */
function recordsOf(path: string): Buffer {
  const buffer = Buffer.alloc(160_000 * recordBytes);
  const fd = openSync(path, 'r');
  const n = readSync(fd, buffer, 0, buffer.length, 0);
  closeSync(fd);
  return buffer.subarray(0, n - (n % recordBytes));
}

function serve({ data, perSecond, seconds }: SourceOrder): void {
  const records = recordsOf(data);
  const server = net.createServer((socket) => feed(socket, records, perSecond, seconds));
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as net.AddressInfo).port }));
}

function feed(socket: net.Socket, records: Buffer, perSecond: number, seconds: number): void {
  const sent: [number, number][] = [];
  const started = performance.now();
  let [done, at, heldMs] = [0, 0, 0];
  let heldSince: number | undefined;
  socket.on('drain', () => {
    heldMs += performance.now() - (heldSince ?? performance.now());
    heldSince = undefined;
  });
  const timer = setInterval(() => {
    if (heldSince !== undefined) return;
    const due = Math.floor((Math.min(seconds * 1000, performance.now() - started) * perSecond) / 1000);
    for (let left = due - done; left > 0; ) {
      const n = Math.min(left, (records.length - at) / recordBytes);
      if (!socket.write(records.subarray(at, at + n * recordBytes))) heldSince ??= performance.now();
      at = (at + n * recordBytes) % records.length;
      left -= n;
    }
    done = due;
    sent.push([Date.now(), done]);
    if (done >= seconds * perSecond) end();
  }, stepMs);
  let isOver = false;
  const end = () => {
    clearInterval(timer);
    if (isOver) return;
    isOver = true;
    const { user, system } = process.cpuUsage();
    const report: SourceReport = { sent, heldMs, cpuSeconds: (user + system) / 1e6 };
    process.send?.({ report });
  };
  // Who has seen enough goes.
  socket.on('error', end).on('close', end);
}

process.on('message', (order: SourceOrder) => serve(order));
process.on('disconnect', () => process.exit(0));
