// Streams that read a source: at each tick it is decided, as plain data, what belongs to the batch; that makes batches repeatable.

import type { Span, Time } from '../../base/duration';
import type { RDD } from '../../rdd/rdd';
import { DStream } from './dstream';
import type { InputInfo } from './listener';

/** What one batch reads of a source. Plain data: it is written to the checkpoint, and gives the same dataset after a restart. */
export interface BatchInput {
  /** Elements, where the source knows. */
  readonly records?: number;
  readonly bytes?: number;
  /** What was left out and why: `2 files still being written`. */
  readonly notes?: readonly string[];
  /** What the source needs to make the dataset again: files, ranges of offsets, blocks. */
  readonly reads: unknown;
}

export abstract class InputDStream<T> extends DStream<T> {
  readonly #inputs = new Map<Time, BatchInput>();

  get slide(): number {
    return this.host.interval;
  }

  get dependencies(): readonly DStream<unknown>[] {
    return [];
  }

  // What a source says.

  /** Begins to read: before the first tick, or when the stream is added to a running context, again after a `stop`. */
  abstract start(): void | Promise<void>;
  /** Ends reading. A graceful stop first takes in what has been received. */
  abstract stop(graceful: boolean): void | Promise<void>;
  /** What belongs to the batch of `time`: all that came since the batch before. Asked once for each batch, in order; must not wait. */
  protected abstract take(time: Time): BatchInput;
  /** The dataset of what `take` answered, now or before a restart. */
  protected abstract datasetOf(time: Time, input: BatchInput): RDD<T> | undefined;
  /** Set of a source that replays old data: finds out which batches it has. */
  get past(): (() => Promise<Span>) | undefined {
    return undefined;
  }
  /** Where the source stands after the last `take`, as plain data; undefined if it cannot be read again. */
  position(): unknown {
    return undefined;
  }
  /** Goes on from a position of an earlier run. Called before `start`. */
  resume(_position: unknown): void {}
  /** What of a batch of an earlier run cannot be read any more, in words, `''` if that is nothing; undefined: all can be read. */
  lostOf({ records = 1 }: BatchInput): string | undefined {
    if (this.position() !== undefined) return undefined;
    return records === 0 ? '' : `the ${records} elements that it had read cannot be read again, and are lost`;
  }
  /** Whether batches that were missed while nothing ran can be made up. */
  get canCatchUp(): boolean {
    return this.position() !== undefined;
  }
  /** No batch will read these again: blocks can be removed. */
  protected release(_inputs: readonly BatchInput[]): void {}
  /** At most so many elements a second from now on; for backpressure. Undefined: no limit. */
  limitRate(_perSecond: number | undefined): void {}
  /** True where backpressure can slow the source down. */
  get isLimited(): boolean {
    return false;
  }

  // What the context does with it.

  /** Decides what the batch of `time` reads. */
  takeBatch(time: Time): BatchInput {
    const input = this.take(time);
    this.#inputs.set(time, input);
    return input;
  }

  /** What the batch of `time` read; undefined for batches that are forgotten or were never taken. */
  inputOf(time: Time): BatchInput | undefined {
    return this.#inputs.get(time);
  }

  /** What the batch of `time` read, for listeners. */
  infoOf(time: Time): InputInfo {
    const { records, bytes, notes = [] } = this.#inputs.get(time) ?? { records: 0, bytes: 0 };
    return { stream: this.name, records, bytes, notes };
  }

  /** Sets what a batch of an earlier run read. */
  restoreBatch(time: Time, input: BatchInput): void {
    this.#inputs.set(time, input);
  }

  /** What the remembered batches read, oldest first. */
  get remembered(): readonly (readonly [Time, BatchInput])[] {
    return [...this.#inputs];
  }

  protected compute(time: Time): RDD<T> | undefined {
    const input = this.#inputs.get(time);
    return input && this.datasetOf(time, input);
  }

  override forgetBefore(time: Time): void {
    super.forgetBefore(time);
    const gone: BatchInput[] = [];
    for (const [at, input] of this.#inputs) {
      if (at > time - this.remembers) continue;
      this.#inputs.delete(at);
      gone.push(input);
    }
    if (gone.length > 0) this.release(gone);
  }
}
