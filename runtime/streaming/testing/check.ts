// The test kit of streams: batches in, batches out, under a clock that stands still between them.
import { isDeepStrictEqual } from 'node:util';
import { type Duration, milliseconds } from '../../base/duration';
import { MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import { compareKeys } from '../../keys/key';
import type { Datum } from '../../rdd/element-types';
import { StreamingContext } from '../context';
import type { DStream } from '../graph/dstream';
import { QueueInputDStream } from '../sources/queue-stream';
import { ManualClock } from './manual-clock';

/** Options of a check. */
export interface CheckOptions {
  /** Batch interval. Default one second. */
  readonly interval?: Duration;
  /** Compare the order of elements within batches too. Default: as bags. */
  readonly ordered?: boolean;
  /** Empty batches that follow the input. Default: as many as are expected. */
  readonly batches?: number;
  /** The checkpoint folder, for streams with state. */
  readonly checkpoint?: string;
}

/** Runs streams on given batches and compares the results. */
export class StreamCheck {
  readonly #sc: StreamingContext['sc'];

  constructor(sc: StreamingContext['sc']) {
    this.#sc = sc;
  }

  /**
   * The batches that `operation` makes of the batches of `input`, one for each slide of its result; under a manual clock.
   * @example await check.outputOf([[1, 2], [3]], s => s.map(x => x + 1)) // [[2, 3], [4]]
   */
  async outputOf<T extends Datum, U>(
    input: readonly (readonly T[])[],
    operation: (stream: DStream<T>) => DStream<U>,
    { interval = '1s', batches = input.length, checkpoint }: CheckOptions = {},
  ): Promise<U[][]> {
    const clock = new ManualClock(1_000_000);
    const streaming = new StreamingContext(this.#sc, interval, { clock });
    if (checkpoint !== undefined) streaming.checkpoint(checkpoint);
    const out: U[][] = [];
    const failures: Error[] = [];
    operation(new QueueInputDStream<T>(streaming, [...input], true)).foreachRDD(
      async (rdd) => {
        out.push(await rdd.collect());
      },
      { onFailure: 'skip' },
    );
    streaming.addStreamingListener({
      onBatchCompleted: ({ outputs }) => failures.push(...outputs.flatMap((o) => o.failure ?? [])),
    });
    streaming.display = { printed() {}, pane() {}, paneClosed() {}, notice() {} };
    try {
      streaming.start();
      for (let i = 0; i < batches; i++) {
        clock.advance(milliseconds('check', 'the interval', interval));
        await streaming.idle();
        if (failures.length > 0) throw failures[0];
      }
    } finally {
      await streaming.stop();
    }
    return out;
  }

  /**
   * Throws CHECK_FAILED, which shows the first batch that differs, unless `operation` makes the batches `expected` of those of `input`.
   * @example await new StreamCheck(sc).batches([[1, 2], [3]], s => s.map(x => x * 2), [[2, 4], [6]])
   */
  async batches<T extends Datum, U>(
    input: readonly (readonly T[])[],
    operation: (stream: DStream<T>) => DStream<U>,
    expected: readonly (readonly U[])[],
    options: CheckOptions = {},
  ): Promise<void> {
    const got = await this.outputOf(input, operation, { batches: Math.max(input.length, expected.length), ...options });
    const count = Math.max(got.length, expected.length);
    const arranged = (rows: readonly U[] | undefined) => (options.ordered ? rows : rows && [...rows].sort(compareAny));
    const shown = (rows: readonly U[] | undefined) => (rows ? showElement(rows) : 'nothing');
    for (let i = 0; i < count; i++) {
      const [left, right] = [arranged(got[i]), arranged(expected[i])];
      if (!isDeepStrictEqual(left, right))
        throw new MillraceError('CHECK_FAILED', { batch: i + 1, got: shown(left), expected: shown(right) });
    }
  }
}

/** By value where values compare, else by their text. */
function compareAny(a: unknown, b: unknown): number {
  try {
    return compareKeys(a, b);
  } catch {
    const [left, right] = [showElement(a), showElement(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  }
}
