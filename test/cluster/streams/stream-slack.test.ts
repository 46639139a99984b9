// Slack on executors that are killed between batches: every interval, late record and correction exact.
// time limit: 120 s
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../../runtime/base/time';
import { ManualClock, StreamingContext } from '../../../runtime/index';
import { watchLeaks } from '../../helpers/leaks';
import { unordered } from '../../helpers/model';
import { engineExecutor } from '../../helpers/pool';
import { openSession } from '../../helpers/session';
import { slackModel, type Timed } from '../../helpers/slack-model';
import { quietDisplay } from '../../helpers/streams';
import { within } from '../../helpers/within';

const test = suite('stream slack on executors');
let leaks: ReturnType<typeof watchLeaks>;

test.before(async () => {
  await engineExecutor();
  leaks = watchLeaks();
});

const sizes = { zero: 1_000_000, slide: 1000, slack: 2000, keep: 3000 };
const seed = Number(process.env.SEED ?? 1);

function randomBatches(random: Random): Timed[][] {
  let id = 0;
  const record = (arrival: number): Timed => ({
    id: id++,
    at: arrival - random.below(7) * 1000 - random.below(2) * 300,
    key: `key ${random.below(5)}`,
    value: random.below(9),
  });
  return Array.from({ length: 12 }, (_, i) => Array.from({ length: 30 }, () => record(1_000_000 + (i + 1) * 1000)));
}

test(`executors that are killed between batches: exact (SEED=${seed})`, async () => {
  const batches = randomBatches(new Random(seed));
  const folder = mkdtempSync(join(tmpdir(), 'slack-'));
  const session = await openSession(2);
  const clock = new ManualClock(1_000_000);
  const display = quietDisplay();
  const streaming = new StreamingContext(session.sc, '1s', { clock, display });
  const out: Record<string, unknown[][]> = { closed: [], late: [], totals: [] };
  const failures: Error[] = [];
  streaming.addStreamingListener({ onBatchCompleted: (info) => failures.push(...info.outputs.flatMap((o) => o.failure ?? [])) });
  let kills = 0;
  let dropped = 0;
  try {
    streaming.checkpoint(folder);
    const slacked = streaming.queueStream([...batches], true).slack('2s', ({ at }) => at);
    const totals = slacked.correctedReduceByKey(
      ({ key, value }) => [key, value],
      (a, b) => a + b,
      { keep: '3s' },
    );
    slacked.map(({ id }) => id).foreachRDD(async (rdd) => out.closed.push(await rdd.collect()));
    const late = slacked.late().map(([end, { id }]) => [end, id]);
    late.foreachRDD(async (rdd) => out.late.push(await rdd.collect()));
    totals.foreachRDD(async (rdd) => out.totals.push(await rdd.collect()));
    streaming.start();
    for (let batch = 0; batch < batches.length; batch++) {
      if (batch % 4 === 3) process.kill(session.pids()[kills++ % 2], 'SIGKILL');
      clock.advance('1s');
      await within(30_000, streaming.idle(), `batch ${batch}`);
      if (failures.length > 0) throw failures[0];
    }
    dropped = totals.dropped;
  } finally {
    await streaming.stop();
    await session.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const expected = slackModel(batches, sizes);
  assert.is(kills, 3);
  assert.ok(expected.dropped > 20, `${expected.dropped} dropped`);
  for (const name of ['closed', 'late', 'totals'] as const)
    assert.equal(out[name].map(unordered), expected[name].map(unordered), name);
  assert.is(dropped, expected.dropped);
});

test('leaves nothing behind', () => leaks.check());

test.run();
