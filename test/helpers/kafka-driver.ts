// A driver of its own for tests that kill drivers: it writes what it reads from a topic to another one, and sums to a third.
import { appendFileSync } from 'node:fs';
import { connect } from '../../cluster/connect';
import { StreamingContext } from '../../runtime/index';
import { quietDisplay } from './streams';

async function main(): Promise<void> {
  const [brokers, name, folder, log] = process.argv.slice(2);
  const sc = await connect('local[2]');
  const pids = await sc
    .range(0, 8, 1, 8)
    .map(() => process.pid)
    .collect();
  appendFileSync(log, `${JSON.stringify({ pids: [...new Set(pids)] })}\n`);
  const create = (ssc: StreamingContext) => {
    const ids = ssc
      .kafkaStream({ brokers, topics: name, from: 'earliest', value: 'text', maxRatePerPartition: 400 })
      .map((r) => Number(r.value));
    ids.saveToKafka(`${name}-each`, { brokers, id: `${name}-each`, key: (id) => id });
    ids
      .map((id): [number, number] => [id % 20, id])
      .reduceByKey((a, b) => a + b, 3)
      .saveToKafka(`${name}-sums`, { brokers, id: `${name}-sums`, value: ([, sum]) => sum });
    ssc.addStreamingListener({
      onBatchCompleted: ({ time, records }) => appendFileSync(log, `${JSON.stringify({ time, records })}\n`),
    });
  };
  const ssc = StreamingContext.getOrCreate(folder, create, { sc, interval: '200ms', display: quietDisplay() });
  await ssc.start();
}

main();
