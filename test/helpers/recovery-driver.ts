// The driver of a stream that is killed again and again: counts generated numbers by key, keeps a checkpoint, and writes down each batch.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../cluster/connect';
import { StreamingContext } from '../../runtime/index';
import { quietDisplay } from './streams';

async function main(): Promise<void> {
  const [folder, master, checkpoint] = process.argv.slice(2);
  const log = (entry: unknown) => appendFileSync(join(folder, 'log'), `${JSON.stringify(entry)}\n`);
  const sc = await connect(master);
  const startedAt = performance.now();
  let isFirst = true;
  const options = { sc, interval: '200ms', display: quietDisplay() };
  const streaming = StreamingContext.getOrCreate(
    checkpoint,
    (s) => {
      const pairs = s.generatorStream(50, (i) => i).map((i) => [i % 7, i] as [number, number]);
      const sums = pairs
        .mapValues((i): [number, number] => [1, i])
        .runningReduce(([n, a], [m, b]): [number, number] => [n + m, a + b]);
      sums.foreachRDD(async (rdd, time) => {
        const rows = await rdd.collect();
        log({ time, rows, resumedInMs: isFirst ? Math.round(performance.now() - startedAt) : undefined });
        isFirst = false;
      });
      pairs.keys().save(join(folder, 'saved'));
    },
    options,
  );
  streaming.start();
  log({ zero: streaming.zeroTime, pid: process.pid });
  // On `local` nothing else holds the process between two batches.
  setInterval(() => {}, 1_000);
}

main();
