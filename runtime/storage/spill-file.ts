// What one task puts aside for want of memory: frames of one file, private to the task and removed with it.
import { join } from 'node:path';
import { closeQuietly, createPrivate, diskError, readAt, removeQuietly, writeAt } from '../base/files';
import { frameOf, rowsOf } from './frame-file';

/** Where a frame lies in the file. */
export interface SpilledFrame {
  readonly offset: number;
  readonly bytes: number;
}

/** The folder of what an executor's tasks spill; of an executor that is gone nobody reads it. */
export const spillFolder = (folder: string, executorId: string): string => join(folder, 'spill', executorId);

export class SpillFile {
  readonly #path: string;
  #fd = -1;
  #position = 0;
  #closed = false;

  constructor(folder: string, taskId: number) {
    this.#path = join(folder, String(taskId));
  }

  /** Bytes that were spilled so far. */
  get bytes(): number {
    return this.#position;
  }

  /** Throws DISK. */
  write(rows: readonly unknown[]): SpilledFrame {
    const frame = frameOf(rows);
    try {
      if (this.#fd < 0) this.#fd = createPrivate(this.#path);
      writeAt(this.#fd, frame, this.#position);
    } catch (e) {
      diskError(this.#path, e);
    }
    const offset = this.#position;
    this.#position += frame.length;
    return { offset, bytes: frame.length };
  }

  /** Throws CORRUPT_FILE, UNREADABLE_FILE. */
  read({ offset, bytes }: SpilledFrame): unknown[] {
    return rowsOf(this.#path, readAt(this.#fd, this.#path, bytes, offset));
  }

  /** Whether frames can still be read: the task is not over. */
  get isOpen(): boolean {
    return !this.#closed;
  }

  close(): void {
    this.#closed = true;
    if (this.#fd < 0) return;
    closeQuietly(this.#fd);
    this.#fd = -1;
    removeQuietly(this.#path);
  }
}
