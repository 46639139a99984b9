// The windowed word count of `npm run bench:stream:peers` on Millrace: asked by lines, as the other peers are.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from '../../../cluster/connect';
import { type BatchInfo, type Context, type DStream, type RDD, StreamingContext } from '../../../runtime/index';
import { quietDisplay } from '../../helpers/streams';
import type { Asked } from './peer';

const [master, ...numbers] = process.argv.slice(2);
const [window, warm, timed] = numbers.map(Number);

const counts = (lines: DStream<string>): DStream<[string, number]> =>
  lines
    .flatMap((line) => line.split(' '))
    .map((word): [string, number] => [word, 1])
    .reduceByKeyAndWindow(
      (a, b) => a + b,
      (a, b) => a - b,
      `${window}s`,
      '1s',
    );

/** Runs so many batches, and answers what each was, and the last count. */
async function run(sc: Context, batches: number, source: (streaming: StreamingContext) => DStream<string>) {
  const folder = mkdtempSync(join(tmpdir(), 'streams-'));
  const streaming = new StreamingContext(sc, '1s', { display: quietDisplay() });
  streaming.checkpoint(folder);
  let result = 0;
  counts(source(streaming)).foreachRDD(async (rdd) => {
    result = await rdd.count();
  });
  const seen: BatchInfo[] = [];
  const done = new Promise<void>((resolve) =>
    streaming.addStreamingListener({
      onBatchCompleted: (batch) => {
        if (seen.push(batch) >= batches) resolve();
      },
    }),
  );
  streaming.start();
  await done;
  await streaming.stop();
  rmSync(folder, { recursive: true, force: true });
  return { seen, result };
}

async function throughput(sc: Context, { text, scale }: Asked) {
  const lines: RDD<string> = sc.parallelize(await sc.textFile(text).take(scale), 2).cache();
  await lines.count();
  const { seen, result } = await run(sc, warm + timed, (streaming) =>
    streaming.queueStream(Array.from({ length: warm + timed + 30 }, () => lines)),
  );
  lines.unpersist();
  const times = seen.slice(warm, warm + timed).map(({ processingTime = Number.NaN }) => processingTime);
  return { seconds: times.sort((a, b) => a - b)[times.length >> 1] / 1000, result };
}

async function latency(sc: Context, { text, scale }: Asked) {
  const [host, port] = text.split(':');
  const { seen, result } = await run(sc, scale, (streaming) => streaming.socketTextStream(host, Number(port)));
  return { seconds: 0, result, batches: seen.map(({ records, endedAt }) => [records, endedAt]) };
}

async function main(): Promise<void> {
  const sc = await connect(master);
  await sc.range(0, 2, 1, 2).count();
  console.log('READY');
  for await (const line of createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line) as Asked;
    const answer = await (asked.work === 'latency' ? latency : throughput)(sc, asked);
    console.log(`PEER ${JSON.stringify(answer)}`);
  }
  await sc.stop();
}

main().catch((error) => {
  process.stderr.write(`${error.stack ?? error}\n`);
  process.exit(1);
});
