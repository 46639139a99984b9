// Drivers and executors die while they write to a topic: Kafka's own consumer of committed records sees each effect once.
// time limit: 400 s
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { Random } from '../../runtime/base/time';
import { KafkaBroker, missingForKafka } from '../helpers/kafka-broker';
import { Topics } from '../helpers/kafka-topics';
import { instrumented } from '../helpers/preload';
import { size } from '../helpers/sizes';
import { until } from '../helpers/within';

const test = suite('killed writers of Kafka');
const missing = missingForKafka();
const seed = Number(process.env.MILLRACE_SEED ?? 7);
const kills = size(4, 30);
const batches = size(30, 300);
const perSend = 40;
const ahead = 1_000;

interface Logged {
  readonly pids?: readonly number[];
  readonly time?: number;
  readonly records?: number;
}

function entries(log: string): Logged[] {
  if (!existsSync(log)) return [];
  return readFileSync(log, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Logged);
}

const batchesWithRecords = (log: string) => new Set(entries(log).flatMap(({ time, records }) => (records ? [time] : []))).size;

/** Of each batch once, however often it was run. */
const recordsRead = (log: string) =>
  [...new Map(entries(log).map(({ time, records }) => [time, records ?? 0])).values()].reduce((a, b) => a + b, 0);

if (missing !== undefined) {
  test('is left out', () => console.log(missing));
} else {
  test(`${kills} kills, seed ${seed}`, async () => {
    const broker = await KafkaBroker.start();
    const topics = new Topics(broker);
    const sc = await connect('local');
    const folder = mkdtempSync(join(tmpdir(), 'kafka-kills-'));
    const log = join(folder, 'log');
    const random = new Random(seed);
    let sent = 0;
    let isOver = false;
    try {
      const name = await topics.make(2);
      await topics.make(2, {}, `${name}-each`);
      await topics.make(2, {}, `${name}-sums`);
      const feeding = (async () => {
        while (!isOver) {
          const records = Array.from({ length: perSend }, (_, i) => ({ partition: i % 2, value: `${sent + i}` }));
          await topics.send(name, records);
          sent += perSend;
          // No further ahead than a few batches: what is sent is also read in the end.
          await until(300_000, () => isOver || sent < recordsRead(log) + ahead, 'what was sent before');
        }
      })();
      for (let run = 0; run <= kills; run++) {
        const words = ['test/helpers/kafka-driver.ts', broker.address, name, join(folder, 'checkpoint'), log];
        const driver = spawn(process.execPath, [...instrumented, ...words], { stdio: 'inherit' });
        const gone = new Promise((resolve) => driver.once('exit', resolve));
        const before = batchesWithRecords(log);
        const wanted = before + 2 + random.below(3);
        if (run < kills) await until(120_000, () => batchesWithRecords(log) >= wanted, `batches of run ${run}`);
        else {
          await until(300_000, () => batchesWithRecords(log) >= batches, `${batches} batches`);
          isOver = true;
          await feeding;
          const each = () => sc.kafka({ brokers: broker.address, topic: `${name}-each` }).count();
          await until(300_000, async () => (await each()) >= sent, 'the last of them');
          const sum = () =>
            sc
              .kafka({ brokers: broker.address, topic: `${name}-sums`, value: 'json' })
              .map((r) => r.value)
              .sum();
          await until(300_000, async () => (await sum()) >= (sent * (sent - 1)) / 2, 'the last sums');
        }
        // At any moment of a batch.
        const moment = performance.now() + random.below(150);
        await until(1000, () => performance.now() >= moment, 'the moment of the kill');
        // Every second time executors die first.
        const { pids = [] } = entries(log).findLast(({ pids }) => pids) ?? {};
        if (run % 2 === 1) {
          process.kill(pids[random.below(pids.length)], 'SIGKILL');
          const after = batchesWithRecords(log) + 2;
          if (run < kills) await until(120_000, () => batchesWithRecords(log) >= after, 'batches after an executor died');
        }
        driver.kill('SIGKILL');
        await gone;
      }
      const each = (await broker.committed(`${name}-each`)).map(Number).sort((a, b) => a - b);
      assert.is(each.length, sent);
      assert.ok(each.every((id, i) => id === i));
      const sums = (await broker.committed(`${name}-sums`)).map(Number);
      assert.is(
        sums.reduce((a, b) => a + b, 0),
        (sent * (sent - 1)) / 2,
      );
      console.log(`${kills + 1} kills, ${batchesWithRecords(log)} batches, ${sent} records`);
    } finally {
      isOver = true;
      await sc.stop();
      await topics.close();
      await broker.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
}

test.run();
