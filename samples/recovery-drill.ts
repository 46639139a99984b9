// A recovery drill: the context is dropped in the middle, as by a crash, and another one continues from its checkpoint folder.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = args[0] ?? mkdtempSync(join(tmpdir(), 'recovery-drill-'));
const batchesARun = Number(args[1] ?? 4);

/** The program, the same before the crash and after it: numbers 0, 1, 2, …, each counted by its last digit. */
function program(streaming: StreamingContext, seen: (counted: number) => void): void {
  const numbers = streaming.generatorStream(100, (i) => i).setName('numbers');
  const digits = numbers.map((i) => [i % 10, 1]).runningReduce((a, b) => a + b);
  digits.setName('digits').foreachRDD(async (rdd) => seen(await rdd.values().sum()));
}

async function runFor(batches: number): Promise<number> {
  const totals: number[] = [];
  const streaming = StreamingContext.getOrCreate(folder, (s) => program(s, (n) => totals.push(n)), { sc, interval: '200ms' });
  streaming.start();
  while (totals.length < batches) await new Promise((resolve) => setTimeout(resolve, 20));
  await streaming.stop();
  return totals[totals.length - 1];
}

const before = await runFor(batchesARun);
console.log(`counted ${before} numbers, then stopped in the middle`);
const after = await runFor(batchesARun);
console.log(after > before ? 'went on: every number was counted once' : 'started from zero');
console.log(`each batch of 200 ms adds 20: ${after % 20 === 0 ? 'nothing is missing, nothing is doubled' : after}`);
