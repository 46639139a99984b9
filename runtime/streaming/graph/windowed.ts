// Streams that read the past of their parent: windows of its last datasets, and its datasets of some time ago.

import type { Time } from '../../base/duration';
import type { RDD } from '../../rdd/rdd';
import { DStream } from './dstream';

/** The union of the parent's datasets of the last `length` milliseconds, each `slide`. */
export class WindowedDStream<T> extends DStream<T> {
  readonly #parent: DStream<T>;
  readonly #length: number;
  readonly #slide: number;

  /** `length` and `slide` are multiples of the parent's slide; the operators check it. */
  constructor(parent: DStream<T>, operation: string, length: number, slide: number) {
    super(parent.host, operation);
    this.#parent = parent;
    this.#length = length;
    this.#slide = slide;
    this.rememberFor(slide);
  }

  get slide(): number {
    return this.#slide;
  }

  get dependencies(): readonly DStream<unknown>[] {
    return [this.#parent as DStream<unknown>];
  }

  /** @internal */ override get lookBack(): number {
    return this.#length;
  }

  /** @internal */ override get fullFrom(): Time {
    return Math.max(this.since, super.fullFrom) + this.#length;
  }

  protected compute(time: Time): RDD<T> | undefined {
    const rdds = this.#parent.datasetsOf(time - this.#length, time);
    return rdds.length === 1 ? rdds[0] : this.host.sc.union(rdds);
  }
}

/** `ago`: the parent's dataset of some time before; there is none until that time has passed. */
export class ShiftedDStream<T> extends DStream<T> {
  readonly #parent: DStream<T>;
  readonly #by: number;

  /** `by` is a multiple of the parent's slide; the operator checks it. */
  constructor(parent: DStream<T>, by: number) {
    super(parent.host, 'ago');
    this.#parent = parent;
    this.#by = by;
    this.rememberFor(this.slide);
  }

  get slide(): number {
    return this.#parent.slide;
  }

  get dependencies(): readonly DStream<unknown>[] {
    return [this.#parent as DStream<unknown>];
  }

  /** @internal */ override get lookBack(): number {
    return this.#by;
  }

  protected compute(time: Time): RDD<T> | undefined {
    return this.#parent.getOrCompute(time - this.#by);
  }
}
