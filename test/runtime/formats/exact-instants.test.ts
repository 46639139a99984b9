// Microseconds and nanoseconds of instants are kept where their column is asked for as text, and the schema says which columns have them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context } from '../../../runtime/index';
import { rowInterface } from '../../../runtime/schema/schema-text';

const test = suite('exact instants');
let folder: string;
let sc: Context;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'exact-instants-'));
  sc = await connect('local');
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

const texts = [
  '2026-03-01T12:30:00.123456Z',
  '1969-12-31T23:59:59.999999Z',
  '2026-03-01T12:30:00Z',
  '0044-03-15T12:00:00.000001Z',
];

test('Parquet of another writer: with a zone, without one, nanoseconds, and as dates', async () => {
  const path = join(folder, 'd.parquet');
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  const values = "unnest(['2026-03-01 12:30:00.123456789', '1969-12-31 23:59:59.999999999', null])";
  await db.run("set TimeZone='UTC'");
  await db.run(
    `copy (select v::timestamp_ns n, v::timestamp u, v::timestamptz z from (select ${values} v)) to '${path}' (format parquet)`,
  );
  const types = { n: 'text | null', u: 'text | null', z: 'text | null' } as const;
  assert.equal(await sc.parquet(path, { types }).collect(), [
    { n: '2026-03-01T12:30:00.123456789', u: '2026-03-01T12:30:00.123456', z: '2026-03-01T12:30:00.123456Z' },
    { n: '1969-12-31T23:59:59.999999999', u: '1969-12-31T23:59:59.999999', z: '1969-12-31T23:59:59.999999Z' },
    { n: null, u: null, z: null },
  ]);
  const dates = await sc.parquet<{ z: Date | null }>(path).collect();
  assert.is(dates[1].z!.toISOString(), '1969-12-31T23:59:59.999Z');
  const text = rowInterface('Row', sc.parquet(path).schema!);
  assert.match(text, /nanoseconds, which the type 'text' keeps\. \*\/\n {2}n: Date \| null;/);
  assert.match(text, /microseconds, which the type 'text' keeps\. \*\/\n {2}z: Date \| null;/);
});

test('what is written with microseconds is read with them, from Parquet, Arrow and CSV', async () => {
  const rows = sc.parallelize(
    texts.map((at) => ({ at })),
    2,
  );
  for (const [save, read] of [
    ['saveAsParquet', 'parquet'],
    ['saveAsArrow', 'arrow'],
  ] as const) {
    const path = join(folder, read);
    await rows[save](path, { types: { at: 'timestamp' } });
    const back = await sc[read](path, { types: { at: 'text' } }).collect();
    assert.equal(
      back,
      texts.map((at) => ({ at })),
      read,
    );
  }
  const path = join(folder, 'c.csv');
  writeFileSync(path, `at\n${texts.join('\n')}\n`);
  assert.equal(
    await sc.csv(path, { types: { at: 'text' } }).collect(),
    texts.map((at) => ({ at })),
  );
});

test.run();
