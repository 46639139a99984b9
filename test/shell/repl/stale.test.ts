// Names that use older definitions of others: the notice, `.stale`, `.rerun`, and what `.save` makes of them, at the prompt.
// time limit: 180 s
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { promptFolder as folder, withShell } from '../../helpers/prompt';
import { keys } from '../../helpers/terminal';

test('a redefinition names what is stale; .stale says why; .rerun computes it again, in order', () =>
  withShell(async (shell) => {
    await shell.entry('const words = sc.parallelize(["a", "b", "a"])', />/);
    await shell.entry('const pairs = words.map(w => [w, 1] as [string, number])', />/);
    await shell.entry('const top = pairs.reduceByKey((a, b) => a + b).sortByKey().collect()', />/);
    await shell.entry('const other = 5', />/);
    await shell.entry('.stale', /^No name is stale: none uses an older definition of another name\.$/m);
    await shell.entry(
      'const words = sc.parallelize(["x", "x", "x"])',
      /^\(stale now: pairs and top\. \.stale says why, \.rerun computes them again\)$/m,
    );
    await shell.entry('.stale', /^pairs {2}uses words, which <input 5> declared again\ntop {4}uses pairs, which is stale$/m);
    await shell.entry('top', /"?a"? +│? *2/);
    await shell.entry('.rerun', /^\(computed again: pairs, top\)$/m);
    await shell.entry('top', /\["x", 3\]/);
    await shell.entry('.stale', /^\(values of expressions: res0\)$/m);
  }));

test('.rerun NAME runs what that name needs, and no more; Tab offers the stale names', () =>
  withShell(async (shell, terminal) => {
    for (const entry of ['let n = 2', 'const twice = () => n * 2', 'const four = twice()', 'const six = n * 3', 'let n = 10'])
      await shell.entry(entry, />/);
    terminal.type('.rerun f\t');
    await terminal.waitFor(/^> \.rerun four$/m);
    terminal.type(keys.enter);
    await terminal.waitFor(/^\(computed again: twice, four\)$/m);
    await shell.entry('[four, six]', /\[20, 6\]/);
    await shell.entry('.rerun twice', /twice[\s\S]*Stale are: six\./);
    await shell.entry('.rerun sixx', /Did you mean six\?/);
    // A name that only an assignment changed is not stale.
    await shell.entry('n = 11', /res1: number = 11/);
    await shell.entry('.rerun', /^\(computed again: six\)$/m);
    await shell.entry('six', /res2: number = 33/);
  }));

test('a value that others use keeps its name, and a saved session gives the same names', () =>
  withShell(async (shell) => {
    const file = path.join(folder, 'stale-session.ts');
    const entries = ['const base = 1', 'base + 1', 'const more = res0 * 10', 'const base = 5', '.rerun', '[res0, more]'];
    for (const entry of entries) await shell.entry(entry, />/);
    await shell.entry('base * 100', /res2: number = 500/);
    await shell.entry(`.save ${file}`, /entries written/);
    assert.match(readFileSync(file, 'utf8'), /^let res0 = await \(base \+ 1\)$/m);
    await shell.entry('.reset', /fresh session/);
    await shell.entry(`.load ${file}`, /res2: number = 500/);
    await shell.entry('[res0, more, res2]', /\[6, 60, 500\]/);
  }));

test('what failed is named with what was not computed; files and modules run again too', () =>
  withShell(async (shell) => {
    writeFileSync(path.join(folder, 'stale-load.ts'), 'const list = [size, 2];\nconst total = list.length + size;\n');
    writeFileSync(path.join(folder, 'stale-run.ts'), 'export const half = size / 2;\n');
    for (const entry of [
      'const size = 4',
      '.load stale-load.ts',
      '.run stale-run.ts',
      'const check2 = (() => { if (size > 5) throw new Error("big"); return size })()',
      'const last = check2 + 1',
    ])
      await shell.entry(entry, />/);
    // A file that is loaded again is no news: it computes its names itself.
    await shell.entry('.load stale-load.ts', />$/);
    assert.not.match(shell.terminal.everything(), /stale now/);
    await shell.entry('const size = 6', /stale now: half, check2, last and 2 more\./);
    await shell.entry('.rerun', /Error: big[\s\S]*^Not computed again: last, list, total$/m);
    await shell.entry('[list, total, half, check2]', /4, 2[\s\S]*6[\s\S]*3[\s\S]*4/);
  }));

test('.set hints off silences the notice, not .stale', () =>
  withShell(async (shell) => {
    for (const entry of ['.set hints off', 'const a = 1', 'const b = a', 'const a = 2']) await shell.entry(entry, />/);
    await shell.entry('.stale', /b {2}uses a, which <input 3> declared again/);
    assert.not.match(shell.terminal.everything(), /stale now/);
  }));

test.run();
