// Plain SQL at the prompt: `.sql`, its own prompt, the names of the session as tables, and the way back.
// time limit: 300 s
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isWholeSql, sqlEntry } from '../../../shell/repl/sql-text';
import { withShell } from '../../helpers/prompt';

test('names of the session become tables where tables stand, and nowhere else', () => {
  const names = new Set(['a', 'b', 'n']);
  const entries: [string, string][] = [
    ['select n from a where a.n > 1;', 'sql`select n from ${a} a where a.n > 1`'],
    ['select * from a x join b using (n)', 'sql`select * from ${a} x join ${b} b using (n)`'],
    ['from a, b as y order by n', 'sql`from ${a} a, ${b} as y order by n`'],
    ['select \'from a\', "b" from a -- from b', 'sql`select \'from a\', "b" from ${a} a -- from b`'],
    ['with a as (select * from b) select * from a', 'sql`with a as (select * from ${b} b) select * from a`'],
    ['select * from (select max(n) from a) t, a', 'sql`select * from (select max(n) from ${a} a) t, ${a} a`'],
    ['select extract(day from n) from a(1)', 'sql`select extract(day from n) from a(1)`'],
    ["select '`${x}' from c", "sql`select '\\`\\${x}' from c`"],
  ];
  for (const [typed, entry] of entries) assert.is(sqlEntry(typed, names), entry, typed);
  assert.equal(['select 1;', 'select 1', "select ';", 'select 1; -- x', '', "select ';';"].map(isWholeSql), [
    true,
    false,
    false,
    true,
    true,
    true,
  ]);
});

test('.sql runs one query, or opens a prompt of SQL; .ts goes back, and answers are resN in both', () =>
  withShell(async (shell, terminal) => {
    await shell.entry("const visits = sc.parallelize([{ page: '/', ms: 5 }, { page: '/a', ms: 7 }])", /\n>$/);
    await shell.entry('.sql select max(ms) as most from visits', /res0: RDD<\{ most: number \| null[\s\S]*7/);
    terminal.type('.sql\r');
    await terminal.waitFor(/\nsql>$/);
    terminal.type('select page,\r');
    terminal.type('  ms * 2 as twice from visits where ms > 5;\r');
    await terminal.waitFor(/res1: RDD<\{ page: string; twice: number[\s\S]*"\/a"[\s\S]*14[\s\S]*\nsql>$/);
    terminal.type('select pag from visits;\r');
    await terminal.waitFor(/SQL: Referenced column "pag"[\s\S]*~{3}\n[\s\S]*sql>$/);
    terminal.type('select twice + 1 as more from res1;\r');
    await terminal.waitFor(/res2[\s\S]*15[\s\S]*\nsql>$/);
    terminal.type('.ts\r');
    await terminal.waitFor(/\n>$/);
    await shell.entry('res2.map(r => r.more)', /RDD<number>[\s\S]*15/);
    terminal.type('.sql\r');
    await terminal.waitFor(/\nsql>$/);
    terminal.type('.exit\r');
    await terminal.waitFor(/\n>$/);
    await shell.entry('1 + 1', /= 2/);
  }));

test('.show -v prints one record a block, and so does .show where columns have no room', () =>
  withShell(
    async (shell) => {
      await shell.entry(
        "const wide = sc.parallelize([Object.fromEntries(Array.from({ length: 20 }, (_, i) => ['c' + i, i])), {}])",
        /\n>$/,
      );
      await shell.entry('.show wide', /── 1 ─+\nc0 +│ 0\nc1 +│ 1\n[\s\S]*c19 │ 19\n── 2 ─+\n>$/);
      await shell.entry("const few = sc.parallelize([{ page: '/a', n: 1 }, { page: '/b', n: 2 }])", /\n>$/);
      await shell.entry('.show few', /page[^\n]*│[^\n]*n[\s\S]*"\/a"/);
      await shell.entry('.show -v 1 few', /── 1 ─+\npage │ \/a\nn {4}│ 1\n… more rows\n>$/);
    },
    { columns: 60, rows: 60 },
  ));

test.run();
