// Completion and help in the whole shell: paths, modules, commands, columns of datasets, documentation; and a type service that dies.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { promptFolder as folder, type Shell, withShell } from '../helpers/prompt';
import { descendants, keys } from '../helpers/terminal';

writeFileSync(path.join(folder, 'readings.txt'), 'a,1\nb,2\n');
mkdirSync(path.join(folder, 'modules'), { recursive: true });
writeFileSync(path.join(folder, 'modules', 'helper.ts'), 'export const twice = (x: number) => 2 * x;\n');
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
  ['.type sc.xtFil', /^textFile +\(path: string[\s\S]*^wholeTextFiles/m],
];

async function dropEntry({ terminal }: Shell): Promise<void> {
  terminal.type(keys.ctrl('c'));
  await terminal.waitFor(/^>$/m);
}

test('tab completes paths, modules, commands and members', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('1 + 1', /res0: number = 2/);
    for (const [typed, shown] of tabs) {
      terminal.type(typed);
      await terminal.until(() => terminal.screen().includes(typed), typed);
      terminal.type(keys.tab);
      await terminal.waitFor(shown);
      await dropEntry(shell);
    }
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
    await terminal.waitFor(/aggregate[\s\S]*filter/);
    terminal.type(keys.tab);
    await terminal.waitFor(/^aggregate<U>\(zero: U/m);
    assert.not.match(terminal.screen(), /reduceByKey|prepareLineage/);
    await dropEntry(shell);
  }));

test('a call shows its signature as it is typed; .doc and .help keys tell the rest', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('1', /res0: number = 1/);
    terminal.type('sc.range(1, ');
    await terminal.waitFor(/^range\(…, ‹end\?: number›, …\): RDD<number>\nNumbers from/m);
    await dropEntry(shell);
    await shell.entry(
      '.doc rdd.reduceByKey',
      /^RDD\.reduceByKey\n {2}reduceByKey<K, V>\(this: RDD[\s\S]*Example:\n {2}await sc\./m,
    );
    await shell.entry('.doc sc.textFile', /^sc\.textFile\n {2}textFile\(path: string[\s\S]*lines of a file/m);
    await shell.entry('.doc .load', /^\.load FILE/m);
    await shell.entry('.doc load', /^\.load FILE/m);
    await shell.entry('.doc reduceByKy', /Nothing is documented as reduceByKy\. Did you mean \.doc RDD\.reduceByKey\?/);
    await shell.entry('.doc sc.makeRDD', /^Spark's SparkContext\.makeRDD is parallelize here: no preferred locations/m);
    await shell.entry('.doc binaryFiles', /^Spark's SparkContext\.binaryFiles is not there: sc\.parallelize/m);
    await shell.entry('.doc', /needs|given|missing/);
    await shell.entry('.type sc.range(', /^\(start: number, end\?: number/m);
    await shell.entry('.help keys', /^Ctrl-R {2,}searches earlier entries/m);
  }));

test('a type service that is killed is started again, and names are kept', () =>
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

test('an entry that begins with a space is run and not kept', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('1 + 2', /res0: number = 3/);
    await shell.entry(" const secret = 'xyzzy'", />$/);
    terminal.type(keys.up);
    await terminal.waitFor(/^> 1 \+ 2$/m);
    assert.not.match(readFileSync(path.join(folder, 'state', 'millrace', 'history'), 'utf8'), /xyzzy/);
  }));

test.run();
