// Types that a program gives are checked as rows are read, in all formats: the first value that differs fails with its place.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';

const test = suite('given types');
let folder: string;
let sc: Context;

const rows = [
  { a: 'x', n: 1, f: 1.5, m: 1 as number | null, at: new Date(0) },
  { a: '7', n: 2, f: 2, m: null, at: new Date(1) },
];

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'given-types-'));
  sc = await connect('local');
  const all = sc.parallelize(rows, 1);
  await all.saveAsParquet(join(folder, 'parquet'));
  await all.saveAsArrow(join(folder, 'arrow'));
  await all.saveAsJsonLines(join(folder, 'jsonLines'));
  await all.saveAsCsv(join(folder, 'csv'));
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

const places = {
  parquet: /part-00000\.parquet, row group 0, row (\d)/,
  arrow: /part-00000\.arrow, record batch 0, row (\d)/,
  jsonLines: /part-00000\.jsonl, line (\d)/,
  csv: /part-00000\.csv, line (\d)/,
} as const;

for (const reader of ['parquet', 'arrow', 'jsonLines', 'csv'] as const) {
  const read = (types: object) => sc[reader](join(folder, reader), { types } as never);
  const line = (row: number) => String(row + (reader === 'csv' ? 1 : 0));

  test(`${reader}: a value of another kind, and a null where none may be`, async () => {
    for (const [types, row, column] of [
      [{ a: 'double' }, 1, 'a'],
      [{ a: 'date' }, 1, 'a'],
      [{ n: 'boolean' }, 1, 'n'],
      // Numbers of JSON have one kind.
      ...(reader === 'jsonLines' ? [] : ([[{ f: 'int' }, 1, 'f']] as const)),
      [{ m: 'double' }, 2, 'm'],
      [{ at: 'boolean | null' }, 1, 'at'],
    ] as const) {
      const error = await errorOf('BAD_VALUE', () => read(types).collect());
      assert.match(error.message, new RegExp(`column ${column}:`));
      assert.is(places[reader].exec(error.message)?.[1], line(row), error.message);
    }
  });

  test(`${reader}: what fits is read`, async () => {
    const given = await read({ a: 'text', n: 'double', f: 'double | null', m: 'int | null' }).collect();
    assert.equal(
      given.map(({ a, n, f, m }: Record<string, unknown>) => [a, n, f, m]),
      rows.map(({ a, n, f, m }) => [a, n, f, m]),
    );
  });
}

test('a column that is read is checked, one that no function uses is not', async () => {
  const parquet = sc.parquet(join(folder, 'parquet'), { types: { m: 'double' } } as never);
  assert.is(await parquet.map((r) => (r as { n: number }).n).sum(), 3);
  await errorOf('BAD_VALUE', () => parquet.map((r) => (r as { m: number }).m).sum());
});

test.run();
