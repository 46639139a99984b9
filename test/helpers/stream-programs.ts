// Random programs of streams: from a seed the same streams again, so that a whole run can be compared with one that was restarted.
import { Random } from '../../runtime/base/time';
import type { DStream, StreamingContext } from '../../runtime/index';
import { StorageLevel } from '../../runtime/index';

type Pair = [number, number];
type Pairs = DStream<Pair>;

const add = (a: number, b: number) => a + b;
const subtract = (a: number, b: number) => a - b;
const sumOf = (values: Iterable<number>) => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
};

/** What a step may draw: durations as multiples of the slide of its stream. */
class Draw {
  readonly #random: Random;
  readonly #stream: Pairs;

  constructor(random: Random, stream: Pairs) {
    this.#random = random;
    this.#stream = stream;
  }

  /** One to `most` slides, in milliseconds. */
  slides(most: number): number {
    return this.#stream.slide * (1 + this.#random.below(most));
  }

  /** The slide of a window: mostly the stream's own, for otherwise few batches have an output. */
  slide(): number {
    return this.#random.next() < 0.75 || this.#stream.slide > 1000 ? this.#stream.slide : this.#stream.slide * 2;
  }

  partitions(): number {
    return 1 + this.#random.below(3);
  }
}

/** One operator or a few, from pairs to pairs; what a name says of them is in the text of a failure. */
export const steps: Record<string, (s: Pairs, d: Draw) => Pairs> = {
  map: (s) => s.map(([k, v]): Pair => [(k + 1) % 5, v]),
  filter: (s) => s.filter(([k]) => k !== 3),
  flatMap: (s) => s.flatMap(([k, v]): Pair[] => (v % 3 === 0 ? [] : [[k, v]])),
  mapPartitions: (s) => s.mapPartitions((all) => [...all]) as Pairs,
  glom: (s) => s.glom().flatMap((all) => all),
  throws: (s) =>
    s.map(([k, v]): Pair => {
      if (v === 6) throw new Error('a bad record');
      return [k, v];
    }),
  'transform throws': (s) =>
    s.transform((rdd, time) => {
      if (time === 6000) throw new Error('a bad batch');
      return rdd;
    }),
  persist: (s) => s.map((x) => x).persist(StorageLevel.MEMORY_ONLY),
  distinct: (s) => s.distinct(),
  union: (s) => s.union(s.mapValues((v) => -v)),
  sample: (s) => s.sample(false, 0.7, 3),
  repartition: (s, d) => s.repartition(d.partitions()),
  sortBy: (s) => s.sortBy(([, v]) => v),
  reduceByKey: (s, d) => s.reduceByKey(add, d.partitions()),
  groupByKey: (s) => s.groupByKey().mapValues((all) => sumOf(all)),
  countByValue: (s) => s.map(([k]) => k).countByValue() as Pairs,
  count: (s) => s.count().map((n): Pair => [0, n]),
  reduce: (s) =>
    s
      .map(([, v]) => v)
      .reduce(add)
      .map((n): Pair => [1, n]),
  transform: (s) => s.transform((rdd, time) => rdd.map(([k, v]): Pair => [k, v + ((time / 1000) % 7)])),
  window: (s, d) => s.window(d.slides(5), d.slide()),
  reduceByWindow: (s, d) =>
    s
      .map(([, v]) => v)
      .reduceByWindow(add, d.slides(5), d.slide())
      .map((n): Pair => [2, n]),
  inverseByWindow: (s, d) =>
    s
      .map(([, v]) => v)
      .reduceByWindow(add, subtract, d.slides(6), d.slide())
      .map((n): Pair => [2, n]),
  countByWindow: (s, d) => s.countByWindow(d.slides(6), d.slide()).map((n): Pair => [3, n]),
  countByValueAndWindow: (s, d) => s.map(([k]) => k).countByValueAndWindow(d.slides(6), d.slide(), d.partitions()) as Pairs,
  groupByKeyAndWindow: (s, d) => s.groupByKeyAndWindow(d.slides(5), d.slide()).mapValues((all) => sumOf(all)),
  reduceByKeyAndWindow: (s, d) => s.reduceByKeyAndWindow(add, d.slides(5), d.slide(), d.partitions()),
  inverseByKeyAndWindow: (s, d) => s.reduceByKeyAndWindow(add, subtract, d.slides(6), d.slide(), d.partitions()),
  ago: (s, d) => s.ago(d.slides(4)),
  joinAgo: (s, d) =>
    s
      .reduceByKey(add)
      .join(s.reduceByKey(add).ago(d.slides(3)))
      .mapValues(([a, b]) => a - b),
  outerAgo: (s, d) =>
    s
      .reduceByKey(add)
      .leftOuterJoin(s.reduceByKey(add).ago(d.slides(3)))
      .mapValues(([a, b]) => a - (b ?? 0)),
  subtractAgo: (s, d) => s.subtract(s.ago(d.slides(3))),
  unionAgo: (s, d) => s.union(s.ago(d.slides(3))),
  updateStateByKey: (s, d) =>
    s.updateStateByKey<number, number, number>((values, old) => {
      const sum = (old ?? 0) + sumOf(values);
      return sum % 11 === 10 ? undefined : sum;
    }, d.partitions()),
  mapWithState: (s, d) =>
    s.reduceByKey(add).mapWithState<number, number, number, Pair>(
      (key, value, state) => {
        if (state.isTimingOut()) return [key, -(state.get() as number)];
        state.update((state.get() ?? 0) + (value as number));
        return [key, state.get() as number];
      },
      { timeout: d.slides(3), numPartitions: d.partitions() },
    ) as Pairs,
  stateSnapshots: (s, d) =>
    s
      .mapWithState<number, number, number, number>(
        (_key, value, state) => {
          if (!state.isTimingOut()) state.update((state.get() ?? 0) + (value as number));
          return 0;
        },
        { timeout: d.slides(3), numPartitions: d.partitions() },
      )
      .stateSnapshots(),
  track: (s, d) =>
    s.track({
      init: (_key, v: number) => v,
      update: (_key, sum: number, v: number) => sum + v,
      timeout: d.slides(4),
      partitioning: d.partitions(),
    }),
  runningReduce: (s, d) => s.runningReduce(add, d.partitions()),
  joinOwnPast: (s, d) => {
    const states = s.runningReduce(add, d.partitions());
    return states.join(states.ago(d.slides(3))).mapValues(([now, then]) => now - then);
  },
  slack: (s, d) => s.slack(d.slides(2), ([k, v]) => v * 1000 - k * 700),
  late: (s, d) =>
    s
      .slack(d.slides(1), ([k, v]) => v * 1000 - k * 900)
      .late()
      .map(([e, [k, v]]): Pair => [k, v + ((e / 1000) % 7)]),
  corrected: (s, d) =>
    s
      .slack(d.slides(1), ([k, v]) => v * 1000 - k * 900)
      .correctedReduceByKey(add, { keep: d.slides(3), partitioning: d.partitions() })
      .map(([[e, k], v]): Pair => [k, v + ((e / 1000) % 7)]),
  sessions: (s, d) =>
    s
      .sessionWindow(d.slides(2), {
        key: ([k]) => k,
        time: ([k, v]) => v * 1000 - k * 700,
        value: ([, v]) => v,
        reduce: add,
        slack: d.slides(1),
        partitioning: d.partitions(),
      })
      .map(({ key, start, count, value }): Pair => [key, value + count + ((start / 1000) % 7)]),
};

/** A program of a few steps on numbered elements: its streams, each with the steps that it is made of. */
export function program(
  streaming: StreamingContext,
  seed: number,
): { readonly text: string; readonly stream: DStream<unknown> }[] {
  const random = new Random(seed);
  const names = Object.keys(steps);
  const rate = 1 + random.below(3);
  let stream: Pairs = streaming.generatorStream(rate, (i): Pair => [(i * 7) % 5, i]);
  const made = [{ text: `generator(${rate})`, stream: stream as DStream<unknown> }];
  // A run of neighbouring seeds has every operator.
  const own = [0, 1].map((i) => names[(2 * seed + i) % names.length]);
  const chosen = [...own, ...Array.from({ length: random.below(2) }, () => names[random.below(names.length)])];
  for (const name of chosen) {
    stream = steps[name](stream, new Draw(random, stream));
    made.push({ text: `${made.at(-1)?.text}.${name}`, stream: stream as DStream<unknown> });
  }
  // Not every stream has an output: what lies between is then computed for the last one alone.
  return made.filter((_, i) => i === made.length - 1 || random.next() < 0.3);
}
