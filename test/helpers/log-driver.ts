// The driver of a stream of lines of TCP that is killed: keeps a checkpoint with its log, and writes down the lines of each batch.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../cluster/connect';
import { StreamingContext } from '../../runtime/index';

async function main(): Promise<void> {
  const [folder, port] = process.argv.slice(2);
  const sc = await connect('local');
  const options = { sc, interval: '500ms', display: { printed() {}, pane() {}, paneClosed() {}, notice() {} } };
  const streaming = StreamingContext.getOrCreate(
    join(folder, 'checkpoint'),
    (s) =>
      s.socketTextStream('127.0.0.1', Number(port)).foreachRDD(async (rdd, time) => {
        appendFileSync(join(folder, 'log'), `${JSON.stringify({ time, lines: await rdd.collect() })}\n`);
      }),
    options,
  );
  streaming.start();
}

main();
