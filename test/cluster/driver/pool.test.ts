// A pool of real executors: joining, running, blobs, output, progress, and the order of notifications.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decode } from '../../../runtime/wire/codec';
import { watchLeaks } from '../../helpers/leaks';
import { ToyPool, toyExecutor } from '../../helpers/pool';
import { until } from '../../helpers/within';

const test = suite('pool');
let leaks: ReturnType<typeof watchLeaks>;
let pool: ToyPool;

test.before(async () => {
  await toyExecutor();
  leaks = watchLeaks();
  pool = await ToyPool.start('local[2]');
});

test('every executor joins once, with an id and one slot', () => {
  assert.is(pool.started.slots, 2);
  assert.equal(
    pool.joined.map(({ id, slots, outputsSurvive }) => ({ id, slots, outputsSurvive })).sort((a, b) => (a.id < b.id ? -1 : 1)),
    [
      { id: 'e1', slots: 1, outputsSurvive: true },
      { id: 'e2', slots: 1, outputsSurvive: true },
    ],
  );
});

test('each executor is a process of its own', async () => {
  const pids = await Promise.all(pool.alive.map((id) => pool.pid(id)));
  assert.is(new Set([process.pid, ...pids]).size, 3);
});

test('a task gets its split, and its value comes back with its bytes', async () => {
  const split = Uint8Array.from({ length: 300_000 }, (_, i) => i & 255);
  const back = (await pool.run('e1', 'return task.split', { split })) as Uint8Array;
  assert.is(Buffer.compare(Buffer.from(back), Buffer.from(split)), 0);
});

test('values with keys that no text format carries arrive unchanged', async () => {
  const value = (await pool.run('e1', 'return JSON.parse(`{"__proto__":1,"constructor":2,"prototype":3}`)')) as object;
  assert.equal(Object.keys(value), ['__proto__', 'constructor', 'prototype']);
});

test('accumulator updates and map outputs come back', async () => {
  const end = await pool.end(
    pool.launch(
      'e2',
      `return { end: { kind: 'success', value: new Uint8Array([7]), cached: [{ rddId: 1, partition: 2, bytes: 3, diskBytes: 0 }], evicted: [{ rddId: 1, partition: 3 }],
         accumulators: [{ id: 'a', value: new Map([['__proto__', 1]]) }],
         output: { shuffleId: 4, mapIndex: 5, executorId: options.executorId, writer: 0, sizes: [1, 2] },
         metrics: { runMs: 0.5, recordsRead: 1, shuffleBytesWritten: 3, shuffleBytesRead: 0 } } }`,
    ),
  );
  assert.is(end.kind, 'success');
  if (end.kind !== 'success') return;
  assert.equal(end.accumulators, [{ id: 'a', value: new Map([['__proto__', 1]]) }]);
  assert.equal(end.output, { shuffleId: 4, mapIndex: 5, executorId: 'e2', writer: 0, sizes: [1, 2] });
  assert.equal(end.cached, [{ rddId: 1, partition: 2, bytes: 3, diskBytes: 0 }]);
  assert.equal(end.evicted, [{ rddId: 1, partition: 3 }]);
  assert.equal(Array.from(end.value), [7]);
});

test('a user error keeps its name, message and stack', async () => {
  const end = await pool.end(pool.launch('e1', 'throw new RangeError("no such word")'));
  assert.is(end.kind, 'userError');
  if (end.kind !== 'userError') return;
  assert.is(end.error.name, 'RangeError');
  assert.is(end.error.message, 'no such word');
});

test('errors of any size cost no executor', async () => {
  for (const program of [
    'throw new Error("x".repeat(70 << 20))',
    'const e = new Error("long name"); e.name = "n".repeat(2 << 20); throw e',
    'const e = new Error("long stack"); e.stack = "s".repeat(70 << 20); throw e',
    'return { end: { kind: "userError", error: { name: "E", message: "", stack: "", frames: Array(4000).fill({ file: "f", line: 1, column: 1 }) } } }',
    'return { end: { kind: "fetchFailed", shuffleId: 1, mapIndex: 0, writer: 0, reason: "r".repeat(1 << 20) } }',
  ]) {
    const end = await pool.end(pool.launch('e1', program));
    assert.match(end.kind, /userError|fetchFailed/);
  }
  assert.is(await pool.run('e1', 'return 1'), 1);
  assert.equal(pool.lost, []);
});

test('what is larger than an executor takes is refused before it is sent', async () => {
  pool.programs.set('huge', new Uint8Array(2 ** 31 - 65_536));
  assert.throws(() => pool.launch('e1', 'return 1', { needs: ['huge'] }), /huge is too large for an executor: it has 2\.0 GiB/);
  pool.programs.delete('huge');
  assert.throws(() => pool.launch('e1', 'return 1', { needs: Array(100_001).fill('words') }), /it has 100002 broadcasts/);
  assert.is(await pool.run('e1', 'return 1'), 1);
  assert.equal(pool.lost, []);
});

test('a blob is sent once to each executor that needs it, and again after it was forgotten', async () => {
  pool.programs.set('words', Buffer.from('first'));
  const read = 'return [Buffer.from(blobs.get("words")).toString(), (kept.seen ??= new Set()).add(blobs.get("words")).size]';
  assert.equal(await pool.run('e1', read, { needs: ['words'] }), ['first', 1]);
  assert.equal(await pool.run('e1', read, { needs: ['words'] }), ['first', 1], 'the same bytes, not sent again');
  assert.equal(await pool.run('e2', read, { needs: ['words'] }), ['first', 1]);
  pool.started.backend.forget({ kind: 'blob', id: 'words' });
  assert.is(await pool.run('e1', 'return blobs.has("words")'), false);
  assert.is(await pool.run('e2', 'return blobs.has("words")'), false);
  pool.programs.set('words', Buffer.from('second'));
  assert.equal(await pool.run('e1', read, { needs: ['words'] }), ['second', 2]);
});

test('a broadcast of 64 MB arrives whole', async () => {
  const big = Buffer.alloc(64 << 20, 1);
  big[big.length - 1] = 2;
  pool.programs.set('big', big);
  const sum = 'const b = blobs.get("big"); return [b.length, b[0], b.at(-1)]';
  assert.equal(await pool.run('e1', sum, { needs: ['big'] }), [64 << 20, 1, 2]);
  pool.started.backend.forget({ kind: 'blob', id: 'big' });
});

test('a result of 64 MB comes back whole', async () => {
  const value = (await pool.run('e1', 'return new Uint8Array(64 << 20).fill(9)')) as Uint8Array;
  assert.is(value.length, 64 << 20);
  assert.is(value.at(-1), 9);
});

test('many tasks queued on one executor all end, once each, in order', async () => {
  const ids = Array.from({ length: 200 }, (_, i) => pool.launch('e1', 'return task.split[0]', { split: Uint8Array.of(i) }));
  const ends = await Promise.all(ids.map((id) => pool.end(id)));
  assert.equal(
    ends.map((end) => end.kind === 'success' && decode(end.value)),
    ids.map((_, i) => i),
  );
  const order = [...pool.ends.keys()].filter((id) => ids.includes(id));
  assert.equal(order, ids);
  assert.ok(ids.every((id) => pool.ends.get(id)!.length === 1));
});

test('what a task prints arrives as lines, before the end of the task', async () => {
  pool.output.length = 0;
  await pool.run(
    'e1',
    'console.log("one\\ntwo"); console.error("bad"); process.stdout.write("three"); process.stdout.write("!\\n")',
  );
  assert.equal(
    pool.output.filter((line) => line.startsWith('stdout')),
    ['stdout: one', 'stdout: two', 'stdout: three!'],
  );
  assert.equal(
    pool.output.filter((line) => line.startsWith('stderr')),
    ['stderr: bad'],
  );
});

test('a flood of output is cut to a bounded number of lines, and counted', async () => {
  pool.output.length = 0;
  await pool.run('e2', 'for (let i = 0; i < 50_000; i++) console.log("line " + i)');
  await pool.run('e2', 'await new Promise((r) => setTimeout(r, 1000)); console.log("after")');
  await until(5000, () => pool.output.includes('stdout: after'), 'the line after the flood');
  assert.ok(pool.output.length < 10_000, `${pool.output.length} lines`);
  const dropped = pool.output.map((line) => Number(/… (\d+) more lines/.exec(line)?.[1] ?? 0)).reduce((a, b) => a + b, 0);
  const shown = pool.output.filter((line) => line.startsWith('stdout: line')).length;
  assert.is(dropped + shown, 50_000);
});

test('the progress of a task that never yields is reported while it runs', async () => {
  const id = pool.launch('e1', 'for (let i = 1; !control.cancelled(); i++) control.progress(i)');
  await until(5000, () => (pool.progress.get(id)?.length ?? 0) >= 2, 'two reports');
  pool.started.backend.cancel('e1', id);
  await pool.end(id);
  const told = pool.progress.get(id)!;
  assert.ok(told[0] > 0 && told[1] > told[0], `${told}`);
});

test('an error thrown outside of any task is printed and costs no executor', async () => {
  pool.output.length = 0;
  await pool.run('e1', 'setTimeout(() => { throw new Error("late") }, 0); Promise.reject(new Error("stray"))');
  await until(5000, () => pool.output.some((line) => line.includes('late')), 'the late error');
  await until(5000, () => pool.output.some((line) => line.includes('stray')), 'the stray rejection');
  assert.is(await pool.run('e1', 'return 1'), 1);
  assert.is(pool.lost.length, 0);
});

test('executors share the driver’s working folder, but not its environment', async () => {
  process.env.MILLRACE_TEST_SECRET = 'x';
  const other = await ToyPool.start('local[1]');
  assert.is(await other.run('e1', 'return process.cwd()'), process.cwd());
  assert.is(await other.run('e1', 'return process.env.MILLRACE_TEST_SECRET'), undefined);
  assert.is(await other.run('e1', 'return process.env.PATH'), process.env.PATH);
  delete process.env.MILLRACE_TEST_SECRET;
  await other.stop();
});

test('leaves nothing behind', async () => {
  await pool.stop();
  await leaks.check();
});

test.run();
