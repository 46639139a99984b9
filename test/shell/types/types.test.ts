// Checking entries: types of results, redeclaration, errors with their places, unfinished text, completion.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TypeServiceCore } from '../../../shell/types/service';
import { typeService, userFolder } from '../../helpers/entries';

/** What an entry must come to: nothing to print, a typed result, not finished, or an error (a part of the message, and its place). */
type Expected =
  | 'nothing'
  | 'incomplete'
  | { readonly type: string }
  | { readonly error: RegExp; readonly at?: readonly [start: number, length: number] };

const local =
  'export const twice = (x: number): number => x * 2;\nexport class Counter { n = 0; inc(): number { return ++this.n; } }\nexport interface Pt { x: number; y: number }\n';
const user = userFolder({ 'local.ts': local });

function enter(types: TypeServiceCore, text: string) {
  const result = types.compile(text);
  if (result.status === 'ok') types.commit(result.cell.id);
  return result;
}

function check(types: TypeServiceCore, [text, expected]: readonly [string, Expected]): void {
  const result = enter(types, text);
  const said = `${text} → ${JSON.stringify(result)}`;
  if (expected === 'incomplete') {
    assert.is(result.status, 'incomplete', said);
  } else if (expected !== 'nothing' && 'error' in expected) {
    assert.is(result.status, 'error', said);
    const [first] = result.status === 'error' ? result.diagnostics : [];
    assert.match(first.message, expected.error, said);
    if (expected.at) assert.equal([first.start, first.length], expected.at, said);
  } else {
    assert.is(result.status, 'ok', said);
    const type = result.status === 'ok' ? result.cell.result?.type : undefined;
    assert.is(type, expected === 'nothing' ? undefined : expected.type, said);
  }
}

/** Entries of one session, in order. */
const session: readonly (readonly [string, Expected])[] = [
  ['', 'nothing'],
  ['// only a comment', 'nothing'],
  ['const x = 1', 'nothing'],
  ['x + 1', { type: 'number' }],
  ["const x = 'two'", 'nothing'],
  ['x', { type: 'string' }],
  ['let y = 5', 'nothing'],
  ['y = 6', { type: 'number' }],
  ["y = 'six'", { error: /not assignable to type 'number'/, at: [0, 1] }],
  ['let y: string = "a"', 'nothing'],
  ['y', { type: 'string' }],
  ['function f(a: number) { return a + 1 }', 'nothing'],
  ['f(2)', { type: 'number' }],
  ['function f(a: string) { return a + "!" }', 'nothing'],
  ['f("q")', { type: 'string' }],
  ['f(2)', { error: /not assignable to parameter/, at: [2, 1] }],
  ['class A { v = 1 }', 'nothing'],
  ['const old = new A()', 'nothing'],
  ['class A { v = "two" }', 'nothing'],
  ['new A().v', { type: 'string' }],
  ['old.v', { type: 'number' }],
  ['type T = { a: number }', 'nothing'],
  ['type T = { b: string }', 'nothing'],
  ['const t: T = { b: "x" }', 'nothing'],
  ['t', { type: 'T' }],
  ['interface I { a: number }', 'nothing'],
  ['const i: I = { a: 1 }', 'nothing'],
  ['interface I { z: number }', 'nothing'],
  ['const i2: I = { a: 1 }', { error: /'a' does not exist/, at: [16, 1] }],
  ['enum E { A = 4 }', 'nothing'],
  ['E.A', { type: 'E' }],
  ['const bad: number = "str"', { error: /Type 'string' is not assignable/, at: [6, 3] }],
  ['bad', { error: /Cannot find name 'bad'/, at: [0, 3] }],
  ['x.foo', { error: /'foo' does not exist/, at: [2, 3] }],
  ["import * as path from 'path'", 'nothing'],
  ["path.basename('/a/b')", { type: 'string' }],
  ["import { twice, Counter } from './local'", 'nothing'],
  ['twice(4)', { type: 'number' }],
  ['new Counter().inc()', { type: 'number' }],
  ["import dd from './local'", { error: /no default export/ }],
  [
    "import nope from '@nobody/nothing/deep'",
    {
      error: /^There is no package @nobody\/nothing: it was looked for in node_modules of \/.*npm i @nobody\/nothing$/,
      at: [17, 22],
    },
  ],
  ["import nope from './nowhere'", { error: /Cannot find module '.\/nowhere'/, at: [17, 11] }],
  ["import type { Pt } from './local'", 'nothing'],
  ['const p: Pt = { x: 1, y: 2 }', 'nothing'],
  ['p', { type: 'Pt' }],
  ['const v = await Promise.resolve(7)', 'nothing'],
  ['v', { type: 'number' }],
  ['Promise.resolve(v + 1)', { type: 'number' }],
  ['await Promise.resolve(v + 1)', { type: 'number' }],
  ['for await (const q of [1, 2]) { void q }', 'nothing'],
  ['const { a1, b1: [c1] } = { a1: 1, b1: [2] }', 'nothing'],
  ['a1 + c1', { type: 'number' }],
  ['function g(', 'incomplete'],
  ['const o = {', 'incomplete'],
  ['[1,2', 'incomplete'],
  ['`abc', 'incomplete'],
  ['`abc ${x', 'incomplete'],
  ['if (true) {', 'incomplete'],
  ['{ a: 1,', 'incomplete'],
  ['{ a: 1, b: [2,', 'incomplete'],
  ['x.', 'incomplete'],
  ['const q = (a: number) =>', 'incomplete'],
  ['1 +', 'incomplete'],
  ['f(x,', 'incomplete'],
  ['/* open', 'incomplete'],
  ['}', { error: /expected/, at: [0, 1] }],
  ['foo bar', { error: /Unexpected keyword or identifier/, at: [0, 3] }],
  ["'unterminated", { error: /Unterminated string/, at: [13, 0] }],
  ['const a = ;', { error: /Expression expected/, at: [10, 1] }],
  ['throw new Error("boom")', 'nothing'],
  ['{ a: 1 }', { type: '{ a: number; }' }],
  ['{ a: 1, b: 2 }.a', { type: 'number' }],
  ['{ a: 1 } // said', { type: '{ a: number; }' }],
  ['{}', { type: '{}' }],
  ['{ a: nobody }', { error: /Cannot find name 'nobody'/, at: [5, 6] }],
  ['{ const inner = 4; void inner }', 'nothing'],
  ['undefinedVar', { error: /Cannot find name 'undefinedVar'/, at: [0, 12] }],
  ['var z1 = 1; var z1 = 2; z1', { type: 'number' }],
  ['const n1 = 1\nconst n2 = n1 + 1\nn2', { type: 'number' }],
  ['const m1 = 1\nm1.foo\n2', { error: /'foo' does not exist/, at: [16, 3] }],
  ['label: for (;;) { break label }', 'nothing'],
  ['const dup = 3; { const dup = 4 }; dup', { type: 'number' }],
  ['const process = 5', 'nothing'],
  ['process', { type: 'number' }],
  ['const URL = 4', 'nothing'],
  ['const r1 = /a/g, r2 = 3n', 'nothing'],
  ['r2', { type: 'bigint' }],
  ['using', { error: /Cannot find name 'using'/ }],
  ['async function af() { return 1 }', 'nothing'],
  ['af()', { type: 'number' }],
  ['export const ex = 3', 'nothing'],
  ['ex', { type: 'number' }],
  ['fs.existsSync("/")', { error: /Cannot find name 'fs'/, at: [0, 2] }],
  ['console.log(1)', 'nothing'],
  ['5', { type: 'number' }],
  ["'five'", { type: 'string' }],
  ['null', { type: 'null' }],
  ['[1, 2].map(x => x * 2)', { type: 'number[]' }],
  ['.filter(x => x > 2)', { type: 'number[]' }],
  ['?.length', { type: 'number' }],
  ['_', { type: 'number' }],
  ['.5', { type: 'number' }],
  ['.nothing', { error: /'nothing' does not exist/, at: [1, 7] }],
  ['class Secret { #s = 1; get() { return this.#s } }', 'nothing'],
  ['const secret = new Secret(); secret.get()', { type: 'number' }],
  ['const anonymous = class { private hidden = 1; shown = 2 }', 'nothing'],
  ['new anonymous().shown', { type: 'number' }],
  ['declare global { interface Array<T> { second(): T } }', 'nothing'],
  ['[1, 2].second()', { type: 'number' }],
  ['sc.parallelize([1])', { type: 'RDD<number>' }],
  ['.map(x => [x, 1] as [number, number])', { type: 'RDD<[number, number]>' }],
  ['.count()', { type: 'number' }],
  ['let kept: RDD<string> | undefined', 'nothing'],
  ['const sc = 5', 'nothing'],
  ['sc', { type: 'number' }],
];

const entries = suite('entries');
const shared = typeService(user.folder);
for (const line of session) entries(JSON.stringify(line[0]), () => check(shared, line));
entries.run();

const results = suite('results');

results('are named in turn, a void one takes no name', () => {
  const types = typeService(user.folder);
  const names = ['1', 'console.log(2)', 'const k = 3', "'4'"].map((text) => {
    const result = enter(types, text);
    return result.status === 'ok' ? result.cell.result?.name : result.status;
  });
  assert.equal(names, ['res0', undefined, undefined, 'res1']);
  const sum = enter(types, 'res0 + res1.length');
  assert.equal(sum.status === 'ok' && sum.cell.result, { name: 'res2', type: 'number' });
});

results('of an entry that was not committed are not there', () => {
  const types = typeService(user.folder);
  types.compile('41');
  assert.is(types.compile('res0').status, 'error');
  const again = types.compile('42');
  assert.is(again.status === 'ok' && again.cell.result?.name, 'res0');
});

results('a name of the user is not taken over', () => {
  const types = typeService(user.folder);
  const own = enter(types, "const res0 = 'mine'; res0.length");
  assert.is(own.status === 'ok' && own.cell.result?.name, 'res1');
  enter(types, "const _ = 'mine too'");
  enter(types, '7');
  const last = enter(types, '_');
  assert.is(last.status === 'ok' && last.cell.result?.type, 'string');
});

results('a name that the user declared is never that of a result', () => {
  const types = typeService(user.folder);
  const nameOf = (text: string) => {
    const result = enter(types, text);
    return result.status === 'ok' ? result.cell.result?.name : result.status;
  };
  enter(types, "let res0 = 'mine'; function res2() {}; type res3 = 1");
  const texts = ['1', '2', 'undefined', 'res2()', 'void 0', '3', "const res5 = 'later'", '4'];
  const names = ['res1', 'res4', undefined, undefined, undefined, 'res5', undefined, 'res6'];
  assert.equal(texts.map(nameOf), names);
  assert.equal(types.typeOf('res0'), { type: 'string' });
});

results('only initialised names are kept after a failure, and types always', () => {
  const types = typeService(user.folder);
  const before = enter(types, "const second = 'old'");
  assert.is(before.status, 'ok');
  const failed = types.compile('type Shape = { n: number }; const first = 1; const second = 2; const third = 3');
  assert.is(failed.status, 'ok');
  if (failed.status === 'ok') types.commit(failed.cell.id, ['first']);
  assert.equal(types.typeOf('first'), { type: 'number' });
  assert.equal(types.typeOf('second'), { type: 'string' });
  assert.ok('diagnostics' in types.typeOf('third'));
  assert.equal(types.typeOf('({ n: 1 }) as Shape'), { type: 'Shape' });
});

results.run();

const friendly = suite('error messages');

friendly('a pair operation on other elements says what to make', () => {
  const types = typeService(user.folder);
  const text = 'sc.parallelize([1, 2]).reduceByKey((a, b) => a)';
  const result = types.compile(text);
  assert.is(result.status, 'error');
  const [first] = result.status === 'error' ? result.diagnostics : [];
  assert.match(first.message, /^reduceByKey needs pairs: this is an RDD<number>\. Make pairs first: \.map\(x => \[x, 1\]\)/);
});

friendly('a habit from arrays is answered with the operation', () => {
  const types = typeService(user.folder);
  const result = types.compile('sc.parallelize([1, 2]).length');
  const [first] = result.status === 'error' ? result.diagnostics : [];
  assert.is(first?.message, 'An RDD<number> has no length; use count().');
  assert.equal([first.start, first.length], [23, 6]);
});

friendly('a reader of another tool is answered with ours', () => {
  const types = typeService(user.folder);
  const told = (text: string) => {
    const result = types.compile(text);
    return result.status === 'error' ? result.diagnostics[0].message : '';
  };
  assert.is(told("sc.readCsv('a.csv')"), 'sc has no readCsv; use sc.csv(path).');
  assert.is(told("sc.readParquet('a.parquet')"), 'sc has no readParquet; use sc.parquet(path).');
  assert.match(told("sc.read.csv('a.csv')"), /^sc has no read; use sc\.csv\(path\), sc\.json\(path\), sc\.jsonLines\(path\)/);
  assert.match(told("sc.readExcel('a.xlsx')"), /that another tool converted/);
});

friendly('a declaration as in Scala is answered with that of TypeScript', () => {
  const types = typeService(user.folder);
  const said = (text: string) => {
    const result = types.compile(text);
    return result.status === 'error' ? result.diagnostics[0].message : result.status;
  };
  assert.is(said('val x = 5'), 'val is Scala; in TypeScript write const x = ….');
  assert.match(said('def f(x: Int) = x + 1'), /^def is Scala; in TypeScript write function f/);
  assert.match(said('case class P(a: Int)'), /^case is Scala/);
  const script = types.compileScript('val x = 5', { label: 'x.ts', folder: user.folder, firstLine: 1 });
  assert.is(script.status === 'error' && script.diagnostics[0].message, said('val x = 5'));
});

friendly('a chain without a last value says so', () => {
  const result = typeService(user.folder).compile('.map(x => x)');
  const [first] = result.status === 'error' ? result.diagnostics : [];
  assert.is(first?.message, 'There is no last value to continue yet.');
  assert.is(first.start, 0);
});

friendly.run();

const help = suite('completion');

const namesAt = (types: TypeServiceCore, text: string, at = text.length) =>
  types.complete(text, at).entries.map(({ name }) => name);

help('is by type, also in a lambda, after a leading dot and in unfinished text', () => {
  const types = typeService(user.folder);
  enter(types, "const words = ['a', 'b']");
  assert.equal(namesAt(types, 'words.fil'), ['fill', 'filter']);
  assert.equal(namesAt(types, 'words.map(w => w.toUpp'), ['toUpperCase']);
  assert.ok(namesAt(types, 'sc.parallelize(words).map(w => w.').includes('trim'));
  enter(types, 'words');
  assert.ok(namesAt(types, '.joi').includes('join'));
  assert.ok(namesAt(types, '.').includes('join'));
  assert.is(namesAt(types, 'wor')[0], 'words');
});

help('tells the range, and the type where few are left', () => {
  const types = typeService(user.folder);
  const text = 'sc.parallelize([1]).cou + 1';
  const { start, end, entries: found } = types.complete(text, 23);
  assert.equal([start, end], [20, 23]);
  assert.equal(
    found.map(({ name, detail }) => [name, detail]),
    [['count', 'count(): JobPromise<number>']],
  );
});

help('quick info has the signature and the first sentence', () => {
  const info = typeService(user.folder).quickInfo('sc.parallelize([1]).count()', 22);
  assert.is(info, '(method) RDD<number>.count(): JobPromise<number>\nCounts the elements.');
});

help.run();

const long = suite('a long session');

long('later entries take no longer than early ones', () => {
  const types = typeService(user.folder);
  enter(types, 'const k = 3');
  const times: number[] = [];
  for (let i = 0; i < 300; i++) {
    const start = performance.now();
    const previous = i === 0 ? 'k' : `w${i - 1}.length`;
    const result = enter(types, `const w${i} = [1, 2, 3].filter(x => x > ${i % 3}).map(x => ({ x, k, n: ${previous} }))`);
    assert.is(result.status, 'ok');
    times.push(performance.now() - start);
  }
  const median = (from: number, to: number) => times.slice(from, to).sort((a, b) => a - b)[(to - from) >> 1];
  const early = median(20, 60);
  const late = median(260, 300);
  assert.ok(late < early * 2 + 10, `a line took ${early.toFixed(1)} ms at entry 40 and ${late.toFixed(1)} ms at entry 280`);
});

long('the API is read once, also when entries that use none of it come between', () => {
  const { folder } = userFolder();
  const types = typeService(folder, 'own-api.d.ts');
  enter(types, 'const xs = sc.parallelize([1])');
  writeFileSync(path.join(folder, 'own-api.d.ts'), 'export {};');
  check(types, ['1 + 1', { type: 'number' }]);
  check(types, ['sc.parallelize([1]).count()', { type: 'number' }]);
  check(types, ['xs.map(String)', { type: 'RDD<string>' }]);
});

long.run();
