// Writing tables through the public API: what is in the files, whole or not at all, columns of all kinds, and errors that name the row.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context, RDD } from '../../../runtime/index';
import { rowType } from '../../../runtime/schema/schema-text';
import { errorOf } from '../../helpers/errors';

const test = suite('written tables');
let sc: Context;
let folder: string;
let ask: (sql: string) => Promise<unknown[][]>;
const path = (name: string) => join(folder, name);
const text = (name: string) => readFileSync(path(name), 'utf8');

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'written-'));
  sc = await connect('local');
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  ask = async (sql) => (await db.runAndReadAll(sql.replaceAll('$', `${folder}/`))).getRowsJson() as unknown[][];
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

const people = [
  { id: 1, name: 'ada, "the first"', born: new Date('1815-12-10T00:00:00Z'), tags: ['a', null], at: { x: 1.5, y: null } },
  { id: 2, name: null, born: null, tags: [], at: null },
  { id: 3, name: '', born: new Date('2000-01-01T12:30:00.250Z'), tags: null, at: { x: -0, y: 2 } },
];

test('CSV has a header in each file, tells the empty text from null, and quotes what must be', async () => {
  await sc.parallelize(people, 2).saveAsCsv(path('csv'));
  assert.equal(readdirSync(path('csv')), ['_SUCCESS', 'part-00000.csv', 'part-00001.csv']);
  assert.is(
    text('csv/part-00000.csv'),
    'id,name,born,tags,at\n1,"ada, ""the first""",1815-12-10T00:00:00.000Z,"[""a"",null]","{""x"":1.5,""y"":null}"\n',
  );
  assert.is(text('csv/part-00001.csv'), 'id,name,born,tags,at\n2,,,[],\n3,"",2000-01-01T12:30:00.250Z,,"{""x"":-0.0,""y"":2}"\n');
  const back = await sc.csv(path('csv')).collect();
  assert.equal(
    back.map(({ name }) => name),
    people.map(({ name }) => name),
  );
  await sc
    .parallelize([{ a: 'x;y', b: true }], 1)
    .saveAsCsv(path('semi'), { delimiter: ';', header: false, compression: 'gzip' });
  assert.is(gunzipSync(readFileSync(path('semi/part-00000.csv.gz'))).toString(), '"x;y";true\n');
});

test('JSON lines are what any tool reads: no tags, all digits, bytes and maps as text and objects', async () => {
  const rows = [
    { big: 2n ** 60n, at: new Date(0), map: new Map([['k', 1]]), raw: new Uint8Array([1, 255]), no: Number.NaN, gone: undefined },
  ];
  await sc.parallelize<unknown>([...rows, 7, [1, 'a\n']], 1).saveAsJsonLines(path('json'));
  assert.is(
    text('json/part-00000.jsonl'),
    '{"big":1152921504606846976,"at":"1970-01-01T00:00:00.000Z","map":{"k":1},"raw":"01ff","no":null}\n7\n[1,"a\\n"]\n',
  );
});

test('Parquet and Arrow files have the types of the rows, and are read back equal', async () => {
  for (const format of ['Parquet', 'Arrow'] as const) {
    const name = format.toLowerCase();
    await sc.parallelize(people, 2)[`saveAs${format}`](path(name));
    const rows = sc[format === 'Parquet' ? 'parquet' : 'arrow'](path(name));
    assert.equal(await rows.collect(), people, name);
    assert.is(
      rowType(rows.schema!),
      '{ id: number, name: string | null, born: Date | null, tags: (string | null)[] | null, ' +
        'at: { x: number | null, y: number | null } | null }',
    );
  }
  assert.equal(await ask(`select id, name, born::varchar, tags, "at".x from '$parquet/*.parquet' order by id`), [
    ['1', 'ada, "the first"', '1815-12-10 00:00:00+00', ['a', null], 1.5],
    ['2', null, null, [], null],
    ['3', '', '2000-01-01 12:30:00.25+00', null, -0],
  ]);
});

test('a column has the type that all rows allow, in whatever partition they stand', async () => {
  const rows: RDD<object> = sc.parallelize<object>([{ a: 1 }, { a: null, b: 2n }, { a: 1.5 }, { b: 7, c: [] }, { c: [1] }], 5);
  await rows.saveAsParquet(path('joined'));
  const back = sc.parquet(path('joined'));
  assert.is(rowType(back.schema!), '{ a: number | null, b: number | null, c: (number | null)[] | null }');
  assert.equal(await back.collect(), [
    { a: 1, b: null, c: null },
    { a: null, b: 2, c: null },
    { a: 1.5, b: null, c: null },
    { a: null, b: 7, c: [] },
    { a: null, b: null, c: [1] },
  ]);
});

test('the columns of a table or a query are not looked for, also where there is no row', async () => {
  writeFileSync(path('flights.csv'), 'carrier,delay,day\nAA,5,2026-03-01\nBB,,2026-03-02\n');
  const flights = sc.csv(path('flights.csv'));
  const before = sc.jobs().length;
  await flights.saveAsParquet(path('flights'));
  assert.is(sc.jobs().length - before, 1);
  assert.equal(await ask("select column_name, column_type from (describe select * from '$flights/*.parquet')"), [
    ['carrier', 'VARCHAR'],
    ['delay', 'BIGINT'],
    ['day', 'DATE'],
  ]);
  for (const format of ['parquet', 'arrow', 'csv'] as const) {
    const none = sc.sql`select * from ${flights} where delay > 99`;
    await none[({ parquet: 'saveAsParquet', arrow: 'saveAsArrow', csv: 'saveAsCsv' } as const)[format]](path(`none-${format}`));
    const back = sc[format](path(`none-${format}`));
    assert.is(await back.count(), 0, format);
    assert.equal(
      back.schema!.columns.map(({ name }) => name),
      ['carrier', 'delay', 'day'],
    );
  }
  await sc.emptyRDD<object>().saveAsCsv(path('nothing'));
});

test('types that are given: decimals, dates and microseconds of texts, and text of anything', async () => {
  const rows = [
    { price: '12.50', day: '2026-03-01', at: '2026-03-01T12:00:00.123456Z', odd: 1, long: '-12345678901234567890.123' },
    { price: '-0.07', day: '0001-01-01', at: '1969-12-31 23:59:59.999999', odd: 'x', long: '0' },
  ];
  const types = { price: 'decimal(9,2)', day: 'date', at: 'timestamp', odd: 'text', long: 'decimal(38,3)' } as const;
  await sc.parallelize(rows, 1).saveAsParquet(path('typed'), { types });
  assert.equal(
    await ask(`select price::varchar, day::varchar, epoch_us("at")::varchar, odd, long::varchar from '$typed/*.parquet'`),
    [
      ['12.50', '2026-03-01', '1772366400123456', '1', '-12345678901234567890.123'],
      ['-0.07', '0001-01-01', '-1', 'x', '0.000'],
    ],
  );
  await sc.parallelize(rows, 1).saveAsArrow(path('typed-arrow'), { types });
  const [first] = await sc.arrow(path('typed-arrow')).collect();
  assert.equal(first, { ...rows[0], at: new Date('2026-03-01T12:00:00.123Z'), odd: '1' });
  const wrong = await errorOf('UNWRITABLE_ROW', () =>
    sc.parallelize(rows, 1).saveAsParquet(path('no'), { types: { ...types, price: 'decimal(3,2)' } }),
  );
  assert.match(wrong.message, /partition 0, row 1: .* column price has "12\.50", which is not decimal\(3, 2\)/);
  assert.not(existsSync(path('no')));
});

test('texts, CSV and JSON lines packed by zstd are read; one that is cut off is an error', async () => {
  const rows = "select i, 'n' || i % 7 as name, i / 3 as third from range(200000) t(i)";
  for (const format of ['csv', 'json']) {
    const file = path(`packed.${format}.zst`);
    await ask(`copy (${rows}) to '${file}' (format ${format}, compression zstd)`);
    const table = format === 'csv' ? sc.csv(file) : sc.jsonLines(file);
    assert.is(await table.count(), 200_000);
    assert.equal(await table.filter((r) => r.i === 199_999).collect(), [{ i: 199_999, name: 'n2', third: 199_999 / 3 }]);
    assert.is(await sc.textFile(file).count(), format === 'csv' ? 200_001 : 200_000);
    writeFileSync(path(`cut.${format}.zst`), readFileSync(file).subarray(0, 100_000));
    assert.match((await errorOf('UNREADABLE_FILE', () => sc.textFile(path(`cut.${format}.zst`)).count())).message, /damaged/);
  }
});

test('names of columns are data', async () => {
  const odd = Object.defineProperty({ 2020: 1, 2019: 2, 'a.b': 'x', 'q"': true }, '__proto__', {
    value: 5,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  for (const format of ['parquet', 'arrow', 'csv'] as const) {
    const rows = sc.parallelize([odd], 1);
    await rows[({ parquet: 'saveAsParquet', arrow: 'saveAsArrow', csv: 'saveAsCsv' } as const)[format]](path(`odd-${format}`));
    const [back] = await sc[format](path(`odd-${format}`)).collect();
    assert.equal(Object.entries(back), Object.entries(odd), format);
  }
});

test('a text that begins with the mark of a file keeps it', async () => {
  const rows = [{ a: '\ufeffx', b: 'y' }];
  for (const format of ['parquet', 'arrow', 'csv', 'jsonLines'] as const) {
    const save = { parquet: 'saveAsParquet', arrow: 'saveAsArrow', csv: 'saveAsCsv', jsonLines: 'saveAsJsonLines' } as const;
    await sc.parallelize(rows, 1)[save[format]](path(`mark-${format}`));
    assert.equal(await sc[format](path(`mark-${format}`)).collect(), rows, format);
  }
});

test('nested maps, structs and lists of bytes go through both formats', async () => {
  const rows = [
    { m: new Map([['k', [{ a: new Uint8Array([1]) }]]]), deep: [[1], [], null], s: { t: { u: [{ v: 'x' }] } } },
    { m: new Map(), deep: null, s: { t: null } },
    { m: null, deep: [[null]], s: null },
  ];
  for (const format of ['Parquet', 'Arrow'] as const) {
    await sc.parallelize(rows as object[], 3)[`saveAs${format}`](path(`deep-${format}`));
    assert.equal(await sc[format === 'Parquet' ? 'parquet' : 'arrow'](path(`deep-${format}`)).collect(), rows, format);
  }
});

test('many rows make several row groups and batches', async () => {
  const rows = sc.range(0, 150_000, 1, 1).map((id) => ({ id, name: `n${id % 10}`, half: id / 2 }));
  await rows.saveAsParquet(path('many'));
  await rows.saveAsArrow(path('many-arrow'));
  for (const back of [sc.parquet(path('many')), sc.arrow(path('many-arrow'))]) {
    assert.is(await back.count(), 150_000);
    assert.equal(await back.filter((r) => r.id % 50_000 === 49_999).collect(), [
      { id: 49_999, name: 'n9', half: 24_999.5 },
      { id: 99_999, name: 'n9', half: 49_999.5 },
      { id: 149_999, name: 'n9', half: 74_999.5 },
    ]);
  }
  assert.equal(await ask("select count(*)::int, sum(id)::varchar, min(name), max(half) from '$many/*.parquet'"), [
    [150_000, '11249925000', 'n0', 74_999.5],
  ]);
});

test('a save is there whole or not at all, and replaces another only when told to', async () => {
  const failing = sc.range(0, 4, 1, 4).map((x) => {
    if (x === 3) throw new Error('three');
    return { x };
  });
  await errorOf('TASK_FAILED', () => failing.saveAsParquet(path('failing'), { sample: 1 }));
  assert.not(existsSync(path('failing')));
  await sc.parallelize([{ x: 1 }], 1).saveAsParquet(path('kept'));
  await errorOf('OUTPUT_EXISTS', () => sc.parallelize([{ x: 2 }], 1).saveAsParquet(path('kept')));
  await errorOf('TASK_FAILED', () => failing.saveAsParquet(path('kept'), { overwrite: true, sample: 1 }));
  assert.equal(await sc.parquet(path('kept')).collect(), [{ x: 1 }]);
  // It may read what it replaces.
  await sc
    .parquet(path('kept'))
    .map(({ x }) => ({ x: x + 1 }))
    .saveAsParquet(path('kept'), { overwrite: true });
  assert.equal(await sc.parquet(path('kept')).collect(), [{ x: 2 }]);
});

test('what cannot be written is an error with the row, the column and what to do', async () => {
  const late = sc.range(0, 10, 1, 2).map((x): object => (x < 9 ? { x } : { x: 'nine' }));
  const sampled = await errorOf('UNWRITABLE_ROW', () => late.saveAsParquet(path('a'), { sample: 3 }));
  assert.match(sampled.message, /partition 1, row 5: .* its column x has "nine", which is not int, its type in the first 3 rows/);
  assert.match(sampled.remedy, /without the option sample/);
  const mixed = await errorOf('UNWRITABLE_COLUMN', () => late.saveAsArrow(path('a')));
  assert.match(mixed.message, /saveAsArrow: the column x holds int and text/);
  const more = sc.range(0, 10, 1, 2).map((x): object => (x < 9 ? { x } : { x, y: 1 }));
  assert.match((await errorOf('UNWRITABLE_ROW', () => more.saveAsCsv(path('a'), { sample: 3 }))).message, /it has the field y/);
  assert.match((await errorOf('NOT_A_ROW', () => sc.range(3).saveAsParquet(path('a')))).message, /saveAsParquet/);
  assert.match(
    (await errorOf('UNWRITABLE_ROW', () => sc.parallelize([{ b: 2n ** 70n }]).saveAsParquet(path('a')))).remedy,
    /decimal\(38, 0\)/,
  );
  for (const options of [{ sampel: 1 }, { types: { a: 'decimal(2,3)' } }, { sample: 0 }])
    await errorOf('BAD_ARGUMENT', () => sc.parallelize([{ a: 1 }]).saveAsParquet(path('a'), options as object));
  for (const options of [{ delimiter: '"' }, { header: 1 }, { compression: 'zip' }])
    await errorOf('BAD_ARGUMENT', () => sc.parallelize([{ a: 1 }]).saveAsCsv(path('a'), options as object));
  assert.not(existsSync(path('a')));
});

test('toArrow gives a stream that the library of the Arrow project reads', async () => {
  const table = tableFromIPC(await sc.parallelize(people, 2).toArrow());
  assert.is(table.numRows, 3);
  assert.equal(
    [...table].map((row) => [row!.id, row!.name, row!.at?.x]),
    [
      [1n, 'ada, "the first"', 1.5],
      [2n, null, undefined],
      [3n, '', -0],
    ],
  );
});

test.run();
