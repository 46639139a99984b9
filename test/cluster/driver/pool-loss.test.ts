// Executors that die, stop or never start: noticed soon, reported once, and replaced.
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../cluster/index';
import { Context } from '../../../runtime/index';
import { watchLeaks } from '../../helpers/leaks';
import { engineExecutor, ToyPool, toyExecutor } from '../../helpers/pool';
import { until, within } from '../../helpers/within';

const test = suite('pool: loss');
let leaks: ReturnType<typeof watchLeaks>;
let pool: ToyPool;

test.before(async () => {
  await toyExecutor();
  leaks = watchLeaks();
});

test.before.each(async () => {
  pool = await ToyPool.start('local[2]');
});

test.after.each(() => pool.stop());

async function lossOf(id: string, ms: number): Promise<string> {
  await until(ms, () => pool.lost.some((lost) => lost.id === id), `the loss of ${id}`);
  await until(5000, () => pool.alive.length === 2, 'the replacement');
  const losses = pool.lost.filter((lost) => lost.id === id);
  assert.is(losses.length, 1);
  assert.not(pool.alive.includes(id));
  return losses[0].reason;
}

test('an idle executor that is killed is lost within 500 ms and replaced under a new id', async () => {
  process.kill(await pool.pid('e1'), 'SIGKILL');
  assert.match(await lossOf('e1', 500), /SIGKILL/);
  assert.equal([...pool.alive].sort(), ['e2', 'e3']);
  assert.is(await pool.run('e3', 'return 3'), 3);
});

test('a busy executor that is killed is lost, and its task gets no end from the pool', async () => {
  const pid = await pool.pid('e1');
  const id = pool.launch('e1', 'console.log("begun"); for (;;) {}');
  await until(5000, () => pool.output.includes('stdout: begun'), 'the begin of the task');
  process.kill(pid, 'SIGKILL');
  assert.match(await lossOf('e1', 500), /SIGKILL/);
  assert.is(pool.ends.has(id), false);
});

test('an executor that ends itself is lost with its exit code, and its last output arrives', async () => {
  pool.launch('e2', 'for (let i = 0; i < 900; i++) console.log("last " + i); process.exit(3)');
  assert.match(await lossOf('e2', 2000), /exited with code 3/);
  assert.is(pool.output.at(-1), 'stdout: last 899');
});

test('an executor that runs out of memory is lost with that reason, and the dump of V8 is not printed', async () => {
  const small = await ToyPool.start('local[1]', { executorMemory: 64 });
  small.launch('e1', 'const all = []; for (;;) all.push({ i: all.length })');
  await until(20_000, () => small.lost.length > 0, 'the loss');
  assert.match(small.lost[0].reason, /out of memory/);
  assert.not.match(small.output.join('\n'), /GCs|FATAL/);
  await small.stop();
});

test('a stopped executor is found by its missing heartbeats, killed and replaced', async () => {
  const pid = await pool.pid('e1');
  process.kill(pid, 'SIGSTOP');
  assert.match(await lossOf('e1', 2500), /not answered/);
  await until(2000, () => !isAlive(pid), 'the end of the stopped process');
});

test('a driver that was blocked does not lose its executors', async () => {
  const until = performance.now() + 2500;
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(pool.lost, []);
  assert.is(await pool.run('e1', 'return 1'), 1);
});

test('a driver that is blocked while its executors start still gets them all', async () => {
  const starting = await ToyPool.start('local[2]', {}, 0);
  const end = performance.now() + 3000;
  while (performance.now() < end);
  await until(10_000, () => starting.joined.length === 2, 'the joining');
  assert.equal(starting.joined.map(({ id }) => id).sort(), ['e1', 'e2']);
  await starting.stop();
});

test('a cancel that succeeded while the driver was blocked costs no executor', async () => {
  const id = pool.launch('e1', 'while (!control.cancelled()); return { end: { kind: "cancelled" } }');
  pool.started.backend.cancel('e1', id);
  await new Promise((resolve) => setImmediate(resolve));
  const end = performance.now() + 1800;
  while (performance.now() < end);
  assert.equal(await pool.end(id), { kind: 'cancelled' });
  assert.equal(pool.lost, []);
});

test('all executors killed at once are all replaced', async () => {
  const pids = await Promise.all([pool.pid('e1'), pool.pid('e2')]);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await lossOf('e1', 500);
  await lossOf('e2', 500);
  assert.equal([...pool.alive].sort(), ['e3', 'e4']);
});

test('executors killed again and again are replaced each time', async () => {
  for (let kills = 0; kills < 12; kills++) {
    const victim = pool.alive[0];
    process.kill(await pool.pid(victim), 'SIGKILL');
    await lossOf(victim, 500);
  }
  assert.is(pool.lost.length, 12);
  assert.equal(pool.failed, []);
});

test('a launch on a lost executor is ignored', async () => {
  const id = pool.launch('nobody', 'return 1');
  assert.is(await pool.run('e1', 'return 1'), 1);
  assert.is(pool.ends.has(id), false);
});

test('executors that die at their start make the backend fail, with their last words', async () => {
  const program = path.join(process.env.TMPDIR!, 'broken.js');
  writeFileSync(program, 'console.error("no such library"); process.exit(9)');
  const broken = await ToyPool.start('local[2]', { program }, 0);
  await until(20_000, () => broken.failed.length > 0, 'the failure');
  assert.match(broken.failed[0], /exited with code 9/);
  assert.match(broken.failed[0], /no such library/);
  assert.is(broken.failed.length, 1);
  assert.is(broken.joined.length, 0);
  await broken.stop();
  rmSync(program);
});

/** A program that does `deed` while a file `mended` is missing beside it, and then is a usual executor. */
function startingProgram(deed: string, executor: string): { program: string; mend(): void; remove(): void } {
  const folder = mkdtempSync(path.join(process.env.TMPDIR!, 'starting-'));
  const program = path.join(folder, 'starting.js');
  const mended = path.join(folder, 'mended');
  writeFileSync(
    program,
    `if (require('node:fs').existsSync(${JSON.stringify(mended)})) require(${JSON.stringify(executor)}); else ${deed}`,
  );
  return { program, mend: () => writeFileSync(mended, ''), remove: () => rmSync(folder, { recursive: true }) };
}

test('executors that are killed while they start are tried again for ever: a job waits, says why, and ends well', async () => {
  const starting = startingProgram("process.kill(process.pid, 'SIGKILL')", await engineExecutor());
  const { backend, slots } = await startBackend('local[2]', { storageBytes: 1 << 20, program: starting.program });
  const notices: string[] = [];
  const sc = new Context({ backend, slots, master: 'local[2]', onNotice: (text) => notices.push(text) });
  await sc.start();
  const job = sc.range(5).count();
  await until(10_000, () => notices.length > 0, 'the notice');
  assert.match(notices[0], /no executor has joined: the last one ended while it started \(it was killed by SIGKILL\)/);
  starting.mend();
  assert.is(await within(10_000, job, 'the job'), 5);
  assert.is(notices.length, 1);
  await sc.stop();
  starting.remove();
});

test('a program that cannot run fails jobs, until it can', async () => {
  const starting = startingProgram('process.exit(9)', await toyExecutor());
  const broken = await ToyPool.start('local[1]', { program: starting.program }, 0);
  await until(20_000, () => broken.failed.length > 0, 'the failure');
  starting.mend();
  await until(10_000, () => broken.joined.length === 1, 'the joining');
  assert.is(await broken.run(broken.joined[0].id, 'return 1'), 1);
  await broken.stop();
  starting.remove();
});

test('an executor whose functions leaked all descriptors is replaced at the first failure, and the job goes on', async () => {
  const { backend, slots } = await startBackend('local[1]', { storageBytes: 1 << 20, program: await engineExecutor() });
  const lost: string[] = [];
  const sc = new Context({ backend, slots, master: 'local[1]' });
  sc.addListener({ onExecutorRemoved: ({ reason }) => lost.push(reason) });
  await sc.start();
  const leaking = sc.range(0, 1, 1, 1).map(() => {
    try {
      for (;;) openSync('/dev/null', 'r');
    } catch (e) {
      return (e as NodeJS.ErrnoException).code;
    }
  });
  assert.equal(await within(30_000, leaking.collect(), 'the leak'), ['EMFILE']);
  const pairs = sc
    .parallelize(
      [
        [1, 1],
        [1, 2],
      ] as [number, number][],
      2,
    )
    .reduceByKey((a, b) => a + b, 2);
  assert.equal(await within(30_000, pairs.collect(), 'the next job'), [[1, 3]]);
  assert.equal(lost.length, 1);
  assert.match(lost[0], /left as many files or sockets open/);
  await sc.stop();
});

test('leaves nothing behind', async () => {
  await pool.stop();
  await leaks.check();
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test.run();
