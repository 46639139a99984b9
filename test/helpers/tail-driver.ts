// The driver of a stream that follows files, or takes requests, and is killed: it writes down the elements and notices of each batch.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../cluster/connect';
import { type DStream, StreamingContext } from '../../runtime/index';
import { quietDisplay } from './streams';

async function main(): Promise<void> {
  const [folder, kind, where] = process.argv.slice(2);
  const sc = await connect('local');
  const display = quietDisplay((text) => appendFileSync(join(folder, 'told'), `${text}\n`));
  const options = { sc, interval: '200ms', display, blockInterval: '50ms' };
  const source = (s: StreamingContext): DStream<unknown> =>
    kind === 'tail' ? s.tailStream(where, { from: 'start' }) : s.webhookStream({ listen: Number(where) });
  const create = (s: StreamingContext) => {
    source(s).foreachRDD(async (rdd, time) => {
      appendFileSync(join(folder, 'log'), `${JSON.stringify({ time, lines: await rdd.collect() })}\n`);
    });
  };
  StreamingContext.getOrCreate(join(folder, 'checkpoint'), create, options).start();
}

main();
