// Streams that read a source: each tick decides, as plain data, what the batch reads. So a batch can be repeated.

import { type Span, type Time, timeText } from '../../base/duration';
import { asError, MillraceError } from '../../base/errors';
import type { RDD } from '../../rdd/rdd';
import { DStream } from './dstream';
import type { InputInfo } from './listener';

/** What one batch reads from a source. Plain data: the checkpoint holds it, and it gives the same dataset after a restart. */
export interface BatchInput {
  /** How many elements, if the source knows. */
  readonly records?: number;
  readonly bytes?: number;
  /** How many elements wait for later batches, if the source knows. */
  readonly behind?: number;
  /** What the batch leaves out and why: `2 files still being written`. */
  readonly notes?: readonly string[];
  /** Why the source could not be looked at: it read nothing, and later batches read what has arrived. */
  readonly failure?: string;
  /** What the source needs to remake the dataset: files, ranges of offsets, blocks. */
  readonly reads: unknown;
}

export abstract class InputDStream<T> extends DStream<T> {
  readonly #inputs = new Map<Time, BatchInput>();
  #since: Time | undefined;
  #last: Time | undefined;

  get slide(): number {
    return this.host.interval;
  }

  get dependencies(): readonly DStream<unknown>[] {
    return [];
  }

  // What each source defines.

  /** Begins to read: before the first tick, or when the stream is added to a running context. May follow a `stop`. */
  abstract start(): void | Promise<void>;
  /** Ends reading. A graceful stop first hands over what was received. */
  abstract stop(graceful: boolean): void | Promise<void>;
  /** What the batch of `time` reads: all that arrived since the previous batch. Called once per batch, in order; must not wait. */
  protected abstract take(time: Time): BatchInput;
  /** The dataset of what `take` returned, now or before a restart. */
  protected abstract datasetOf(time: Time, input: BatchInput): RDD<T> | undefined;
  /** Set if the source replays old data: finds which batches there are. */
  get past(): (() => Promise<Span>) | undefined {
    return undefined;
  }
  /** The position after the last `take`, as plain data; undefined if the source cannot be reread. */
  position(): unknown {
    return undefined;
  }
  /** Continues from a position of an earlier run. Called before `start`. */
  resume(_position: unknown): void {}
  /** What a checkpoint says of what a batch reads: plain data without a path, so that the checkpoint may be moved, and trusted with nothing. */
  savedReads({ reads }: BatchInput): unknown {
    return reads;
  }
  /** The same in this run. `position` is the saved one. Throws where it is not what `savedReads` gives. */
  readsOf(saved: unknown, _position: unknown): unknown {
    return saved;
  }
  /** Sources of one kind can go on from each other's positions. */
  get kind(): string {
    return this.operation;
  }
  /** Describes what a batch of an earlier run has lost; `''` for a lost batch without elements; undefined if it can be reread. */
  lostOf({ records = 1 }: BatchInput): string | undefined {
    if (this.position() !== undefined) return undefined;
    return records === 0 ? '' : `the ${records} elements that it had read cannot be reread: they are lost`;
  }
  /** Whether catch-up batches make sense: the source has data for the time in which nothing ran. */
  get canCatchUp(): boolean {
    return this.position() !== undefined;
  }
  /** No batch will read these any more: their blocks can be removed. */
  protected release(_inputs: readonly BatchInput[]): void {}
  /** Sets the greatest number of elements per second, for backpressure; undefined: no limit. */
  limitRate(_perSecond: number | undefined): void {}
  /** True where backpressure can slow the source down. */
  get isLimited(): boolean {
    return false;
  }

  // What the context calls.

  /** Decides what the batch of `time` reads. Never throws: a source that cannot be looked at fails its part of this batch. */
  takeBatch(time: Time): void {
    let input: BatchInput;
    try {
      input = this.take(time);
    } catch (error) {
      const failure = asError(error).message;
      input = { records: 0, notes: [`could not be read: ${failure}`], failure, reads: undefined };
    }
    this.#read(time, input);
  }

  #read(time: Time, input: BatchInput): void {
    this.#inputs.set(time, input);
    if (this.#last === undefined || time > this.#last + this.slide) this.#since = time - this.slide;
    this.#last = Math.max(time, this.#last ?? time);
  }

  override get since(): Time {
    return this.#since ?? this.host.zeroTime ?? 0;
  }

  /** What the batch of `time` read; undefined if it was forgotten or never taken. */
  inputOf(time: Time): BatchInput | undefined {
    return this.#inputs.get(time);
  }

  /** What the batch of `time` read, for listeners. */
  infoOf(time: Time): InputInfo {
    const input: Partial<BatchInput> = this.#inputs.get(time) ?? { records: 0, bytes: 0 };
    const { records, bytes, behind, notes = [] } = input;
    return { stream: this.name, records, bytes, behind, notes };
  }

  /** Sets what a batch of an earlier run read. */
  restoreBatch(time: Time, input: BatchInput): void {
    this.#read(time, input);
  }

  /** The oldest batch that it remembers. */
  get oldest(): Time | undefined {
    return this.#inputs.keys().next().value;
  }

  /** What the remembered batches read, oldest first. */
  get remembered(): readonly (readonly [Time, BatchInput])[] {
    return [...this.#inputs];
  }

  protected compute(time: Time): RDD<T> | undefined {
    const input = this.#inputs.get(time);
    if (input?.failure !== undefined)
      throw new MillraceError('SOURCE_FAILED', { stream: this.name, batch: timeText(time), reason: input.failure });
    return input && this.datasetOf(time, input);
  }

  override get isForgotten(): boolean {
    return super.isForgotten && this.#inputs.size === 0;
  }

  override forgetBefore(time: Time): void {
    super.forgetBefore(time);
    const gone: BatchInput[] = [];
    for (const [at, input] of this.#inputs) {
      if (at > time - this.keeps) continue;
      this.#inputs.delete(at);
      if (input.failure === undefined) gone.push(input);
    }
    if (gone.length > 0) this.release(gone);
  }
}
