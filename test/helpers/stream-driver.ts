// A driver of its own for tests that kill drivers: two receivers, one of which never looks up, and then it waits to be killed.
import path from 'node:path';
import { connect } from '../../cluster/connect';
import type { Receivers } from '../../cluster/receivers/receiver-pool';
import { Receiver, StreamingContext } from '../../runtime/index';
import { masterOf } from './master';
import { LineServer, quietDisplay } from './streams';
import { until } from './within';

class Busy extends Receiver<number> {
  onStart() {
    for (;;);
  }
  onStop() {}
}

const firstOf = (reads: unknown) => (reads as { path: string }[])[0];

async function main(): Promise<void> {
  const sc = await connect(masterOf('local'));
  const display = quietDisplay();
  const streaming = new StreamingContext(sc, '100ms', { display });
  const server = await LineServer.open();
  const lines = streaming.socketTextStream('127.0.0.1', server.port).remember('1h');
  streaming.receiverStream(new Busy()).foreachRDD(() => {});
  lines.foreachRDD(() => {});
  streaming.start();
  await server.connected();
  server.send('a line\n');
  const input = lines as unknown as { remembered: [number, { reads: unknown }][] };
  const block = await until(60_000, () => input.remembered.flatMap(([, { reads }]) => firstOf(reads) ?? [])[0], 'a block');
  process.stdout.write(`${JSON.stringify({ pids: (sc.receivers as Receivers).pids, folder: path.dirname(block.path) })}\n`);
  setInterval(() => {}, 1000);
}

main();
