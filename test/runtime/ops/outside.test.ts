// What leaves the engine and comes back: object files, packed text, commands, actions that are cancelled.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';
import { isAlive } from '../../helpers/processes';
import { until, within } from '../../helpers/within';

const test = suite('outside');
let sc: Context;
let folder: string;

test.before(async () => {
  sc = await connect(masterOf('local'));
  folder = mkdtempSync(join(tmpdir(), 'outside-'));
});

const hostile = () => [
  undefined,
  null,
  Number.NaN,
  -0,
  2n ** 70n,
  '\ud800',
  new Date(5),
  new Map([[1, new Set(['a'])]]),
  new Float32Array([1, 2]),
  [['a', [1, 2]]],
  JSON.parse('{"__proto__": 1, "constructor": 2}'),
];

// ---- object files

test('rows come back from an object file as they were', async () => {
  const path = join(folder, 'objects');
  await sc.parallelize<unknown>(hostile(), 3).saveAsObjectFile(path);
  assert.equal(readdirSync(path).sort(), ['_SUCCESS', 'part-00000', 'part-00001', 'part-00002']);
  const back = sc.objectFile(path);
  assert.is(back.numPartitions, 3);
  assert.equal(await back.collect(), hostile());
});

test('object files: none, empty partitions, many rows, long rows', async () => {
  const path = join(folder, 'sizes');
  await sc.emptyRDD().saveAsObjectFile(`${path}0`);
  assert.is(await sc.objectFile(`${path}0`).count(), 0);
  await sc.parallelize<number>([], 2).saveAsObjectFile(`${path}1`);
  assert.equal(await sc.objectFile(`${path}1`).glom().collect(), [[], []]);
  await sc
    .range(0, 50_000, 1, 3)
    .map((x) => ({ x, name: `n${x}` }))
    .saveAsObjectFile(`${path}2`);
  const rows = sc.objectFile<{ x: number; name: string }>(`${path}2`);
  assert.is(await rows.count(), 50_000);
  assert.is(await rows.filter(({ x, name }) => name !== `n${x}`).count(), 0);
  assert.is(await rows.map(({ x }) => x).sum(), (50_000 * 49_999) / 2);
  await sc
    .parallelize([1, 2], 1)
    .map((x) => 'y'.repeat(x * 3_000_000))
    .saveAsObjectFile(`${path}3`);
  assert.equal(
    await sc
      .objectFile<string>(`${path}3/part-*`)
      .map((t) => t.length)
      .collect(),
    [3_000_000, 6_000_000],
  );
});

test('a damaged object file: every flipped byte and every cut is found', async () => {
  const path = join(folder, 'damaged');
  await sc.parallelize([['a', 1], 'text', { b: [1.5, null] }], 1).saveAsObjectFile(path);
  const part = join(path, 'part-00000');
  const whole = readFileSync(part);
  const read = () => sc.objectFile(part).collect();
  for (let at = 0; at < whole.length; at++) {
    const bad = Buffer.from(whole);
    bad[at] ^= 1 << (at % 8);
    writeFileSync(part, bad);
    await errorOf('BAD_OBJECT_FILE', read);
    writeFileSync(part, whole.subarray(0, at));
    await errorOf('BAD_OBJECT_FILE', read);
  }
  writeFileSync(part, Buffer.concat([whole, Buffer.from('x')]));
  await errorOf('BAD_OBJECT_FILE', read);
  writeFileSync(part, whole);
  assert.is((await read()).length, 3);
  truncateSync(part, 0);
  const error = await errorOf('BAD_OBJECT_FILE', read);
  assert.ok(error.message.includes(part) && error.message.includes('ends too early'), error.message);
});

test('object files: wrong arguments, folders that exist, rows that cannot leave', async () => {
  for (const path of ['', '  ', 5, undefined]) {
    await errorOf('BAD_ARGUMENT', () => sc.range(3).saveAsObjectFile(path as string));
    await errorOf('BAD_ARGUMENT', () => sc.objectFile(path as string));
  }
  await errorOf('OUTPUT_EXISTS', () => sc.range(3).saveAsObjectFile(folder));
  await errorOf('NO_SUCH_PATH', () => sc.objectFile(join(folder, 'nothing')).count());
  const functions = join(folder, 'functions');
  await errorOf('UNSHIPPABLE_VALUE', () =>
    sc
      .range(3)
      .map((x) => () => x)
      .saveAsObjectFile(functions),
  );
  assert.not(existsSync(functions));
  writeFileSync(join(folder, 'text.txt'), 'not one');
  await errorOf('BAD_OBJECT_FILE', () => sc.objectFile(join(folder, 'text.txt')).count());
});

// ---- packed text

test('saveAsTextFile packs on request, and textFile reads it back', async () => {
  const path = join(folder, 'packed');
  const lines = sc.range(0, 200_000, 1, 2).map((x) => `line ${x} é`);
  await lines.union(sc.parallelize<string>([], 1)).saveAsTextFile(path, { compression: 'gzip' });
  assert.equal(readdirSync(path).sort(), ['_SUCCESS', 'part-00000.gz', 'part-00001.gz', 'part-00002.gz']);
  assert.ok(readFileSync(join(path, 'part-00000.gz')).length < 500_000);
  assert.is(gunzipSync(readFileSync(join(path, 'part-00002.gz'))).length, 0);
  assert.is(await sc.textFile(path).count(), 200_000);
  assert.is(await sc.textFile(path).subtract(lines).count(), 0);
  await errorOf('BAD_ARGUMENT', () => lines.saveAsTextFile(join(folder, 'x'), { compression: 'zip' as never }));
  await sc
    .parallelize([[1, 2n], 'a', new Date(0)] as unknown[], 1)
    .saveAsTextFile(join(folder, 'plain'), { compression: 'none' });
  assert.is(readFileSync(join(folder, 'plain/part-00000'), 'utf8'), '[1,{"$bigint":"2"}]\na\n1970-01-01T00:00:00.000Z\n');
});

// ---- commands

test('pipe: lines in, lines out, a process for each partition', async () => {
  const rows = sc.parallelize(['b', 'a', 'd', 'c'], 2);
  assert.equal(await rows.pipe(['sort']).glom().collect(), [
    ['a', 'b'],
    ['c', 'd'],
  ]);
  assert.equal(await rows.pipe(['cat']).pipe(['tr', 'a-d', 'A-D']).collect(), ['B', 'A', 'D', 'C']);
  assert.equal(
    await sc
      .parallelize<unknown>([{ a: 1 }, [1], null, 2n], 1)
      .pipe(['cat'])
      .collect(),
    ['{"a":1}', '[1]', 'null', '2'],
  );
  assert.equal(
    await sc
      .parallelize<string>([], 2)
      .pipe(['wc', '-l'])
      .map((l) => l.trim())
      .collect(),
    ['0', '0'],
  );
  assert.equal(await sc.emptyRDD<string>().pipe(['cat']).collect(), []);
});

test('pipe: arguments are never read by a shell; environment and folder', async () => {
  const rows = sc.parallelize(['x'], 1);
  assert.equal(await rows.pipe(['echo', '$HOME', '; rm -rf /', '*']).collect(), ['$HOME ; rm -rf / *']);
  const command = ['sh', '-c', 'echo $GREETING in $PWD'];
  assert.equal(await rows.pipe(command, { env: { GREETING: 'hi' }, cwd: '/' }).collect(), ['hi in /']);
});

test('pipe: more data than a pipe holds, and a command that does not read', async () => {
  const rows = sc.range(0, 300_000, 1, 2).map((x) => `row ${x}`);
  assert.is(await rows.pipe(['cat']).count(), 300_000);
  assert.equal(await rows.pipe(['echo', 'done']).collect(), ['done', 'done']);
  assert.equal(await rows.pipe(['head', '-n', '1']).collect(), ['row 0', 'row 150000']);
});

test('pipe: an endless command, and endless input, end with the task that wants no more', async () => {
  const pids = join(folder, 'pids');
  const endless = (text: string) => ['sh', '-c', `echo $$ >> ${pids}; ${text}`];
  const rows = sc.parallelize(['x'], 1);
  assert.equal(await within(10_000, rows.pipe(endless('yes a')).take(2), 'yes'), ['a', 'a']);
  assert.equal(await within(10_000, rows.pipe(endless('echo first; sleep 600')).take(1), 'sleep'), ['first']);
  assert.equal(await within(10_000, rows.pipe(endless('while :; do echo y; done')).pipe(['head', '-n', '2']).collect(), 'two'), [
    'y',
    'y',
  ]);
  const numbers = sc.parallelize([0], 1).mapPartitions(function* () {
    for (let i = 0; ; i++) yield i;
  });
  assert.equal(await within(10_000, numbers.pipe(['head', '-n', '3']).collect(), 'head'), ['0', '1', '2']);
  await errorOf('TASK_FAILED', () =>
    rows
      .pipe(endless('yes b'))
      .map(() => {
        throw new Error('no');
      })
      .count(),
  );
  const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
  assert.is(started.length, 7, 'three, and four tries');
  await until(5000, () => started.every((pid) => !isAlive(pid)), 'the commands end');
});

test('pipe: a line that is cut between two writes, line ends of Windows, no end at the last line', async () => {
  const rows = sc.parallelize(['x'], 1);
  const text = "printf 'a\\303'; sleep 0.05; printf '\\251b\\r\\n\\nlast'";
  assert.equal(await rows.pipe(['sh', '-c', text]).collect(), ['a\u00e9b', '', 'last']);
});

test('pipe: commands that fail', async () => {
  const rows = sc.parallelize(['x'], 1);
  const status = await errorOf('COMMAND_FAILED', () => rows.pipe(['sh', '-c', 'echo no >&2; exit 3']).collect());
  assert.match(status.message, /it ended with status 3: no/);
  const missing = await errorOf('COMMAND_FAILED', () => rows.pipe(['no-such-command-here']).collect());
  assert.match(missing.message, /no-such-command-here.*ENOENT/);
  await errorOf('COMMAND_FAILED', () => rows.pipe(['cat'], { cwd: join(folder, 'nowhere') }).collect());
  const killed = await errorOf('COMMAND_FAILED', () => rows.pipe(['sh', '-c', 'kill -9 $$']).collect());
  assert.match(killed.message, /SIGKILL/);
});

test('pipe: wrong arguments', async () => {
  const rows = sc.parallelize(['x'], 1);
  for (const command of ['cat', [], [''], [1], ['a', null], ['a\0b'], undefined])
    await errorOf('BAD_ARGUMENT', () => rows.pipe(command as never));
  for (const options of [{ cwd: '' }, { cwd: 5 }, { env: null }, { env: { A: 1 } }, { env: 'A=1' }])
    await errorOf('BAD_ARGUMENT', () => rows.pipe(['cat'], options as never));
});

// ---- asynchronous actions

test('asynchronous actions answer as the others do', async () => {
  const rdd = sc.range(0, 10, 1, 3);
  const seen = sc.longAccumulator();
  assert.is(await rdd.countAsync(), 10);
  assert.equal(await rdd.collectAsync(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(await rdd.takeAsync(3), [0, 1, 2]);
  await rdd.foreachAsync((x) => seen.add(x));
  await rdd.foreachPartitionAsync((rows) => {
    for (const x of rows) seen.add(x);
  });
  assert.is(seen.value, 90);
  await errorOf('BAD_ARGUMENT', () => rdd.takeAsync(-1));
  await errorOf('BAD_ARGUMENT', () => rdd.foreachAsync(5 as never));
});

test('cancel stops this action and no other', async () => {
  const endless = () => sc.range(0, 1e12, 1, 1).filter((x) => x < 0);
  const cancelled = [endless().countAsync(), endless().collectAsync(), endless().takeAsync(1), endless().foreachAsync(() => {})];
  const other = sc.range(0, 1000, 1, 4).countAsync();
  for (const action of cancelled) action.cancel();
  for (const action of cancelled) {
    const error = await errorOf('JOB_CANCELLED', () => within<unknown>(5_000, action, 'the cancel'));
    assert.match(error.message, /cancelled by its cancel\(\)/);
  }
  assert.is(await within(5_000, other, 'the other job'), 1000);
  const done = sc.range(5).countAsync();
  assert.is(await done, 5);
  done.cancel();
  assert.is(await done, 5);
});

test('a cancelled action leaves what others wait for: the sampling of a sort', async () => {
  const sorted = sc.range(0, 1000, 1, 3).sortBy((x) => -x, true, 3);
  const first = sorted.collectAsync();
  const second = sorted.take(2);
  first.cancel();
  await errorOf('JOB_CANCELLED', () => first);
  assert.equal(await within(10_000, second, 'the other action'), [999, 998]);
  const ended = () => sc.jobs().every(({ status }) => status !== 'running');
  await within(
    5_000,
    (async () => {
      while (!ended()) await new Promise(setImmediate);
    })(),
    'the end of all jobs',
  );
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

test.run();
