// `generatorStream`: a function makes elements from their numbers, at a fixed rate; a rerun makes the same elements.

import type { Time } from '../../base/duration';
import { countIn, fieldsIn, numberIn } from '../../base/plain-data';
import { ShippedFunction } from '../../rdd/function-argument';
import { SteppedRDD } from '../../rdd/narrow-step';
import type { RDD } from '../../rdd/rdd';
import type { StreamHost } from '../graph/host';
import { type BatchInput, InputDStream } from '../graph/input';

/** Element numbers from `from` to before `to`. */
interface Range {
  readonly from: number;
  readonly to: number;
}

export class GeneratorInputDStream<T> extends InputDStream<T> {
  readonly #perSecond: number;
  readonly #f: ShippedFunction;
  #limit: number | undefined;
  #next = 0;
  /** The fraction of an element that is due. */
  #due = 0;

  constructor(host: StreamHost, perSecond: number, f: (i: number) => T) {
    super(host, 'generatorStream');
    this.#perSecond = perSecond;
    this.#f = ShippedFunction.of(host.sc, f, 'generatorStream');
  }

  start(): void {}

  stop(): void {}

  protected take(): BatchInput {
    const perSecond = Math.min(this.#perSecond, this.#limit ?? Number.POSITIVE_INFINITY);
    this.#due += (perSecond * this.slide) / 1000;
    // Sums of fractions may lie slightly below a whole number.
    const records = Math.floor(this.#due + 1e-9);
    this.#due -= records;
    const range: Range = { from: this.#next, to: this.#next + records };
    this.#next = range.to;
    return { records, reads: range };
  }

  protected datasetOf(_time: Time, { reads }: BatchInput): RDD<T> {
    const { from, to } = reads as Range;
    return new SteppedRDD<T>(this.host.sc.range(from, to), {
      operation: 'generatorStream',
      plan: (input, b) => ({ op: 'map', template: 'call', name: 'generatorStream', f: b.function(this.#f), input }),
    });
  }

  override readsOf(saved: unknown): Range {
    const { from, to } = fieldsIn(saved, 'what a batch reads');
    return { from: countIn(from, 'its first element'), to: countIn(to, 'its end') };
  }

  override position(): unknown {
    return { next: this.#next, due: this.#due };
  }

  override resume(position: unknown): void {
    const { next, due } = fieldsIn(position, 'the position');
    this.#next = countIn(next, 'the next element');
    this.#due = numberIn(due, 'the fraction of an element');
  }

  override limitRate(perSecond: number | undefined): void {
    this.#limit = perSecond;
  }

  override get isLimited(): boolean {
    return true;
  }
}
