// What is added to entries: the answers of jobs in place of their promises, and the types that plain JavaScript leaves out.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../../shell/base/package-root';
import type { TypeServiceCore } from '../../../shell/types/service';
import { typeService, userFolder } from '../../helpers/entries';

const user = userFolder();

function enter(types: TypeServiceCore, text: string) {
  const result = types.compile(text);
  if (result.status === 'ok') types.commit(result.cell.id);
  return result;
}

const answers = suite('answers of jobs');

/** Entries of one session: the text that a script needs for each, and the types of names afterwards. */
const answering: readonly (readonly [text: string, script: string, types?: Readonly<Record<string, string>>])[] = [
  ['const rdd = sc.parallelize([1, 2])', 'const rdd = sc.parallelize([1, 2])', { rdd: 'RDD<number>' }],
  ['const n = rdd.count()', 'const n = await rdd.count()', { n: 'number' }],
  ['var v = (rdd.count())', 'var v = await (rdd.count())', { v: 'number' }],
  ['export const e = rdd.count()', 'export const e = await rdd.count()', { e: 'number' }],
  [
    'const a = rdd.count(), b = 2, c = rdd.collect()',
    'const a = await rdd.count(), b = 2, c = await rdd.collect()',
    { a: 'number', c: 'number[]' },
  ],
  ['const [first] = rdd.collect()', 'const [first] = await rdd.collect()', { first: 'number' }],
  ['const { length } = rdd.collect()', 'const { length } = await rdd.collect()', { length: 'number' }],
  ['const u = n > 1 ? rdd.count() : undefined', 'const u = await (n > 1 ? rdd.count() : undefined)', { u: 'number | undefined' }],
  ['const typed: number = rdd.count()', 'const typed: number = await rdd.count()', { typed: 'number' }],
  ['const p: Promise<number> = rdd.count()', 'const p: Promise<number> = rdd.count()'],
  ['const some: number | Promise<number> = rdd.count()', 'const some: number | Promise<number> = rdd.count()'],
  ['const as = rdd.count() as Promise<number>', 'const as = rdd.count() as Promise<number>'],
  ['const later = rdd.count().then(x => x + 1)', 'const later = rdd.count().then(x => x + 1)'],
  ['const other = Promise.resolve(1)', 'const other = Promise.resolve(1)'],
  ['const mixed = n > 1 ? rdd.count() : other', 'const mixed = n > 1 ? rdd.count() : other'],
  ['const list = [rdd.count()]', 'const list = [rdd.count()]'],
  ['const count = () => rdd.count()', 'const count = () => rdd.count()', { count: '() => JobPromise<number>' }],
  ['const called = count()', 'const called = await count()', { called: 'number' }],
  [
    'const inner = async () => { const m = rdd.count(); return (await m) + 1 }',
    'const inner = async () => { const m = rdd.count(); return (await m) + 1 }',
  ],
  ['let x', 'let x'],
  ['x = rdd.count()', 'x = await rdd.count()'],
  ['let y = 1; y = rdd.count()', 'let y = 1; y = await rdd.count()', { y: 'number' }],
  ['y += rdd.count()', 'y += await rdd.count()'],
  ['const rec = { n: 0 }; rec.n = rdd.count()', 'const rec = { n: 0 }; rec.n = await rdd.count()'],
  ['let q = y = rdd.count()', 'let q = y = await rdd.count()', { q: 'number' }],
  [
    'const r = rdd.count(); const half = r / 2; const s = r',
    'const r = await rdd.count(); const half = r / 2; const s = r',
    { half: 'number', s: 'number' },
  ],
  [
    'const rows = rdd.collect(); const k = sc.parallelize(rows.map(String)).collect()',
    'const rows = await rdd.collect(); const k = await sc.parallelize(rows.map(String)).collect()',
    { k: 'string[]' },
  ],
  ['{ const block = rdd.count(); void block }', '{ const block = rdd.count(); void block }'],
];

answers('are what declarations and assignments hold at the prompt, and .save writes the await', () => {
  const types = typeService(user.folder);
  for (const [text, script, known = {}] of answering) {
    const result = types.compile(text, undefined, { answers: true });
    assert.is(result.status, 'ok', `${text} → ${JSON.stringify(result)}`);
    if (result.status !== 'ok') continue;
    assert.is(result.cell.script ?? result.cell.text, script);
    types.commit(result.cell.id);
    for (const [name, type] of Object.entries(known))
      assert.equal(types.typeOf(`() => ${name}`), { type: `() => ${type}` }, text);
  }
});

answers('are held under .load too, where statements are checked together', () => {
  const types = typeService(user.folder);
  const text = answering.map(([one]) => one).join('\n');
  const script = types.compileScript(text, { label: 'all.ts', folder: user.folder, firstLine: 1 }, { answers: true });
  assert.is(script.status, 'ok', JSON.stringify(script));
  const expected = answering.map(([, one]) => one).join('\n');
  const saved =
    script.status === 'ok' ? script.cells.map(({ script: text, text: typed }) => (text ?? typed).trim()).join('\n') : '';
  assert.is(saved.replace(/;\s+/g, ';\n'), expected.replace(/;\s+/g, ';\n'));
  const promise = types.compileScript('const n = sc.parallelize([1]).count()\nn / 2', {
    label: 'p.ts',
    folder: user.folder,
    firstLine: 1,
  });
  assert.match(promise.status === 'error' ? promise.diagnostics[0].message : '', /write await n\./);
});

answers('of actions have a type of their own', () => {
  const folder = path.join(packageRoot(), 'runtime/ops');
  for (const file of globSync('**/*.ts', { cwd: folder })) {
    const [, declared = ''] = /declare module([\s\S]*?)\n}\n/.exec(readFileSync(path.join(folder, file), 'utf8')) ?? [];
    assert.not.match(declared, /\): Promise</, file);
  }
});

answers('are promises elsewhere, and each error on one says what to write', () => {
  const types = typeService(user.folder);
  enter(types, 'const rdd = sc.parallelize([1, 2])');
  enter(types, 'const n = rdd.count()');
  enter(types, 'const rows = rdd.collect()');
  for (const [text, said] of [
    ['n / 2', /n is a promise: write await n\./],
    ['2 * n', /write await n\./],
    ['n + 1', /write await n\./],
    ['n > 1', /write await n\./],
    ['rows.length', /rows is a promise: write await rows\./],
    ['rows[0]', /write await rows\./],
    ['rows.map(x => x)', /write await rows\./],
    ['[...rows]', /write await rows\./],
    ['for (const row of rows) void row', /write await rows\./],
    ['const m: number = n', /write await n\./],
    ['Math.sqrt(n)', /write await n\./],
    ['rdd.count().toFixed()', /rdd\.count\(\) is a promise: write await rdd\.count\(\)\./],
    ['const { first } = rows', /write await rows\./],
    ['fetch(n)', /write await n\./],
    ['const [a] = rdd.collect()', /write await rdd\.collect\(\)\./],
  ] as const) {
    const result = enter(types, text);
    assert.is(result.status, 'error', text);
    if (result.status === 'error') assert.match(result.diagnostics[0].message, said, text);
  }
});

answers.run();

const lenient = suite('strictness');

/** What plain JavaScript means, and `.set strict on` refuses with an error on these words. */
const plainScript: readonly (readonly [text: string, strict?: string])[] = [
  ['const num = s => +s', 's'],
  ['class T { child }', 'child'],
  ['class Sized { size: number }', 'size'],
  ['const rec = {}; rec.a = 1', 'a'],
  ['rec.b = rec.a'],
  ['let counts = {}; for (const w of ["a"]) counts[w] = (counts[w] || 0) + 1', 'counts[w]'],
  ['const acc = { kinds: [], last: null, at: undefined }'],
  ['acc.kinds.push("a"); acc.last = 5; acc.at = new Date()'],
  ['let best = null'],
  ['best = 3'],
  ['class Tree { parts = []; parent = null }'],
  ['const tree = new Tree(); tree.parts.push(1); tree.parent = tree'],
  ['const grid = [[], []]; grid[0].push(1)', '1'],
  ['[1, 2].reduce((all, x) => [...all, x], [])', '[...all'],
  ['["a"].reduce((all, w) => { all[w] = 1; return all }, {})', 'all[w]'],
  ['function grow(list = [], x = 1) { list.push(x); return list }', 'x'],
  ['try { throw 1 } catch (error) { error.message }', 'error'],
  ['class Sum { constructor() { this.n = 0 } add(x) { this.n += x; return this } }', 'n'],
  ['new Sum().add(3).n'],
  [
    'class More extends Sum { constructor() { super(); this.n = 1; [1].forEach(x => { this.m = x }) } own() { return this.m } }',
    'm',
  ],
  ['function Old(x) { this.x = x }', 'x'],
  ['new Old(1)', 'new Old(1)'],
  ['const rows = []; rows.push(1)'],
  ['const found = [{ user: "a" }, { n: 1 }].filter(e => e.user).map(e => e.user.length)'],
  ['"a1".split("").map(c => c.match(/[0-9]/)).filter(m => m).map(m => m[0])'],
  ['sc.parallelize(["a"]).map(w => w.match(/a/)).filter(m => !!m).map(m => m[0])'],
];

lenient("at the prompt is that of plain JavaScript, and .set strict on has TypeScript's", () => {
  const types = typeService(user.folder);
  for (const [text, at] of plainScript) {
    const strict = types.compile(text, undefined, { strict: true });
    if (at !== undefined) {
      assert.is(strict.status, 'error', text);
      if (strict.status === 'error') assert.is(text.slice(strict.diagnostics[0].start).slice(0, at.length), at, text);
    }
    const result = enter(types, text);
    assert.is(result.status, 'ok', `${text} → ${JSON.stringify(result)}`);
  }
  assert.equal(types.typeOf('() => rec'), { type: '() => Record<string, any>' });
  assert.equal(types.typeOf('() => found'), { type: '() => number[]' });
  assert.equal(types.typeOf('() => rows'), { type: '() => any[]' });
});

lenient('still refuses elements that datasets and promises have not', () => {
  const types = typeService(user.folder);
  for (const text of ['sc.parallelize([1])[0]', 'sc.parallelize([1]).count()[0]', '({ a: 1 }).b'])
    assert.is(enter(types, text).status, 'error', text);
});

lenient('names the first cause only', () => {
  const types = typeService(user.folder);
  for (const strict of [false, true]) {
    const result = types.compile('nobody.map(x => x.map(y => [y, z => z]))', undefined, { strict });
    assert.equal(result.status === 'error' && result.diagnostics.map(({ message }) => message), ["Cannot find name 'nobody'."]);
  }
});

lenient('tells two versions of a type apart by their entries', () => {
  const types = typeService(user.folder);
  for (const text of ['class P { x = 1 }', 'const old = new P()', 'class P { x = 1; y = 2 }']) enter(types, text);
  const said = (text: string) => {
    const result = types.compile(text);
    return result.status === 'error' ? result.diagnostics[0].message : result.status;
  };
  const note = '\nP of <input 1> was declared again in <input 3>: values made before keep the earlier type.';
  assert.is(said('const p: P = old'), `Property 'y' is missing in type 'P of <input 1>' but required in type 'P'.${note}`);
  assert.is(said('old.y'), `Property 'y' does not exist on type 'P'.${note}`);
  assert.match(said('const ps: P[] = [old]'), /P of <input 1>/);
  assert.match(said('class P { z = 1 }; const p: P = old'), /declared again in this entry/);
});

lenient.run();
