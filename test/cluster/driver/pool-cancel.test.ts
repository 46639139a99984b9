// Cancelling a task, whatever it is doing: it ends soon, and the executor keeps its data.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { watchLeaks } from '../../helpers/leaks';
import { ToyPool, toyExecutor } from '../../helpers/pool';
import { processesOf } from '../../helpers/processes';
import { until } from '../../helpers/within';

const test = suite('pool: cancel');
let leaks: ReturnType<typeof watchLeaks>;
let pool: ToyPool;

test.before(async () => {
  await toyExecutor();
  leaks = watchLeaks();
  pool = await ToyPool.start('local[1]');
  await pool.run('e1', 'kept.cache = 42');
});

/** Programs that print "begun" and then never end by themselves. */
const endless: Record<string, string> = {
  'a loop': 'for (;;) {}',
  'a loop that catches everything': 'for (;;) { try { for (;;) {} } catch {} finally {} }',
  'a loop after an await': 'await new Promise((r) => setTimeout(r, 5)); for (;;) {}',
  'a loop of awaits': 'for (;;) await null',
  'an await that never settles': 'await new Promise(() => {})',
  'a backtracking pattern': '/(a+)+$/.test("a".repeat(40) + "b")',
  'a loop of ticks': 'await new Promise(() => { const again = () => process.nextTick(again); again(); })',
  'a loop in ticks that is there again once it was broken':
    'let left = 1; await new Promise(() => { const again = () => { if (left-- > 0) process.nextTick(again); for (;;); }; again(); })',
  'a blocked thread': 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
  'a loop that looks at its flag': 'while (!control.cancelled()) {} return { end: { kind: "cancelled" } }',
};

for (const [name, program] of Object.entries(endless)) {
  test(`${name} is cancelled, and the executor keeps its data`, async () => {
    pool.output.length = 0;
    const id = pool.launch('e1', `console.log('begun'); ${program}`);
    await until(5000, () => pool.output.length > 0, 'the begin of the task');
    pool.started.backend.cancel('e1', id);
    assert.equal(await pool.end(id), { kind: 'cancelled' });
    assert.is(await pool.run('e1', 'return kept.cache'), 42);
    assert.is(pool.ends.get(id)!.length, 1);
  });
}

test('a task cancelled during an await stays cancelled when it continues', async () => {
  pool.output.length = 0;
  const wait = 'await new Promise((r) => { kept.goOn = r; console.log("begun") })';
  const id = pool.launch('e1', `${wait}; kept.saw = control.cancelled(); control.progress(1e9)`);
  await until(5000, () => pool.output.length > 0, 'the begin of the task');
  pool.started.backend.cancel('e1', id);
  assert.equal(await pool.end(id), { kind: 'cancelled' });
  const saw = await pool.run(
    'e1',
    'kept.goOn(); await new Promise((r) => setImmediate(r)); return [kept.saw, control.cancelled()]',
  );
  assert.equal(saw, [true, false]);
  assert.is(pool.ends.get(id)!.length, 1);
});

test('a queued task is cancelled at once, and the running task goes on', async () => {
  const running = pool.launch('e1', 'await new Promise((r) => { kept.goOn = r; setTimeout(r, 300) }); return 1');
  const queued = pool.launch('e1', 'return 2');
  pool.started.backend.cancel('e1', queued);
  assert.equal(await pool.end(queued), { kind: 'cancelled' });
  assert.is(pool.ends.has(running), false);
  assert.is((await pool.end(running)).kind, 'success');
});

test('a cancel that comes too late changes nothing', async () => {
  const id = pool.launch('e1', 'return 1');
  const end = await pool.end(id);
  pool.started.backend.cancel('e1', id);
  pool.started.backend.cancel('e1', 987_654);
  pool.started.backend.cancel('nobody', id);
  assert.is(end.kind, 'success');
  assert.is(await pool.run('e1', 'return kept.cache'), 42);
  assert.is(pool.ends.get(id)!.length, 1);
});

test('cancels that race with the ends of tasks give one end each and never hit the next task', async () => {
  let cancelled = 0;
  for (let i = 0; i < 40; i++) {
    // The loop ends between 140 and 160 ms after the cancel, when the termination is due.
    const loop = `const until = performance.now() + ${148 + (i % 20) / 2}; while (performance.now() < until) {} return 1`;
    const id = pool.launch('e1', loop);
    pool.started.backend.cancel('e1', id);
    const next = pool.launch('e1', 'return 7');
    const end = await pool.end(id);
    if (end.kind === 'cancelled') cancelled++;
    assert.is((await pool.end(next)).kind, 'success');
    assert.is(pool.ends.get(id)!.length, 1);
  }
  assert.is(await pool.run('e1', 'return kept.cache'), 42);
  assert.ok(cancelled > 0 && cancelled < 40, `${cancelled} of 40 were cancelled: the race was not met`);
});

test('a cancelled task stuck outside of JavaScript ends as cancelled, and its executor is killed', async () => {
  pool.output.length = 0;
  const id = pool.launch('e1', 'console.log("begun"); require("node:child_process").execSync("sleep 54321")');
  await until(5000, () => pool.output.length > 0, 'the begin of the task');
  pool.started.backend.cancel('e1', id);
  assert.equal(await pool.end(id, 2000), { kind: 'cancelled' });
  await until(2000, () => pool.lost.length === 1, 'the loss');
  await until(5000, () => pool.alive.length === 1, 'the replacement');
  assert.is(await pool.run(pool.alive[0], 'return kept.cache'), undefined);
  await until(2000, () => !processesOf('sleep\0' + '54321').length, 'the end of what the task had started');
});

test('endless ticks of a cancelled task cost the executor, and block no other task', async () => {
  pool.output.length = 0;
  const [executor] = pool.alive;
  const lost = pool.lost.length;
  const again = 'const again = () => { process.nextTick(again); for (;;); }';
  const id = pool.launch(executor, `console.log("begun"); ${again}; await new Promise(() => again())`);
  await until(5000, () => pool.output.length > 0, 'the begin of the task');
  pool.started.backend.cancel(executor, id);
  assert.equal(await pool.end(id, 5000), { kind: 'cancelled' });
  await until(5000, () => pool.lost.length === lost + 1 && pool.alive.length === 1, 'the replacement');
  assert.is(await pool.run(pool.alive[0], 'return 1'), 1);
});

test('leaves nothing behind', async () => {
  await pool.stop();
  await leaks.check();
});

test.run();
