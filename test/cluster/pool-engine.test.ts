// The two backends under the engine itself: the same jobs in this process and on executors, with executors killed under them.
import { existsSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../cluster/index';
import { Context } from '../../runtime/index';
import { watchLeaks } from '../helpers/leaks';
import { engineExecutor } from '../helpers/pool';
import { processesOf } from '../helpers/processes';
import { until } from '../helpers/within';

const test = suite('pool: engine');
let leaks: ReturnType<typeof watchLeaks>;
let program: string;

test.before(async () => {
  program = await engineExecutor();
  leaks = watchLeaks();
});

async function session(master: string): Promise<{ sc: Context; folder: string }> {
  const { backend, slots, folder } = await startBackend(master, { storageBytes: 64 << 20, program });
  const sc = new Context({ backend, slots, master });
  await sc.start();
  return { sc, folder };
}

for (const master of ['local', 'local[1]', 'local[3]']) {
  test(`${master} runs jobs, and its folder goes with it`, async () => {
    const { sc, folder } = await session(master);
    assert.ok(existsSync(folder));
    assert.is(await sc.range(0, 100_000, 1, 7).count(), 100_000);
    assert.is(await sc.range(0, 1000, 1, 5).sum(), 499_500);
    assert.equal(await sc.parallelize(['a', 'b', 'c'], 2).collect(), ['a', 'b', 'c']);
    await sc.stop();
    assert.is(existsSync(folder), false);
  });
}

test('a job whose executors are killed under it is exact', async () => {
  const { sc } = await session('local[2]');
  const sum = sc.range(0, 400_000_000, 1, 8).sum();
  let kills = 0;
  const killer = (async () => {
    while (kills < 3) {
      await until(10_000, () => processesOf(program).length > 0, 'an executor to kill');
      await new Promise((resolve) => setTimeout(resolve, 150));
      const [victim] = processesOf(program);
      if (victim === undefined) continue;
      process.kill(victim, 'SIGKILL');
      kills++;
    }
  })();
  await killer;
  assert.is(await sum, (400_000_000 * 399_999_999) / 2);
  assert.is(kills, 3);
  assert.is(await sc.range(0, 10, 1, 2).count(), 10);
  await sc.stop();
});

test('a job that is cancelled leaves executors that work', async () => {
  const { sc } = await session('local[2]');
  const before = processesOf(program).length;
  const abort = new AbortController();
  const failed = sc
    .range(0, 1e12, 1, 2)
    .sum()
    .catch((error) => error);
  abort.abort();
  await until(10_000, () => processesOf(program).length >= Math.max(before, 2), 'the executors');
  const start = performance.now();
  sc.cancelAllJobs();
  const error = await failed;
  assert.is(error.code, 'JOB_CANCELLED');
  assert.ok(performance.now() - start < 1000);
  assert.is(await sc.range(0, 10, 1, 2).count(), 10);
  await sc.stop();
});

test('leaves nothing behind', () => leaks.check());

test.run();
