// The streaming work of the comparison with Spark: counts by key over a window of thirty batches, as a user would write them.
import { type Context, type DStream, StreamingContext } from '../../runtime/index';
import type { Work } from './works';

const recordsPerBatch = 400_000;
const batches = 25;
/** The first batches fill caches and are not counted, as in the peer's program. */
const warmUp = 10;

type Windowed = (
  f: (a: number, b: number) => number,
  inverse: (a: number, b: number) => number,
  length: string,
  slide: string,
) => unknown;

/** Counts of the last 30 s each slide, incrementally where the operator is there; else those of each batch. */
export function wordCounts(lines: DStream<string>, slide = '1s'): DStream<[string, number]> {
  const ones = lines.flatMap((line) => line.split(' ')).map((word) => [word, 1] as [string, number]);
  const windowed = (ones as unknown as { reduceByKeyAndWindow?: Windowed }).reduceByKeyAndWindow;
  if (!windowed) return ones.reduceByKey((a, b) => a + b);
  return windowed.call(
    ones,
    (a, b) => a + b,
    (a, b) => a - b,
    '30s',
    slide,
  ) as DStream<[string, number]>;
}

async function run(sc: Context, data: string) {
  const lines = sc.parallelize(await sc.textFile(data).take(recordsPerBatch), 2).cache();
  await lines.count();
  const display = { printed() {}, pane() {}, paneClosed() {}, notice() {} };
  const streaming = new StreamingContext(sc, '1s', { display });
  let result = 0;
  const times: number[] = [];
  wordCounts(streaming.queueStream(Array.from({ length: 60 }, () => lines))).foreachRDD(async (rdd) => {
    result = await rdd.count();
  });
  const done = new Promise<void>((resolve) =>
    streaming.addStreamingListener({
      onBatchCompleted: ({ processingTime }) => {
        if (times.push(processingTime!) >= batches) resolve();
      },
    }),
  );
  streaming.start();
  await done;
  await streaming.stop();
  lines.unpersist();
  const sorted = times.slice(warmUp).sort((a, b) => a - b);
  const ms = sorted[Math.floor(sorted.length / 2)];
  return { result, seconds: ms / 1000, recordsPerSecond: Math.round((recordsPerBatch * 1000) / ms) };
}

export const streamWordCount: Work = {
  name: 'stream-wordcount',
  prepare: async (sc, data) => ({ run: () => run(sc, data) }),
};
