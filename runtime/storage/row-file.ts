// Rows one by one into a file of frames.
import { type FrameFileWriter, frameOf } from './frame-file';
import { RowBatches } from './row-batches';

export class RowFile {
  readonly #file: FrameFileWriter;
  readonly #batches: RowBatches;

  constructor(file: FrameFileWriter) {
    this.#file = file;
    this.#batches = new RowBatches((rows) => file.add(frameOf(rows)));
  }

  add(row: unknown): void {
    this.#batches.add(row);
  }

  /** Gives the file its name; answers its bytes. */
  end(durable: boolean): number {
    this.#batches.flush();
    return this.#file.end(durable);
  }

  abandon(): void {
    this.#file.abandon();
  }
}
