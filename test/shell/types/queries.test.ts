// Queries at the real prompt: the row type of an answer is known while typing, and what is wrong with a query is told before it runs.
// time limit: 300 s
import { test } from 'uvu';
import { withShell } from '../../helpers/prompt';
import { keys } from '../../helpers/terminal';

test('an answer has the type of its columns, which complete; counts and group keys are never null, means of nullable columns are', () =>
  withShell(async (shell, terminal) => {
    await shell.entry("const flights = sc.parallelize([{ carrier: 'AA', delay: 3 as number | null, day: new Date(0) }])", /\n>$/);
    const query =
      'sql`select carrier, avg(delay) mean, count(*) n, max(day) latest from ${flights} where delay > ${1} group by 1`';
    await shell.entry(
      `const byCarrier = ${query}; byCarrier`,
      /RDD<\{ carrier: string; mean: number \| null; n: number; latest: Date[\s\S]*AA/,
    );
    terminal.type('byCarrier.map(row => row.me\t');
    await terminal.waitFor(/byCarrier\.map\(row => row\.mean$/);
    terminal.type(keys.ctrl('u'));
    await shell.entry('byCarrier.map(row => row.meen)', /Property 'meen' does not exist/);
    await shell.entry('sql`select n * 2 as twice from ${byCarrier}`.map(r => r.twice + 1)', /RDD<number>[\s\S]*\n +3\n/);
    await shell.entry(
      '.type sql({ int64: "bigint" })`select count(*) n, ${[1]} as l from ${flights}`',
      /n: bigint; l: bigint\[\]/,
    );
    await shell.entry('const rows = sql`select carrier, n from ${byCarrier}`.collect()', /\n>$/);
    await shell.entry('rows[0].n + 1', /res\d+: number = 2/);
  }));

test('syntax, names and types that are wrong are errors with a mark in the template, before anything runs', () =>
  withShell(async (shell) => {
    await shell.entry("const flights = sc.parallelize([{ carrier: 'AA', delay: 3 }])", /\n>$/);
    await shell.entry(
      'sql`select carier from ${flights}`',
      /SQL: Referenced column "carier"[\s\S]*select carier from[^\n]*\n[^\n]*~{6}\n/,
    );
    await shell.entry('sql`select * from ${flights} wher delay > ${1}`', /SQL: Syntax error at or near "delay"[\s\S]* \^|~{5}/);
    await shell.entry('sql`select sum(carrier) from ${flights}`', /SQL: No function matches[\s\S]*sum\(VARCHAR\)/);
    await shell.entry("sql`select '${'x'}'`", /A value stands within quotes/);
    await shell.entry('sql`drop table x`', /SQL: A query answers rows|SQL: Table with name x does not exist/);
    // Rows whose type tells nothing are asked when the query runs.
    await shell.entry('const any = sc.parallelize([{ a: 1 }] as any[])', /\n>$/);
    await shell.entry('sql`select a + 1 as b from ${any}`', /RDD<any>[\s\S]*2/);
    await shell.entry('sql`select zz from ${any}`', /cannot be answered: Referenced column "zz"/);
    await shell.entry('flights.count()', /= 1\n/);
  }));

test('Ctrl-C ends a query; names stay', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('const x = 5', /\n>$/);
    terminal.type('sql`select count(*) n from range(100000000) a, range(100000) b where (a.range * b.range) % 7 = 3`\r');
    await terminal.waitFor(/= 3`\s*$/);
    terminal.type(keys.ctrl('c'));
    await terminal.waitFor(/nterrupted[\s\S]*\n>$/);
    await shell.entry('sql`select ${x} + 1 as y`', /y[\s\S]*6/);
  }));

test.run();
