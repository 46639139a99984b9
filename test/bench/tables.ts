// `npm run bench:tables -- --folder DIR [work ...]`: reading tables beside DuckDB and beside bare JSON.parse, by turns; one JSON line each.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { connect } from '../../cluster/connect';
import type { Context } from '../../runtime/index';

type Sql = (text: string) => Promise<unknown[][]>;

interface TableWork {
  readonly name: string;
  /** How many times as long as the peer it may take. */
  readonly goal: number;
  readonly ours: (sc: Context, folder: string) => Promise<unknown>;
  readonly peer: (sql: Sql, folder: string) => Promise<unknown>;
}

const parquetRows = 3_000_000;
const csvRows = 5_000_000;
const jsonRows = 1_700_000;

/** The columns of all three files: of whole numbers, of fractions, few texts, many texts, and half of them null. */
const columns = `i::bigint id, (hash(i) % 1000000)::int "day", (hash(i * 7) % 100000007) / 1000 amount,
  'kind' || hash(i * 3) % 20 kind, 'customer ' || hash(i * 11) % 900001 || ' of the north' customer, case when i % 2 = 0 then (i % 97)::int end maybe`;

const sum = (rows: readonly (readonly [unknown, number])[]) => Math.round(rows.reduce((all, [, n]) => all + n, 0));
const first = async (rows: Promise<unknown[][]>) => Number((await rows)[0][0]);
const rounded = async (n: Promise<number>) => Math.round((await n) / 1000);

const works: readonly TableWork[] = [
  {
    name: 'parquet-sum',
    goal: 1.5,
    ours: (sc, folder) =>
      rounded(
        sc
          .parquet(join(folder, 't.parquet'))
          .map((r) => r.amount)
          .sum(),
      ),
    peer: (sql, folder) => rounded(first(sql(`select sum(amount) from '${folder}/t.parquet'`))),
  },
  {
    name: 'parquet-two-columns',
    goal: 3,
    ours: (sc, folder) =>
      rounded(
        sc
          .parquet(join(folder, 't.parquet'))
          .map((r) => r.amount * (r.day % 7))
          .sum(),
      ),
    peer: (sql, folder) => rounded(first(sql(`select sum(amount * ("day" % 7)) from '${folder}/t.parquet'`))),
  },
  {
    name: 'parquet-filter',
    goal: 3,
    ours: (sc, folder) =>
      sc
        .parquet(join(folder, 't.parquet'))
        .filter((r) => r.kind === 'kind7' && r.day < 500_000)
        .count(),
    peer: (sql, folder) => first(sql(`select count(*) from '${folder}/t.parquet' where kind = 'kind7' and "day" < 500000`)),
  },
  {
    name: 'parquet-group',
    goal: 3,
    ours: async (sc, folder) =>
      sum(
        await sc
          .parquet(join(folder, 't.parquet'))
          .map((r) => [r.kind, r.day] as [string, number])
          .reduceByKey((a, b) => a + b)
          .collect(),
      ),
    peer: async (sql, folder) =>
      sum((await sql(`select kind, sum("day")::double from '${folder}/t.parquet' group by 1`)) as [unknown, number][]),
  },
  {
    name: 'csv-count',
    goal: 1.5,
    ours: (sc, folder) => sc.csv(join(folder, 't.csv')).count(),
    peer: (sql, folder) => first(sql(`select count(*) from '${folder}/t.csv'`)),
  },
  {
    name: 'csv-group',
    goal: 2,
    ours: async (sc, folder) =>
      sum(
        await sc
          .csv(join(folder, 't.csv'))
          .map((r) => [r.kind, r.day] as [string, number])
          .reduceByKey((a, b) => a + b)
          .collect(),
      ),
    peer: async (sql, folder) =>
      sum((await sql(`select kind, sum("day")::double from '${folder}/t.csv' group by 1`)) as [unknown, number][]),
  },
  {
    name: 'json-sum',
    goal: 1 / 1.2,
    ours: (sc, folder) =>
      rounded(
        sc
          .jsonLines(join(folder, 't.jsonl'))
          .map((r) => r.day)
          .sum(),
      ),
    peer: (_, folder) => parsedByTwo(join(folder, 't.jsonl')),
  },
  {
    name: 'json-group',
    goal: 1 / 1.2,
    ours: async (sc, folder) => {
      const rows = sc.jsonLines(join(folder, 't.jsonl')).map((r) => [r.kind, r.day] as [string, number]);
      return Math.round(sum(await rows.reduceByKey((a, b) => a + b).collect()) / 1000);
    },
    peer: (_, folder) => parsedByTwo(join(folder, 't.jsonl')),
  },
  {
    name: 'json-whole-rows',
    goal: 1,
    ours: (sc, folder) =>
      rounded(
        sc
          .jsonLines(join(folder, 't.jsonl'))
          .mapPartitions((rows) => [days(rows as never)])
          .sum(),
      ),
    peer: (_, folder) => parsedByTwo(join(folder, 't.jsonl')),
  },
];

function days(rows: Iterable<{ day: number }>): number {
  let all = 0;
  for (const row of rows) all += row.day;
  return all;
}

/** Half of a file's lines through JSON.parse, one by one, in a process that does nothing else. */
const half = `const { readFileSync } = require('node:fs');
const [path, which] = process.argv.slice(1);
const bytes = readFileSync(path), middle = bytes.indexOf(10, bytes.length / 2) + 1;
const part = which === '0' ? bytes.subarray(0, middle) : bytes.subarray(middle);
let sum = 0;
for (let p = 0, end = part.indexOf(10); end >= 0; p = end + 1, end = part.indexOf(10, p)) sum += JSON.parse(part.toString('utf8', p, end)).day;
console.log(sum);`;

async function parsedByTwo(path: string): Promise<number> {
  const one = (which: string) =>
    new Promise<number>((resolve, reject) => {
      const child = spawn(process.execPath, ['-e', half, path, which], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.on('data', (data) => {
        text += data;
      });
      child.on('close', (code) => (code === 0 ? resolve(Number(text)) : reject(new Error(`ended with ${code}`))));
    });
  const [a, b] = await Promise.all([one('0'), one('1')]);
  return Math.round((a + b) / 1000);
}

async function makeFiles(folder: string, sql: Sql): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const make = async (name: string, rows: number, options: string) => {
    if (!existsSync(join(folder, name)))
      await sql(`copy (select ${columns} from range(${rows}) t(i)) to '${folder}/${name}' (${options})`);
  };
  await make('t.parquet', parquetRows, 'format parquet');
  await make('t.csv', csvRows, 'format csv, header');
  await make('t.jsonl', jsonRows, 'format json');
  if (existsSync(join(folder, 't.txt'))) return;
  // A text of 300 MB: the lines of the CSV file without its commas.
  const fd = openSync(join(folder, 't.txt'), 'w');
  writeSync(fd, readFileSync(join(folder, 't.csv'), 'latin1').replaceAll(',', ' '), null, 'latin1');
  closeSync(fd);
}

/** A text persisted: what it takes of its bytes, and its words counted from memory and from the file, by turns. */
async function persistedText(sc: Context, folder: string): Promise<object> {
  const path = join(folder, 't.txt');
  const words = (lines: ReturnType<Context['textFile']>) =>
    lines
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1] as [string, number])
      .reduceByKey((a, b) => a + b)
      .count();
  const lines = sc.textFile(path).cache();
  const started = performance.now();
  await lines.count();
  const load = performance.now() - started;
  const bytes = sc.storageOf(lines).bytes;
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < 3; i++) {
    best[0] = Math.min(best[0], await timed(() => words(lines)));
    best[1] = Math.min(best[1], await timed(() => words(sc.textFile(path))));
  }
  lines.unpersist();
  const shown = {
    memory: bytes / statSync(path).size,
    load: load / 1000,
    persisted: best[0],
    file: best[1],
    ratio: best[0] / best[1],
  };
  return Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, Number(value.toFixed(3))]));
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return (performance.now() - started) / 1000;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { folder: { type: 'string' }, runs: { type: 'string', default: '5' } },
    allowPositionals: true,
  });
  if (!values.folder) throw new Error('usage: npm run bench:tables -- --folder DIR [work ...]');
  const { folder } = values;
  const db = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();
  const sql: Sql = async (text) => (await db.runAndReadAll(text)).getRowsJS() as unknown[][];
  await makeFiles(folder, sql);
  const sc = await connect('local[2]');
  try {
    const isAsked = (name: string) => positionals.length === 0 || positionals.includes(name);
    for (const { name, goal, ours, peer } of works) {
      if (!isAsked(name)) continue;
      const [own, theirs] = [await ours(sc, folder), await peer(sql, folder)];
      if (own !== theirs) throw new Error(`${name}: ${own} here, ${theirs} there`);
      const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (let i = 0; i < Number(values.runs); i++) {
        best[0] = Math.min(best[0], await timed(() => ours(sc, folder)));
        best[1] = Math.min(best[1], await timed(() => peer(sql, folder)));
      }
      const [seconds, peerSeconds] = best.map((n) => Number(n.toFixed(3)));
      process.stdout.write(
        `${JSON.stringify({ work: name, seconds, peer: peerSeconds, ratio: Number((best[0] / best[1]).toFixed(2)), goal: Number(goal.toFixed(2)) })}\n`,
      );
    }
    if (isAsked('persisted-text'))
      process.stdout.write(`${JSON.stringify({ work: 'persisted-text', ...(await persistedText(sc, folder)) })}\n`);
  } finally {
    await sc.stop();
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack ?? error}\n`);
  process.exitCode = 1;
});
