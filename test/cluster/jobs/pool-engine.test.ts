// The engine on both backends: the same jobs in this process and on executors, with executors killed meanwhile.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../cluster/index';
import { Context } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { watchLeaks } from '../../helpers/leaks';
import { engineExecutor } from '../../helpers/pool';
import { processesOf } from '../../helpers/processes';
import { until, within } from '../../helpers/within';

const test = suite('pool: engine');
let leaks: ReturnType<typeof watchLeaks>;
let program: string;

test.before(async () => {
  program = await engineExecutor();
  leaks = watchLeaks();
});

const sessions: Context[] = [];
test.after.each(async () => {
  for (const sc of sessions.splice(0)) await sc.stop();
});

async function session(master: string): Promise<{ sc: Context; folder: string }> {
  const { backend, slots, folder } = await startBackend(master, { storageBytes: 64 << 20, program });
  const sc = new Context({ backend, slots, master });
  sessions.push(sc);
  await sc.start();
  return { sc, folder };
}

for (const master of ['local', 'local[1]', 'local[3]']) {
  test(`${master} runs jobs, and its folder is removed with it`, async () => {
    const { sc, folder } = await session(master);
    assert.ok(existsSync(folder));
    assert.is(await sc.range(0, 100_000, 1, 7).count(), 100_000);
    assert.is(await sc.range(0, 1000, 1, 5).sum(), 499_500);
    assert.equal(await sc.parallelize(['a', 'b', 'c'], 2).collect(), ['a', 'b', 'c']);
    await sc.stop();
    assert.is(existsSync(folder), false);
  });
}

for (const master of ['local', 'local[2]'])
  test(`${master}: a broadcast that was destroyed fails the job by name, and the next job runs`, async () => {
    const { sc } = await session(master);
    const stop = sc.broadcast(new Set([3]));
    const kept = sc.range(0, 10, 1, 4).filter((x) => !stop.value.has(x));
    stop.destroy();
    const { message } = await within(
      10_000,
      errorOf('MISSING_BLOB', () => kept.count()),
      'the end of the job',
    );
    assert.match(message, 'broadcast-');
    assert.is(await sc.range(0, 10, 1, 4).count(), 10);
  });

test('results merge in the order of partitions, whichever task ends first', async () => {
  const { sc, folder } = await session('local[2]');
  const sign = `${folder}/second-has-run`;
  const texts = sc.parallelize(['a', 'b'], 2).mapPartitionsWithIndex((i, rows) => {
    if (i === 1) writeFileSync(sign, '');
    const deadline = Date.now() + 10_000;
    let seen = 0;
    // A little longer than the sign, so that the end of the second task arrives first.
    for (let now = Date.now(); i === 0 && now < deadline && (seen === 0 || now < seen + 50); now = Date.now())
      if (seen === 0 && existsSync(sign)) seen = now;
    return rows;
  });
  assert.is(await texts.reduce((a, b) => a + b), 'ab');
  rmSync(sign);
});

test('a job whose executors are killed gives the same result as without faults', async () => {
  const { sc } = await session('local[2]');
  const sum = () => sc.range(0, 400_000_000, 1, 8).sum();
  const expected = await sum();
  let running = true;
  const faulty = sum().finally(() => {
    running = false;
  });
  const killed = new Set<number>();
  while (running && killed.size < 3) {
    const victim = processesOf(program).find((pid) => !killed.has(pid));
    if (victim !== undefined && sc.progress()?.running) {
      process.kill(victim, 'SIGKILL');
      killed.add(victim);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.is(await faulty, expected);
  assert.is(killed.size, 3, 'kills while the job was running');
  assert.is(await sc.range(0, 10, 1, 2).count(), 10);
});

test('a job that is cancelled leaves its executors alive', async () => {
  const { sc } = await session('local[2]');
  const failed = sc
    .range(0, 1e12, 1, 2)
    .sum()
    .catch((error) => error);
  await until(10_000, () => sc.progress()?.running === 2, 'two running tasks');
  const pids = processesOf(program);
  sc.cancelAllJobs();
  assert.is((await failed).code, 'JOB_CANCELLED');
  assert.is(await within(10_000, sc.range(0, 10, 1, 2).count(), 'the job after it'), 10);
  assert.equal(processesOf(program), pids);
});

test('leaves nothing behind', () => leaks.check());

test.run();
