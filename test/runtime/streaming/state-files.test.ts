// The files of a stream's state: what each batch writes, what is removed, and what happens where one is damaged or gone.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { loadKeyed, stepKeyed } from '../../../runtime/exec/state/keyed-versions';
import { StateStore } from '../../../runtime/exec/state/state-store';
import { StateTable } from '../../../runtime/exec/state/state-table';
import { updateState } from '../../../runtime/exec/state/state-tasks';
import { VersionFiles } from '../../../runtime/exec/state/version-file';
import { VersionUpdates } from '../../../runtime/exec/state/version-updates';
import { TaskUpdates } from '../../../runtime/exec/task-updates';
import { type Context, ManualClock, StreamingContext } from '../../../runtime/index';
import type { StateRule, StateStep } from '../../../runtime/plan/state-spec';
import { BlockUpdates } from '../../../runtime/storage/block-updates';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('state files');
let folder: string;

test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'state-files-'));
});
test.after.each(() => rmSync(folder, { recursive: true, force: true }));

const ref = { kind: 'library', name: 'add', args: [] } as const;
const rule: StateRule = { kind: 'reduce', f: ref };
const add = (a: number, b: number) => a + b;
const place = { id: 1 };
const nothingAdded = () => undefined;
const updates = () => new VersionUpdates(new TaskUpdates(), new BlockUpdates(), 0);
const files = () => new VersionFiles(folder, place, 0, 7);

const stepTo = (version: number, keepFrom: number): StateStep => ({
  place,
  operation: 'runningReduce',
  version,
  previous: version === 1 ? undefined : version - 1,
  start: 0,
  keepFrom,
  rule,
});

/** Versions 1 to `last`: the first has `keys` keys, each later one touches `touched` of them. */
function fill(last: number, keys: number, touched: number): StateTable {
  let table = new StateTable(false);
  for (let version = 1; version <= last; version++) {
    const rows = Array.from({ length: version === 1 ? keys : touched }, (_, i) => [(version * touched + i) % keys, 1]);
    table = stepKeyed(stepTo(version, version - 1), table, [rows], files(), () => add, nothingAdded);
  }
  return table;
}

const pairsOf = (table: StateTable) => new Map([...table.pairs()].flat() as [number, number][]);
const names = () => readdirSync(files().folder).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));

test('a batch writes what it touched, and a snapshot comes when the deltas are as large as the table', () => {
  const live = fill(26, 20_000, 2000);
  assert.equal(names().slice(0, 3), ['1.snapshot', '2.delta', '3.delta']);
  assert.ok(names().includes('11.snapshot') && names().includes('21.snapshot'));
  assert.equal(pairsOf(loadKeyed(rule, 26, files())), pairsOf(live));
});

test('two snapshots are kept, and nothing that is older', () => {
  fill(46, 20_000, 2000);
  assert.equal(
    names().filter((name) => name.endsWith('snapshot')),
    ['21.snapshot', '31.snapshot', '41.snapshot'],
  );
  assert.is(Number.parseInt(names()[0], 10), 21);
});

test('an older snapshot is read where the newest is damaged', () => {
  const live = fill(46, 20_000, 2000);
  const path = files().path(41, 'snapshot');
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
  assert.equal(pairsOf(loadKeyed(rule, 46, files())), pairsOf(live));
});

test('a damaged or missing file that nothing stands in for is named', () => {
  fill(5, 20_000, 10);
  const refuses = (version: number, says: RegExp) =>
    assert.throws(
      () => loadKeyed(rule, version, files()),
      (e: any) => e.code === 'STATE_LOST' && says.test(e.message),
    );
  truncateSync(files().path(3, 'delta'), 30);
  refuses(5, /3\.delta/);
  assert.is(loadKeyed(rule, 2, files()).version, 2);
  rmSync(files().path(1, 'snapshot'));
  refuses(2, /1\.delta.*ENOENT/);
});

test('removed keys stay removed, and times of touches survive', () => {
  const timed: StateRule = { kind: 'track', init: ref, update: ref, timeout: 3 };
  let table = new StateTable(true);
  const functions = [(_k: unknown, e: number) => e, (_k: unknown, s: number, e: number) => (e < 0 ? null : s + e)];
  const batches: [string, number][][] = [
    [
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ],
    [['a', -1]],
    [['c', 1]],
    [],
  ];
  batches.forEach((rows, i) => {
    const queue = [...functions];
    table = stepKeyed({ ...stepTo(i + 1, i), rule: timed }, table, [rows], files(), () => queue.shift()!, nothingAdded);
  });
  assert.equal([...table.pairs()].flat(), [['c', 2]]);
  const loaded = loadKeyed(timed, 3, files());
  assert.equal([...loaded.pairs()].flat(), [
    ['b', 1],
    ['c', 2],
  ]);
  assert.equal(
    loaded.takeUntouchedSince(1).map((n) => loaded.keyOf(n)),
    ['b'],
  );
});

test('many removals make the table anew without losing or moving anything', () => {
  let table = new StateTable(true);
  for (let i = 0; i < 5000; i++) {
    const n = table.find(i);
    table.set(n, i);
    table.touch(n, Math.floor(i / 1000));
  }
  for (let i = 0; i < 5000; i++) if (i % 5 !== 0) table.remove(table.find(i));
  table = table.compacted();
  assert.is(table.numbers, 1000);
  assert.is(table.size, 1000);
  assert.equal(
    table.takeUntouchedSince(0).map((n) => table.keyOf(n)),
    Array.from({ length: 200 }, (_, i) => i * 5),
  );
});

test('a state that is too large for the memory is refused with its size', () => {
  const store = new StateStore(100_000);
  const host = {
    store,
    updates: updates(),
    folder,
    taskId: 1,
    partition: 0,
    resolve: () => add,
    pull: () => [Array.from({ length: 5000 }, (_, i) => [i, 1])],
  };
  assert.throws(
    () => [...updateState(stepTo(1, 0), host)],
    (e: any) => e.code === 'STATE_TOO_LARGE' && /5000 keys/.test(e.message),
  );
});

test('tables that are not used give way to others and are read from their files again', () => {
  const store = new StateStore(300_000);
  const host = (partition: number, from: number) => ({
    store,
    updates: updates(),
    folder,
    taskId: from,
    partition,
    resolve: () => add,
    pull: (input: number) => (input === 0 ? [Array.from({ length: 2000 }, (_, i) => [i, from])] : []),
  });
  for (const version of [1, 2, 3])
    for (const partition of [0, 1, 2, 3]) for (const _ of updateState(stepTo(version, 0), host(partition, version)));
  const held = [0, 1, 2, 3].filter((p) => store.versionOf(place, p) !== undefined);
  assert.ok(held.length < 4 && held.length > 0, `${held}`);
  const table = loadKeyed(rule, 3, new VersionFiles(folder, place, 0, 9));
  assert.is(pairsOf(table).get(1), 6);
});

test('the same version made twice is made once', () => {
  const store = new StateStore(1e9);
  const host = (taskId: number) => ({
    store,
    updates: updates(),
    folder,
    taskId,
    partition: 0,
    resolve: () => add,
    pull: (i: number) => (i === 0 ? [[['a', 1]]] : []),
  });
  for (const taskId of [1, 2]) for (const _ of updateState(stepTo(1, 0), host(taskId)));
  // On another executor, which holds nothing.
  for (const _ of updateState(stepTo(1, 0), { ...host(3), store: new StateStore(1e9) }));
  assert.equal([...store.peek(place, 0, 4)!.pairs()].flat(), [['a', 1]]);
});

test('the checkpoint folder holds the last files of a stream, under a name that any text gives', async () => {
  const sc: Context = await connect(masterOf('local'));
  try {
    const clock = new ManualClock();
    const streaming = new StreamingContext(sc, '1s', { clock });
    streaming.checkpoint(folder);
    const batches = Array.from({ length: 20 }, (_, i) => [['a', i]] as [string, number][]);
    const pairs = streaming.queueStream(batches);
    const seen: number[] = [];
    const window = pairs.reduceByKeyAndWindow('3s', add, (a, b) => a - b, { partitioning: 1 });
    window.foreachRDD(async (rdd) => seen.push(...(await rdd.values().collect())));
    pairs
      .runningReduce(add, 1)
      .setName('sums')
      .foreachRDD((rdd) => rdd.count());
    streaming.start();
    for (let i = 0; i < 20; i++) {
      clock.advance('1s');
      await streaming.idle();
    }
    assert.equal(
      seen,
      Array.from({ length: 20 }, (_, i) => i + Math.max(0, i - 1) + Math.max(0, i - 2)),
    );
    const [state] = readdirSync(join(folder, 'state'));
    assert.match(state, /^[0-9a-f]{32}$/);
    assert.ok(readdirSync(join(folder, 'state', state, '0')).length <= 8, 'those of the window and of the two checkpoints');
    await streaming.stop();
  } finally {
    await sc.stop();
  }
});

test('an executor that does not see the checkpoint folder says so, and writes nowhere', async () => {
  const checkpoint = join(folder, 'elsewhere');
  const apart = new VersionFiles(folder, { id: 5, folder: join(checkpoint, 'state', 'abc') }, 0, 7);
  const error = await errorOf('DISK', () => apart.write('delta', { version: 1, rows: 0 }, []));
  assert.match(error.message, `Writing ${checkpoint} failed: the folder is not there on the machine of this executor`);
  assert.match(error.remedy, 'a disk that the session and all its executors see');
  assert.not.ok(existsSync(checkpoint));
});

test.run();
