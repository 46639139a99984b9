// Rows one by one, handed on some at a time: as many as make a frame.
import { frameBytes } from '../base/limits';
import { sizeOfArray } from './size-of';

/** Rows between two looks at their size: a batch is a little more than a frame at most. */
const measuredRows = 64;

export class RowBatches {
  readonly #take: (rows: readonly unknown[]) => void;
  #rows: unknown[] = [];
  #bytes = 0;
  #measured = 0;

  /** `take` gets each batch, never an empty one, and may keep it. */
  constructor(take: (rows: readonly unknown[]) => void) {
    this.#take = take;
  }

  add(row: unknown): void {
    this.#rows.push(row);
    if (this.#rows.length - this.#measured < measuredRows) return;
    this.#bytes += sizeOfArray(this.#rows, 0, this.#measured);
    this.#measured = this.#rows.length;
    if (this.#bytes >= frameBytes) this.flush();
  }

  /** Hands on what has gathered. */
  flush(): void {
    if (this.#rows.length > 0) this.#take(this.#rows);
    this.#rows = [];
    this.#bytes = 0;
    this.#measured = 0;
  }
}
