// The driver of a stream of lines of TCP that is killed: it has a checkpoint with a log, and writes down the lines and notices of each batch.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../cluster/connect';
import { StreamingContext } from '../../runtime/index';
import { quietDisplay } from './streams';

async function main(): Promise<void> {
  const [folder, port, blockInterval = '200ms', log = 'log'] = process.argv.slice(2);
  const sc = await connect('local');
  const display = quietDisplay((text) => appendFileSync(join(folder, 'told'), `${text}\n`));
  const options = { sc, interval: '500ms', display, blockInterval, writeAheadLog: log === 'log' };
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
