// A thread of a helper process that waits for the end of the driver, even while the main thread is busy, and then ends the process.
import { Worker } from 'node:worker_threads';

/** The main thread gets so long to end by itself. */
const graceMs = 500;

const text = `
  const { parentPort, workerData } = require('node:worker_threads');
  const fs = require('node:fs');
  const folders = [];
  parentPort.on('message', (folder) => folders.push(folder));
  new (require('node:net').Socket)({ fd: 0, readable: true }).on('error', () => {}).on('close', () => setTimeout(() => {
    for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
    process.kill(process.pid, 'SIGKILL');
  }, workerData)).resume();`;

/** Ends this process with its driver, which holds its standard input open. */
export class DriverWatch {
  readonly #thread = new Worker(text, { eval: true, workerData: graceMs, execArgv: [], trackUnmanagedFds: false });

  /** A folder that goes with the process. */
  removes(folder: string): void {
    this.#thread.postMessage(folder);
  }
}
