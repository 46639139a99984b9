// Columns that no step uses are not read: what functions read of a row by their texts, and tables whose other columns are damaged.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { capture } from '../../../runtime/closure';
import { usedFields } from '../../../runtime/closure/used-fields';
import type { Context } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('wanted columns');
let sc: Context;
let folder: string;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wanted-'));
  sc = await connect(masterOf('local'));
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

const fieldsOf = (f: (row: any, other?: any) => unknown) =>
  usedFields(capture(f, { operation: 'map', autoBroadcastBytes: 1e6, allowDeadZone: false }).closure);

const factor = 2;

test('what a function reads of its row, by its text', () => {
  assert.equal(
    fieldsOf((f) => f.a),
    ['a'],
  );
  assert.equal(
    fieldsOf((f) => f.a.b + f['c d'] * factor),
    ['a', 'c d'],
  );
  assert.equal(
    fieldsOf(({ a, b: { c } }) => a + c),
    ['a', 'b'],
  );
  assert.equal(
    fieldsOf((f) => [1, 2].map((x) => x + f.a)),
    ['a'],
  );
  assert.equal(
    fieldsOf((f) => ({ f: f.a, b: f.b ?? f.c })),
    ['a', 'b', 'c'],
  );
  assert.equal(
    fieldsOf((f) => {
      const { a, b } = f;
      return a + b;
    }),
    ['a', 'b'],
  );
  assert.equal(
    fieldsOf(() => 1),
    [],
  );
});

test('what may use all of its row', () => {
  const all: ((row: any, other?: any) => unknown)[] = [
    (f) => f,
    (f) => ({ ...f }),
    (f) => JSON.stringify(f),
    (f) => f[factor],
    (f) => Object.keys(f).length,
    (f) => Object.hasOwn(f, 'a'),
    (f) => ({ f }),
    ({ a, ...rest }) => [a, rest],
    ({ ['a']: a }) => a,
    (f) => `${f}`,
    (f) => [f.a, (() => f)()],
    function () {
      // biome-ignore lint/complexity/noArguments: this is the point.
      return arguments[0];
    },
  ];
  for (const f of all) assert.is(fieldsOf(f), undefined, String(f));
});

test('a CSV value in a column that nobody reads is not looked at', async () => {
  const path = join(folder, 'a.csv');
  writeFileSync(path, `id,delay,note\n${'1,2,x\n'.repeat(50)}2,late,y\n`);
  const rows = sc.csv(path, { sample: 10 });
  await errorOf('BAD_VALUE', () => rows.collect());
  assert.is((await rows.map((row) => row.id).collect()).at(-1), 2);
  assert.equal(
    await rows
      .filter((row) => row.id === 2)
      .map((row) => row.note)
      .collect(),
    ['y'],
  );
  assert.is(await rows.filter((row) => row.id === 2).count(), 1);
  assert.equal(
    await rows
      .map((row) => [row.note, 1] as [string, number])
      .reduceByKey((a, b) => a + b)
      .sortByKey()
      .collect(),
    [
      ['x', 50],
      ['y', 1],
    ],
  );
  await errorOf('BAD_VALUE', () => rows.filter((row) => row.id === 2).collect());
  await errorOf('BAD_VALUE', () => rows.keyBy((row) => row.id).collect());
});

test('the pages of a Parquet column that nobody reads are not touched', async () => {
  const path = join(folder, 'a.parquet');
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  await db.run(`copy (select i, 'text number ' || i t from range(1000) t(i)) to '${path}'`);
  const bytes = readFileSync(path);
  const at = bytes.indexOf('text number');
  bytes.fill(0xff, at - 30, at + 200);
  writeFileSync(path, bytes);
  await errorOf('UNREADABLE_TABLE', () => sc.parquet(path).collect());
  assert.is(
    await sc
      .parquet(path)
      .map((row) => row.i)
      .sum(),
    499_500,
  );
  assert.is(await sc.parquet(path).count(), 1000);
});

test.run();
