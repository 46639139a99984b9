// The works of `npm run bench:peers` that SQL can say, on DuckDB with two threads.
import { createInterface } from 'node:readline';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Asked } from './peer';

const linesOf = (text: string) =>
  `read_csv('${text}', header = false, columns = {'l': 'VARCHAR'}, delim = '\\x01', quote = '', escape = '')`;

const queries: Readonly<Record<string, (asked: Asked) => string>> = {
  count: ({ text }) => `select count(*) from ${linesOf(text)}`,
  grep: ({ text }) => `select count(*) from ${linesOf(text)} where contains(l, 'abc')`,
  wordcount: ({ text }) =>
    `select count(*) from (select w, count(*) from (select unnest(string_split(l, ' ')) w from ${linesOf(text)}) group by w)`,
  sum: ({ scale }) => `select sum(i * 2) from range(${20_000_000 * scale}) r(i) where (i * 2) % 3 = 0`,
  sort: ({ scale }) =>
    `select x from (select x, row_number() over (order by x) - 1 n from
      (select (i * 2654435761) % 4294967296 x from range(${2_000_000 * scale}) r(i))) where n = ${1_000_000 * scale}`,
  join: ({ scale }) => {
    const keyed = (factor: number) => `(select (i * ${factor}) % 1000003 k, i from range(${1_000_000 * scale}) r(i))`;
    return `select count(*) from ${keyed(7)} a join ${keyed(13)} b using (k)`;
  },
  group: ({ scale }) =>
    `select count(*) from (select i % 10000 k, list_sum(list(i)) from range(${2_000_000 * scale}) r(i) group by k)`,
};

async function main(): Promise<void> {
  const duck = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();
  console.log('READY');
  for await (const line of createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line) as Asked;
    const query = queries[asked.work];
    if (query === undefined) {
      console.log('PEER null');
      continue;
    }
    const started = performance.now();
    const [[result]] = (await duck.runAndReadAll(query(asked))).getRows();
    console.log(`PEER ${JSON.stringify({ seconds: (performance.now() - started) / 1000, result: Number(result) })}`);
  }
}

void main();
