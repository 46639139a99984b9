// Completion and help in the whole shell: paths, modules, commands, columns of datasets, documentation; and a type service that dies.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { promptFolder as folder, type Shell, withShell } from '../../helpers/prompt';
import { descendants, keys } from '../../helpers/terminal';

writeFileSync(path.join(folder, 'readings.txt'), 'a,1\nb,2\n');
mkdirSync(path.join(folder, 'modules'), { recursive: true });
writeFileSync(path.join(folder, 'modules', 'helper.ts'), 'export const twice = (x: number) => 2 * x;\n');
writeFileSync(path.join(folder, 'my notes.md'), '');
writeFileSync(path.join(folder, 'session.ts'), 'const loaded = 1;\n');

/** What is typed before Tab, and what stands on the screen then. */
const tabs: readonly (readonly [typed: string, shown: RegExp])[] = [
  ["sc.textFile('rea", /^> sc\.textFile\('readings\.txt$/m],
  ["sc.parallelize(['x']).saveAsTextFile('modu", /saveAsTextFile\('modules\/$/m],
  ['.load ses', /^> \.load session\.ts$/m],
  ['.expl', /^> \.explain$/m],
  ['.help ke', /^> \.help keys$/m],
  ["import { twice } from './modules/he", /from '\.\/modules\/helper$/m],
  ["import * as fs from 'node:fs/pro", /from 'node:fs\/promises$/m],
  ["const m = await import('millrace/mo", /import\('millrace\/models$/m],
  ['sc.wholeT', /^> sc\.wholeTextFiles$/m],
  ['.doc rdd.reduceByKeyL', /^> \.doc rdd\.reduceByKeyLocally$/m],
  ['.sh cat read', /^> \.sh cat readings\.txt$/m],
  ['.sh wc -l <./mod', /^> \.sh wc -l <\.\/modules\/$/m],
  ['.sh cat my', /^> \.sh cat my\\ notes\.md$/m],
  ['.sh cat "my', /^> \.sh cat "my notes\.md$/m],
  // What only the values know.
  ['cfg.ci', /^> cfg\.city$/m],
  ['.show cfg.ci', /^> \.show cfg\.city$/m],
  ['cfg.two', /^> cfg\['two words'\]$/m],
  ['cfg.list[0]?.two', /^> cfg\.list\[0\]\?\.\['two\\'s'\]$/m],
  ["cfg['two", /^> cfg\['two words$/m],
  ["cfg.list[0]['two", /^> cfg\.list\[0\]\['two\\'s$/m],
  ['cfg.list[0].', /^deep +number\n\.?deeper|^\.deep +number\n\.deeper +getter/m],
  ['sc.range(3).map(x => cfg.list[0].deepe', /x => cfg\.list\[0\]\.deeper$/m],
  ['process.env.MILLRACE_TEST_', /^> process\.env\.MILLRACE_TEST_LIVE$/m],
  ["hits.get('/ho", /^> hits\.get\('\/home page$/m],
  ['.type sc.xtFil', /^textFile +\(path: UserPath[\s\S]*^wholeTextFiles/m],
];

async function dropEntry({ terminal }: Shell): Promise<void> {
  terminal.type(keys.ctrl('c'));
  await terminal.waitFor(/^>$/m);
}

test('tab completes paths, modules, commands and members', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('1 + 1', /res0: number = 2/);
    await shell.entry(
      `const cfg = JSON.parse('{"city":"Ulm","two words":1,"list":[{"deep":1,"two\\'s":2}]}'); process.env.MILLRACE_TEST_LIVE = '1'`,
      /= "1"/,
    );
    await shell.entry("const hits = new Map([['/home page', 1]])", />$/);
    const getter = "get: () => { console.log('a getter ran'); return 1 }";
    await shell.entry(`void Object.defineProperty(cfg.list[0], 'deeper', { ${getter} })`, />$/);
    for (const [typed, shown] of tabs) {
      terminal.type(typed);
      await terminal.until(() => terminal.screen().includes(typed), typed);
      terminal.type(keys.tab);
      await terminal.waitFor(shown);
      await dropEntry(shell);
    }
    assert.not.match(terminal.everything(), /^a getter ran/m);
  }));

test('the menu lists columns in a lambda with their types, and operators with their signatures', () =>
  withShell(async (shell, terminal) => {
    await shell.entry("const rows = sc.parallelize([{ city: 'Ulm', size: 3 }])", />$/);
    terminal.type('rows.map(r => r.' + keys.tab);
    await terminal.waitFor(/^city {2}: string\nsize {2}: number$/m);
    terminal.type(keys.tab + keys.tab);
    await terminal.waitFor(/^> rows\.map\(r => r\.size$/m);
    await dropEntry(shell);
    terminal.type('rows.sor' + keys.tab);
    await terminal.waitFor(/^> rows\.sortBy$/m);
    await dropEntry(shell);
    terminal.type('rows.' + keys.tab);
    await terminal.waitFor(/aggregate[\s\S]*describe/);
    terminal.type(keys.tab);
    await terminal.waitFor(/^aggregate<U, R>\(zero: U/m);
    assert.not.match(terminal.screen(), /reduceByKey|prepareLineage/);
    await dropEntry(shell);
  }));

test('a call shows its signature as it is typed; .doc and .help keys explain the rest', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('1', /res0: number = 1/);
    terminal.type('sc.range(1, ');
    await terminal.waitFor(/^range\(…, ‹end\?: number›, …\): RDD<number>\nNumbers from/m);
    await dropEntry(shell);
    await shell.entry(
      '.doc rdd.reduceByKey',
      /^RDD\.reduceByKey\n {2}reduceByKey<K, V extends Datum>\(this: RDD[\s\S]*Example:\n {2}await sc\./m,
    );
    await shell.entry('.doc sc.textFile', /^sc\.textFile\n {2}textFile\(path: UserPath[\s\S]*lines of a file/m);
    await shell.entry('.doc .load', /^\.load FILE/m);
    await shell.entry('.doc load', /^\.load FILE/m);
    await shell.entry('.doc reduceByKy', /There is no documentation of reduceByKy\. Did you mean \.doc RDD\.reduceByKey\?/);
    await shell.entry('.doc sc.makeRDD', /^Spark's SparkContext\.makeRDD is parallelize here: no preferred locations/m);
    await shell.entry('.doc binaryFiles', /^Spark's SparkContext\.binaryFiles is not there: sc\.parallelize/m);
    await shell.entry('.doc', /needs|given|missing/);
    await shell.entry('.type sc.range(', /^\(start: number, end\?: number/m);
    await shell.entry('.help keys', /^Ctrl-R {2,}searches earlier entries/m);
  }));

test('.stop completes what .streams names, .cancel and .stages the jobs there are', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('.stop', /no streams run/);
    terminal.type(`.stop ${keys.tab}x`);
    await terminal.waitFor(/^> \.stop x$/m);
    await dropEntry(shell);
    await shell.entry("const words = stream('50ms').queueStream<string>([['a', 'b']]).setName('words')", />$/);
    await shell.entry("words.count().setName('number of words').foreachRDD(() => {})", /res0: OutputHandle/);
    await shell.entry("stream().queueStream([[1]]).setName('\\x1b[31mred\\n').foreachRDD(() => {})", /res1: OutputHandle/);
    terminal.type(`.stop ${keys.tab}`);
    await terminal.waitFor(/^foreachRDD of number of words +an output\n[\s\S]*number of words +a stream[\s\S]*^words +a source/m);
    assert.not.match(terminal.screen(), /31mred.* an? (output|stream|source)/, 'a name that cannot be typed');
    terminal.type(`n${keys.tab}`);
    await terminal.waitFor(/^> \.stop number of words$/m);
    terminal.type(keys.enter);
    await terminal.waitFor(/^foreachRDD of number of words stopped$/m);
    await shell.entry('sc.range(3).count()', /: number = 3/);
    await shell.entry('.bg sc.range(4).foreach(() => { while (true) {} })', /b1 runs in the background/);
    terminal.type(`.cancel ${keys.tab}`);
    await terminal.waitFor(/^1 +running +foreach .*← sc\.range\(4\)[\s\S]*^b1 +sc\.range\(4\)/m);
    terminal.type(`b${keys.tab}`);
    await terminal.waitFor(/^> \.cancel b1$/m);
    await dropEntry(shell);
    terminal.type(`.stages ${keys.tab}`);
    await terminal.waitFor(/^1 +running .*\n0 +done +count/m);
    await dropEntry(shell);
    await shell.entry('.cancel b1', /b1 was cancelled/);
  }));

test('Tab asks the session while an entry runs, and a session that is busy in a loop does not block the keys', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('const open: { known: number; [name: string]: number } = { known: 1 }', />$/);
    await shell.entry('.bg new Promise(() => {})', /b1 runs/);
    terminal.type(`await new Promise(() => {})${keys.enter}`);
    await terminal.waitFor(/^> await new Promise/m);
    terminal.type(`.cancel b${keys.tab}`);
    await terminal.waitFor(/^> \.cancel b1$/m);
    terminal.type(keys.ctrl('u'));
    terminal.type(keys.ctrl('c'));
    await terminal.waitFor(/interrupted\)\n>$/m);
    terminal.type(`console.log('begun'); while (true) {}${keys.enter}`);
    await terminal.waitFor(/^begun$/m);
    terminal.type(`.cancel b${keys.tab}7`);
    await terminal.waitFor(/^> \.cancel b7$/m);
    terminal.type(keys.ctrl('u'));
    terminal.type(`open.kn${keys.tab}`);
    await terminal.waitFor(/^> open\.known$/m);
    terminal.type(keys.ctrl('u'));
    terminal.type(keys.ctrl('c'));
    await terminal.waitFor(/interrupted\)\n>$/m);
    await shell.entry('.cancel b1', /b1 was cancelled/);
  }));

test('a killed type service is restarted and knows all names', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('const kept = [1, 2, 3]', />$/);
    const service = descendants(terminal.pid).find((pid) => /types/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')));
    assert.ok(service, 'the type service');
    process.kill(service!, 'SIGKILL');
    terminal.type('kept.le' + keys.tab);
    await terminal.waitFor(/^> kept\.length$/m, 20_000);
    await dropEntry(shell);
    await shell.entry('kept.length', /res0: number = 3/);
  }));

test('an entry that begins with a space runs and stays out of the history', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('1 + 2', /res0: number = 3/);
    await shell.entry(" const secret = 'xyzzy'", />$/);
    terminal.type(keys.up);
    await terminal.waitFor(/^> 1 \+ 2$/m);
    assert.not.match(readFileSync(path.join(folder, 'state', 'millrace', 'history'), 'utf8'), /xyzzy/);
  }));

test.run();
