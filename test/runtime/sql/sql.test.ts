// Queries in SQL over datasets and files: what rows become, what values become, and how what is wrong with a query is told.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { startBackend } from '../../../cluster/index';
import { Context, type RDD } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';

const test = suite('sql');
const folder = mkdtempSync(join(tmpdir(), 'millrace-sql-'));
let sc: Context;
let flights: RDD<{ carrier: string; delay: number | null; day: Date }>;

test.before(async () => {
  sc = await connect('local[2]');
  const day = (n: number) => new Date(Date.UTC(2026, 0, n));
  flights = sc.parallelize(
    [
      { carrier: 'AA', delay: 3, day: day(1) },
      { carrier: 'AA', delay: 5.5, day: day(2) },
      { carrier: 'BB', delay: null, day: day(3) },
      { carrier: 'BB', delay: 7, day: day(4) },
    ],
    3,
  );
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('datasets of objects, tuples and other elements are tables; values are bound', async () => {
  const delays = sc.sql`select carrier, avg(delay) mean, count(*) n from ${flights} where day > ${new Date(0)} group by 1 order by mean desc`;
  assert.equal(await delays.collect(), [
    { carrier: 'BB', mean: 7, n: 2 },
    { carrier: 'AA', mean: 4.25, n: 2 },
  ]);
  const pairs = sc.parallelize<[string, number]>([
    ['a', 1],
    ['b', 2],
    ['a', 3],
  ]);
  assert.equal(await sc.sql`select _1 word, sum(_2) n from ${pairs} group by _1 having sum(_2) > ${2}`.collect(), [
    { word: 'a', n: 4 },
  ]);
  assert.equal(
    await sc.sql`select value from ${sc.parallelize(['x', "y'; drop"])} where value in ${["y'; drop", 'z']}`.collect(),
    [{ value: "y'; drop" }],
  );
  assert.equal(await sc.sql`select ${"it's"} a, ${null} b, ${true} c, ${12n} d, ${1.5} e`.collect(), [
    { a: "it's", b: null, c: true, d: 12, e: 1.5 },
  ]);
  assert.equal(await sc.sql('select 1 + 1 as two').collect(), [{ two: 2 }]);
});

test('answers are datasets: in the order of the query, over several partitions, as tables of other queries', async () => {
  const many = sc.sql`select i::int as i, i * 2 as twice from range(100000) t(i) order by i desc`;
  assert.equal(
    (await many.mapPartitions((rows) => [[...rows].length]).collect()).map((n) => n > 0),
    [true, true],
  );
  const all = await many.collect();
  assert.equal([all.length, all[0], all[99_999]], [100_000, { i: 99_999, twice: 199_998 }, { i: 0, twice: 0 }]);
  assert.equal(await sc.sql`select count(*) n, sum(a.twice) s from ${many} a join ${many} b using (i)`.collect(), [
    { n: 100_000, s: 9_999_900_000 },
  ]);
  assert.equal(
    many.schema?.columns.map(({ name, type, nullable }) => [name, type.kind, nullable]),
    [
      ['i', 'int', false],
      ['twice', 'int', false],
    ],
  );
  assert.is(await sc.sql`select * from ${flights} where false`.count(), 0);
});

test('nested values, maps, bytes, dates and columns of one name come back as JavaScript has them', async () => {
  const rows = sc.parallelize([
    { id: 1, tags: ['x', 'y'], pos: { x: 1, y: null as number | null }, m: new Map([['k', 2]]), b: Buffer.from('hi') },
  ]);
  const [row] = await sc.sql`select *, tags[1] as first, pos.x, len(tags) n, m['k'] k, date '2026-02-03' d, time '10:00:00.5' t,
    interval 1 day i, 1 as id from ${rows}`.collect();
  assert.equal(row, {
    id: 1,
    tags: ['x', 'y'],
    pos: { x: 1, y: null },
    m: new Map([['k', 2]]),
    b: new Uint8Array([104, 105]),
    first: 'x',
    x: 1,
    n: 2,
    k: 2,
    d: '2026-02-03',
    t: '10:00:00.5',
    i: '1 day',
    id_1: 1,
  });
});

test('whole numbers beyond 2^53 are refused by name, or bigint when asked for; decimals are exact or refused', async () => {
  const error = await errorOf('BAD_SQL', () => sc.sql`select 9007199254740993 as big`.collect());
  assert.match(error.message, /The column big has 9007199254740993, which no number holds exactly/);
  assert.match(error.remedy, /int64: 'bigint'/);
  assert.equal(await sc.sql({ int64: 'bigint' })`select 9007199254740993 as big, 2::int as small`.collect(), [
    { big: 9007199254740993n, small: 2 },
  ]);
  assert.equal(await sc.sql`select sum(x) s from ${sc.parallelize([{ x: 9007199254740993n }, { x: -3n }])}`.collect(), [
    { s: 9007199254740990 },
  ]);
  assert.equal(await sc.sql`select 0.1 + 0.2 d, 1.50 e`.collect(), [{ d: 0.3, e: 1.5 }]);
  assert.match((await errorOf('BAD_SQL', () => sc.sql`select 1234567890123456.78 as d`.collect())).remedy, /::varchar/);
});

test('times without a zone are of the zone that is asked for, also when the clocks change', async () => {
  const berlin = sc.sql({ timeZone: 'Europe/Berlin' });
  const [row] = await berlin`select timestamp '2026-06-01 12:00' summer, timestamp '2026-01-01 12:00' winter,
    timestamp '2026-03-29 02:30' gap, timestamp '2026-10-25 02:30' twice, hour(${new Date('2026-06-01T10:00:00Z')}) h`.collect();
  assert.equal(row, {
    summer: new Date('2026-06-01T10:00:00Z'),
    winter: new Date('2026-01-01T11:00:00Z'),
    gap: new Date('2026-03-29T01:30:00Z'),
    twice: new Date('2026-10-25T00:30:00Z'),
    h: 12,
  });
  const cast = await berlin`select (timestamp '2026-03-29 02:30')::timestamptz gap`.collect();
  assert.equal(cast, [{ gap: row.gap }]);
});

test('files are tables by their paths; a dataset of several frames and types is one table', async () => {
  const file = join(folder, 'f.csv');
  writeFileSync(file, 'a,b\n1,x\n2,"y, z"\n');
  assert.equal(await sc.sql(`select sum(a) s, max(b) b from '${file}'`).collect(), [{ s: 3, b: 'y, z' }]);
  // Whole numbers first, fractions late: the first frames do not tell the type of the column.
  const late = sc.range(0, 200_000, 1, 2).map((i) => ({ i, x: i < 199_999 ? i : 0.5, z: i === 199_999 ? 'last' : undefined }));
  assert.equal(await sc.sql`select count(*) n, min(x) least, max(z) z, sum(i) s from ${late}`.collect(), [
    { n: 200_000, least: 0, z: 'last', s: 19_999_900_000 },
  ]);
});

test('a table of sc.csv has the types that it was read with', async () => {
  const file = join(folder, 'days.csv');
  writeFileSync(file, 'day,carrier,delay\n2026-03-01,AA,3\n2026-03-02,BB,NA\n,AA,5\n');
  const days = sc.csv(file);
  assert.equal(
    await sc.sql`select carrier, max(day) latest, avg(delay) d from ${days} where day >= date '2026-03-01' group by 1 order by 1`.collect(),
    [
      { carrier: 'AA', latest: '2026-03-01', d: 3 },
      { carrier: 'BB', latest: '2026-03-02', d: null },
    ],
  );
});

test('lines of text files are read as textFile reads them, by the engine itself where it reads them alike', async () => {
  const texts = [
    'a\n\nb\n\n\nc\n',
    'a\r\nb\r\n',
    'a\r\nb\nc\r\n',
    'a\rb\nc\n',
    'a\nb',
    'a"b\n"c\nd\'e\n',
    'a\x01b\nc\\x01d\\x01\n',
    'a\0b\nNULL\nnull\n',
    Buffer.from([0x61, 0xff, 0x62, 10, 0x63, 10]),
    '\ufeffa\nb\n',
    'é\n日本\n \t\n',
    '\n',
    `${'x'.repeat(3_000_000)}\ny\n`,
    Array.from({ length: 5000 }, (_, i) => `line ${i}, "q"`).join('\n'),
  ];
  for (const [i, text] of texts.entries()) {
    const file = join(folder, `lines-${i}.txt`);
    writeFileSync(file, text);
    const lines = sc.textFile(file);
    assert.equal(
      await sc.sql`select * from ${lines}`.map(({ value }) => value as string).collect(),
      await lines.collect(),
      `text ${i}`,
    );
    assert.equal(await sc.sql`select count(*) n from ${lines.map((line) => line)}`.collect(), [{ n: await lines.count() }]);
  }
  const counted =
    await sc.sql`select value.length() n, count(*) c from ${sc.textFile(join(folder, 'lines-{4,11}.txt'))} group by 1 order by 1`.collect();
  assert.equal(counted, [
    { n: 0, c: 1 },
    { n: 1, c: 2 },
  ]);
});

test('what is wrong with a query is told with its place in the template', async () => {
  const told: [() => RDD<unknown>, RegExp, RegExp?][] = [
    [
      () => sc.sql`select carier from ${flights}`,
      /Referenced column "carier" not found[^\n]*\n {2}select carier from \$\{…\}\n {9}\^$/,
      /carrier/,
    ],
    [
      () => sc.sql`select carrier,
        nope
      from ${flights}`,
      /\n {2}nope\n {2}\^$/,
    ],
    [() => sc.sql`select ${1}, ${'é'}, ünknown from ${flights} where ${2} > 1`, /ünknown from[^\n]*\n {21}\^$/],
    [() => sc.sql`selec 1`, /Syntax error at or near "selec"\.\n {2}selec 1\n {2}\^$/],
    [() => sc.sql`select '%${'x'}%'`, /A value stands within quotes/, /Leave out the quotes/],
    [() => sc.sql`select 1 -- ${'x'}`, /A value stands within a comment/],
    [() => sc.sql`select cast(carrier as int) from ${flights}`, /Could not convert string 'AA' to INT32/],
    [() => sc.sql`select 1; select 2`, /multiple statements/],
    [() => sc.sql``, /No statement/],
    [() => sc.sql`select * from nowhere`, /Table with name nowhere does not exist/],
    [
      () => sc.sql`select * from ${sc.parallelize([{ a: 1 }, { a: 'x' }])}`,
      /its column a has int and text in one column/,
      /Map its rows/,
    ],
    [
      () => sc.sql`select * from ${sc.parallelize<unknown>([{ a: 1 }, [1]])}`,
      /its elements are of several forms, one of them \[1\]/,
    ],
    [() => sc.sql`select * from ${sc.parallelize([{ a: 1, A: 2 }])}`, /its columns a and A differ in capitals only/],
    [() => sc.sql`select * from ${sc.parallelize([{}])}`, /its rows have no columns/],
    [() => sc.sql`select 1 where 1 in ${[1, 'x'] as never}`, /Value 1 of the query has int and text/],
  ];
  for (const [make, message, remedy] of told) {
    const error = await errorOf('BAD_SQL', () => make().collect());
    assert.match(error.message, message);
    if (remedy) assert.match(error.remedy, remedy);
  }
});

test('only queries run: nothing is written, installed or fetched', async () => {
  const out = join(folder, 'out.csv');
  const statements = [
    `copy (select 1) to '${out}'`,
    `attach '${out}'`,
    'install httpfs',
    'load httpfs',
    'set memory_limit = 1',
    'create table t (a int)',
    'pragma enable_profiling',
  ];
  for (const statement of statements) {
    const error = await errorOf('BAD_SQL', () => sc.sql(statement).collect());
    assert.match(error.message, /A query answers rows, but this is the statement/, statement);
  }
  const fetched = await errorOf('BAD_SQL', () => sc.sql`select * from 'http://127.0.0.1:9/x.csv'`.collect());
  assert.match(fetched.message, /requires the extension httpfs/);
  assert.match(fetched.remedy, /files of this machine only/);
});

test('what is no value, no option or no context with an engine is refused at the call', async () => {
  const row = (error: Error) => error.message;
  assert.match(row(await errorOf('BAD_ARGUMENT', () => sc.sql`select ${undefined as never}`)), /sql: value 1 is undefined/);
  assert.match(row(await errorOf('BAD_ARGUMENT', () => sc.sql`select ${(() => 1) as never}`)), /sql: value 1/);
  assert.match(row(await errorOf('BAD_ARGUMENT', () => sc.sql({ timeZone: 'Mars/Base' }))), /timeZone is "Mars\/Base"/);
  assert.match(row(await errorOf('BAD_ARGUMENT', () => sc.sql({ int64: 'long' as never }))), /int64 is "long"/);
  await errorOf('BAD_ARGUMENT', () => sc.sql(5 as never));
  const { backend, slots } = await startBackend('local', { storageBytes: 1 << 20 });
  const bare = new Context({ backend, slots, master: 'local' });
  await bare.start();
  assert.match((await errorOf('NO_SQL', () => bare.sql`select 1`.collect())).message, /The context on local cannot run queries/);
  await bare.stop();
});

test.run();
