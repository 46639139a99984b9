// Running totals since the start: state by key, which each batch updates in a checkpoint folder.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const sales: [shop: string, amount: number][][] = [
  [
    ['north', 10],
    ['south', 4],
  ],
  [['north', 5]],
  [
    ['south', 6],
    ['west', 1],
  ],
];

const streaming = stream('500ms');
streaming.checkpoint(mkdtempSync(join(tmpdir(), 'running-totals-')));

const sold = streaming.queueStream(sales);
const totals = sold.runningReduce((a, b) => a + b).setName('totals');
totals.foreachRDD(async (rdd) => {
  const shops = (await rdd.collect()).sort(([a], [b]) => (a < b ? -1 : 1));
  console.log(shops.map(([shop, total]) => `${shop} ${total}`).join(', '));
});

streaming.start();
if (!(await streaming.awaitTerminationOrTimeout(`${args[0] ?? 3}s`))) console.log('the time is over');
