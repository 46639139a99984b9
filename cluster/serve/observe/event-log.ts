// The log of a server: an event a line, as JSON, in files of bounded size. The oldest one is removed.
import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { asError, MillraceError } from '../../../runtime/base/errors';
import { logFiles } from '../../base/limits';
import type { ServerEvent } from './server-event';

export class EventLog {
  readonly #file: string;
  readonly #mostBytes: number;
  readonly #onFailure: (reason: string) => void;
  #descriptor: number;
  #bytes: number;
  #hasFailed = false;

  /** Opens the file, which goes on where an earlier server has ended. `onFailure` is called once. Throws DISK. */
  constructor(file: string, mostBytes: number, onFailure: (reason: string) => void) {
    this.#file = file;
    this.#mostBytes = mostBytes;
    this.#onFailure = onFailure;
    try {
      [this.#descriptor, this.#bytes] = this.#open();
    } catch (e) {
      throw new MillraceError('DISK', { path: file, reason: asError(e).message });
    }
  }

  #open(): [descriptor: number, bytes: number] {
    const descriptor = openSync(this.#file, 'a', 0o600);
    return [descriptor, fstatSync(descriptor).size];
  }

  /** Writes an event. A disk that takes nothing costs no session anything: the event is missing. */
  write(event: ServerEvent, now: number): void {
    const line = `${JSON.stringify({ time: new Date(now).toISOString(), ...event })}\n`;
    try {
      if (this.#bytes > 0 && this.#bytes + Buffer.byteLength(line) > this.#mostBytes) this.#rotate();
      this.#bytes += writeSync(this.#descriptor, line);
      this.#hasFailed = false;
    } catch (e) {
      if (!this.#hasFailed) this.#onFailure(`The log ${this.#file} cannot be written: ${asError(e).message}`);
      this.#hasFailed = true;
    }
  }

  /** `log` becomes `log.1`, `log.1` becomes `log.2`. */
  #rotate(): void {
    rmSync(this.#numbered(logFiles - 1), { force: true });
    for (let n = logFiles - 2; n >= 0; n--) {
      try {
        renameSync(this.#numbered(n), this.#numbered(n + 1));
      } catch (e) {
        if ((e as NodeJS.ErrnoException).code !== 'ENOENT') throw e;
      }
    }
    const before = this.#descriptor;
    [this.#descriptor, this.#bytes] = this.#open();
    closeSync(before);
  }

  #numbered(n: number): string {
    return n === 0 ? this.#file : `${this.#file}.${n}`;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
