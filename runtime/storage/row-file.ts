// Rows one by one into a file of frames.
import { frameBytes } from '../base/limits';
import { type FrameFileWriter, frameOf } from './frame-file';
import { sizeOfArray } from './size-of';

export class RowFile {
  readonly #file: FrameFileWriter;
  #rows: unknown[] = [];
  #bytes = 0;
  #measured = 0;

  constructor(file: FrameFileWriter) {
    this.#file = file;
  }

  add(row: unknown): void {
    this.#rows.push(row);
    // Measured a few rows at a time: a frame is a little more than its size at most.
    if (this.#rows.length - this.#measured < measuredRows) return;
    this.#bytes += sizeOfArray(this.#rows, 0, this.#measured);
    this.#measured = this.#rows.length;
    if (this.#bytes >= frameBytes) this.#flush();
  }

  #flush(): void {
    if (this.#rows.length > 0) this.#file.add(frameOf(this.#rows));
    this.#rows = [];
    this.#bytes = 0;
    this.#measured = 0;
  }

  /** Gives the file its name; answers its bytes. */
  end(durable: boolean): number {
    this.#flush();
    return this.#file.end(durable);
  }

  abandon(): void {
    this.#file.abandon();
  }
}

const measuredRows = 64;
