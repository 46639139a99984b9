// Windows by gaps on executors that are killed between batches: every session exact, and once.
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
import { type SeenSession, sessionModel, type Visit } from '../../helpers/session-model';
import { quietDisplay } from '../../helpers/streams';
import { within } from '../../helpers/within';

const test = suite('stream sessions on executors');
let leaks: ReturnType<typeof watchLeaks>;

test.before(async () => {
  await engineExecutor();
  leaks = watchLeaks();
});

const sizes = { zero: 1_000_000, slide: 1000, gap: 1500, slack: 1000 };
const seed = Number(process.env.SEED ?? 1);

function randomBatches(random: Random): Visit[][] {
  let id = 0;
  const visit = (arrival: number): Visit => ({
    id: id++,
    at: arrival - random.below(9) * 500,
    key: `key ${random.below(12)}`,
  });
  return Array.from({ length: 12 }, (_, i) =>
    i >= 9 ? [] : Array.from({ length: 6 }, () => visit(sizes.zero + (i + 1) * 1000)),
  );
}

test(`executors that are killed between batches: exact (SEED=${seed})`, async () => {
  const batches = randomBatches(new Random(seed));
  const folder = mkdtempSync(join(tmpdir(), 'sessions-'));
  const session = await openSession(2);
  const clock = new ManualClock(sizes.zero);
  const display = quietDisplay();
  const streaming = new StreamingContext(session.sc, '1s', { clock, display });
  const ended: SeenSession[][] = [];
  const failures: Error[] = [];
  streaming.addStreamingListener({ onBatchCompleted: (info) => failures.push(...info.outputs.flatMap((o) => o.failure ?? [])) });
  let kills = 0;
  let dropped = 0;
  try {
    streaming.checkpoint(folder);
    const visits = streaming
      .queueStream([...batches], true)
      .sessionWindow('1500ms', { key: ({ key }) => key, time: ({ at }) => at, value: ({ id }) => id, slack: '1s' });
    visits.foreachRDD(async (rdd) => {
      const rows = await rdd.collect();
      ended.push(rows.map(({ key, start, end, values }) => ({ key, start, end, ids: values.sort((a, b) => a - b) })));
    });
    streaming.start();
    for (let batch = 0; batch < batches.length; batch++) {
      if (batch % 4 === 3) process.kill(session.pids()[kills++ % 2], 'SIGKILL');
      clock.advance('1s');
      await within(30_000, streaming.idle(), `batch ${batch}`);
      if (failures.length > 0) throw failures[0];
    }
    dropped = visits.dropped;
  } finally {
    await streaming.stop();
    await session.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const expected = sessionModel(batches, sizes);
  assert.is(kills, 3);
  assert.ok(expected.ended.flat().length > 10 && expected.dropped > 2, JSON.stringify(expected));
  assert.equal(ended.map(unordered), expected.ended.map(unordered));
  assert.is(dropped, expected.dropped);
});

test('leaves nothing behind', () => leaks.check());

test.run();
