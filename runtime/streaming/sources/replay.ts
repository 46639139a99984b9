// `replay`: old files as a stream, as fast as batches are done. A program gives the same on them as live.
import { refuseArgument } from '../../base/arguments';
import type { Span, Time } from '../../base/duration';
import type { InputPaths } from '../../base/paths';
import { RangePartitioner } from '../../keys/partitioner';
import { type FunctionArgument, lib, ShippedFunction } from '../../rdd/function-argument';
import { SteppedRDD } from '../../rdd/narrow-step';
import { PickedRDD } from '../../rdd/one-partition';
import type { RDD } from '../../rdd/rdd';
import type { StreamHost } from '../graph/host';
import { type BatchInput, InputDStream } from '../graph/input';

/** The greatest number of batches of a replay: each is a partition of one shuffle. */
const mostBatches = 10_000;

/** How old files are divided into batches. */
export interface ReplayOptions {
  /** The time of a line in milliseconds since the epoch: it belongs to the batch of that time. Left out: lines in their order. */
  readonly timeOf?: (line: string) => number;
  /** Lines of a batch where there is no `timeOf`; batch times count from 0 then. Default 10,000. */
  readonly recordsPerBatch?: number;
}

type Placed = RDD<[batch: number, line: string]>;

const placed = (rdd: RDD<unknown>, f: FunctionArgument): Placed =>
  new SteppedRDD(rdd, {
    operation: 'replay',
    plan: (input, b) => ({ op: 'map', template: 'call', name: 'replay', f: b.function(f), input }),
  });

export class ReplayInputDStream extends InputDStream<string> {
  readonly #paths: InputPaths;
  readonly #timeOf: ShippedFunction | undefined;
  readonly #recordsPerBatch: number;
  #batches: Placed | undefined;
  #first = 0;

  constructor(host: StreamHost, paths: InputPaths, { timeOf, recordsPerBatch = 10_000 }: ReplayOptions) {
    super(host, 'replay');
    this.#paths = paths;
    this.#timeOf = timeOf && ShippedFunction.of(host.sc, timeOf, 'replay');
    this.#recordsPerBatch = recordsPerBatch;
  }

  start(): void {}

  stop(): void {}

  override get past(): () => Promise<Span> {
    return () => this.#sort();
  }

  /** Sorts the lines by their batches, by one shuffle. */
  async #sort(): Promise<Span> {
    const { sc, interval } = this.host;
    const lines = sc.textFile(this.#paths);
    const all = this.#timeOf
      ? placed(lines, lib('batchOfTime', this.#timeOf, interval))
      : placed(lines.zipWithIndex(), lib('batchOfPlace', this.#recordsPerBatch));
    const { count, min, max } = await all.keys().stats();
    if (count === 0) return { first: interval, last: 0 };
    const batches = max - min + 1;
    if (batches > mostBatches)
      refuseArgument({
        operation: 'replay',
        argument: 'the number of batches',
        value: batches,
        rule: `at most ${mostBatches}`,
        remedy: 'Take a longer batch interval, or fewer files.',
      });
    this.#first = min;
    this.#batches = all.partitionBy(new RangePartitioner(Array.from({ length: batches - 1 }, (_, i) => min + i + 0.5)));
    return { first: min * interval, last: max * interval };
  }

  protected take(): BatchInput {
    return { reads: null };
  }

  protected datasetOf(time: Time): RDD<string> | undefined {
    const number = time / this.host.interval - this.#first;
    if (!this.#batches || number < 0 || number >= this.#batches.numPartitions) return this.host.sc.emptyRDD<string>();
    return new PickedRDD(this.#batches, 'replay', number).values();
  }

  override lostOf(): undefined {
    return undefined;
  }
}
