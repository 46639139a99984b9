// Running entries: values, redeclaration, what closures keep, failures, imports and reload, places in stacks.
import { utimesSync } from 'node:fs';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Prompt, userFolder } from '../../helpers/entries';

const local = `export const twice = (x: number): number => x * 2;
export class Counter { n = 0; inc(): number { return ++this.n; } }
export function fail(): never {
  throw new Error('from a module');
}
export interface Pt { x: number; y: number }
`;

const user = userFolder({
  'local.ts': local,
  'node_modules/esm-only/package.json': '{"name":"esm-only","type":"module","exports":{".":{"import":"./index.js"}}}',
  'node_modules/esm-only/index.js': "export const a = 1; export default function hi() { return 'hi' }",
  'node_modules/common/package.json': '{"name":"common"}',
  'node_modules/common/index.js': 'module.exports = { k: 2 }',
});

const values = suite('values');

/** Entries of one session, in order, with the value of those that end in an expression. */
const session: readonly (readonly [string, unknown?])[] = [
  ['const x = 1'],
  ['x + 1', 2],
  ["const x = 'two'"],
  ['x', 'two'],
  ['let y = 5'],
  ['y = 6', 6],
  ['let y: string = "a"'],
  ['y', 'a'],
  ['function f(a: number) { return a + 1 }'],
  ['const before = () => f(1)'],
  ['function f(a: string) { return a + "!" }'],
  ['f("q")', 'q!'],
  ['before()', 2],
  ['f.name', 'f'],
  ['class A { v = 1 }'],
  ['const old = new A()'],
  ['class A { v = "two" }'],
  ['[new A().v, old.v, A.name]', ['two', 1, 'A']],
  ['enum E { A = 4 }'],
  ['E.A', 4],
  ['const enum C { B = 7 }'],
  ['C.B', 7],
  ['namespace N { export const z = 5 }'],
  ['N.z', 5],
  ['declare const told: number; declare function toldOf(a: number): string; declare class Told { a: number }'],
  ['[typeof told, typeof toldOf, typeof Told]', ['undefined', 'undefined', 'undefined']],
  [
    'declare namespace Q { const a: number }; declare let told2: string; export declare const told3: 1; typeof told3',
    'undefined',
  ],
  ['Object.assign(globalThis, { told2: "there" }); told2.length', 5],
  ['.toFixed(1)\ndeclare const told4: number', undefined],
  ['typeof told4', 'undefined'],
  ['class M { a = 1 }; declare namespace M { const b: number }', undefined],
  ['new M().a', 1],
  ['const v = await Promise.resolve(7)'],
  ['Promise.resolve(v + 1)', 8],
  ['[await 1, await (await 2) + 1, -(await 3)]', [1, 3, -3]],
  ['const { a1, b1: [c1], ...rest } = { a1: 1, b1: [2], d1: 3 }'],
  ['[a1, c1, rest]', [1, 2, { d1: 3 }]],
  ['const { d2 = 4 } = {} as { d2?: number }; d2', 4],
  ['{ a: 1, b: 2 }.a', 1],
  ['{ a: 1 }', { a: 1 }],
  ['var z1 = 1; var z1 = 2; z1', 2],
  ['for (var i = 0, n = 3, u; i < n; i++) { var w = i }'],
  ['[i, n, u, w]', [3, 3, undefined, 2]],
  ['for (var k in { only: 1 }) { void k }'],
  ['k', 'only'],
  ['for (const q of [1, 2]) { await null; var seen: number | undefined = q }'],
  ['seen', 2],
  ['for await (const q of [3, 4]) { var late: number | undefined = q }'],
  ['late', 4],
  ['const dup = 3; { const dup = 4; void dup }; dup', 3],
  [
    'even(4); function even(n: number): boolean { return n === 0 || odd(n - 1) }; function odd(n: number): boolean { return n !== 0 && even(n - 1) }',
    true,
  ],
  ['[even(6), odd(6)]', [true, false]],
  ['let count = 0; const inc = () => ++count'],
  ['inc(); inc(); count', 2],
  ['count = 10', 10],
  ['inc()', 11],
  ['class P { #x = 4; static s = P.name; get() { return this.#x } }'],
  ['[new P().get(), P.s]', [4, 'P']],
  ['const process = 5'],
  ['process', 5],
  ["require('node:fs').existsSync('/')", true],
  ["import * as path from 'path'"],
  ["path.basename('/a/b')", 'b'],
  ["import fs, { existsSync as there } from 'node:fs'"],
  ["[typeof fs.readFileSync, there('/')]", ['function', true]],
  ["import hi, { a } from 'esm-only'"],
  ['[hi(), a]', ['hi', 1]],
  ["import common from 'common'; import { k as k2 } from 'common'; import * as all from 'common'"],
  ['[common, k2, all]', [{ k: 2 }, 2, { k: 2 }]],
  ["(await import('common')).default", { k: 2 }],
  ["(await import('esm-only')).a", 1],
  ["(await import('./local')).twice(3)", 6],
  ["(await import('node:path')).basename('/c/d')", 'd'],
  ["import { twice, Counter } from './local'"],
  ['[twice(4), new Counter().inc()]', [8, 1]],
  ["import { twice as again } from './local.ts'; again(5)", 10],
  ['[1, 2, 3].map(n => n * 2)', [2, 4, 6]],
  ['.filter(n => n > 2)', [4, 6]],
  ['_', [4, 6]],
  ['export const ex = 3'],
  ['ex', 3],
  ['export { ex as why, again as more }'],
  ['[why, more(2)]', [3, 4]],
  ["export { twice as two, Counter } from './local'; export * as local from './local'"],
  ['[two(2), local.twice(3), new Counter().inc()]', [4, 6, 1]],
  ["export * from './local'"],
  ['[typeof fail, typeof Counter]', ['function', 'function']],
  ['const of = 1; of + 1', 2],
  ['/^\\p{L}--$/v.flags', 'v'],
  ["import.meta.filename.replace(import.meta.dirname, '')", '/<input>'],
  ["import.meta.resolve('node:fs') + import.meta.resolve('./a').slice(-2)", 'node:fs/a'],
  ['[import.meta.main, import.meta === (() => import.meta)()]', [false, true]],
  ['const late = 1; function byDefault(a = () => late) { var late = 2; return [a(), late] }; byDefault()', [1, 2]],
  ['function byPattern({ k = () => late } = {}) { function late() {} return k() }; byPattern()', 1],
  ['try { throw 1 } catch (e) { var e: any }; e'],
  ['try { throw 1 } catch (e3) { var e3: any = 5; var seen3 = e3 }; [typeof e3, seen3]', ['undefined', 5]],
  ['undefined'],
  ["let res0 = 'mine'"],
  ['[1 + 1, res0]', [2, 'mine']],
  ['const f2 = async () => { await null; return this }; await f2() === globalThis', true],
  ['const k$9 = 1; const k = 2; [k$9, k]', [1, 2]],
  ['const tag = (s: TemplateStringsArray) => s.raw[0]; tag`\\n`', '\\n'],
  ['sc', { stand: 'in' }],
  ['const sc = 1; sc', 1],
];

const shared = new Prompt(user.folder);
for (const [text, ...expected] of session) {
  values(JSON.stringify(text), async () => {
    const value = await shared.value(text);
    if (expected.length > 0) assert.equal(value, expected[0]);
    else assert.is(value, undefined);
  });
}

values('a function of a module sees the real globals, whatever the prompt calls by their names', async () => {
  const prompt = new Prompt(userFolder({ 'uses.ts': 'export const pid = () => process.pid;' }).folder);
  await prompt.value('const process = { pid: -1 }');
  await prompt.value("import { pid } from './uses'");
  assert.is(await prompt.value('pid()'), process.pid);
});

values.run();

const failures = suite('failures');

failures('keep what was initialised, and the older value of what was not', async () => {
  const prompt = new Prompt(user.folder);
  await prompt.value("let second = 'old'");
  const { evaluation } = await prompt.enter(
    'const first = 1\nlet second = missing()\nconst third = 3\nfunction missing(): string { throw new Error("no") }',
  );
  assert.is(evaluation?.status, 'threw');
  assert.equal(evaluation?.status === 'threw' && [...evaluation.initialised].sort(), ['first', 'missing']);
  assert.equal(await prompt.value('[first, second]'), [1, 'old']);
  assert.is(prompt.types.compile('third').status, 'error');
});

failures('a let whose initializer threw can be declared again', async () => {
  const prompt = new Prompt(user.folder);
  await prompt.error("let b = JSON.parse('{')");
  await prompt.value('let b = 4');
  assert.is(await prompt.value('b'), 4);
});

failures('a name used too early is named as the user wrote it', async () => {
  const error = await new Prompt(user.folder).error('const read = () => later; read(); const later = 4');
  assert.is(String(error), "ReferenceError: Cannot access 'later' before initialization");
});

failures('messages of the engine name variables without a version', async () => {
  const prompt = new Prompt(user.folder);
  await prompt.value("const word: any = 'w'");
  const error = await prompt.error('word()');
  assert.is(error.message, 'word is not a function');
  assert.match(error.stack ?? '', /^TypeError: word is not a function\n {4}at <input 2>:1:1/);
});

failures('a rejected await and a caught one', async () => {
  const prompt = new Prompt(user.folder);
  assert.is((await prompt.error('await Promise.reject(new Error("far"))')).message, 'far');
  assert.is(
    await prompt.value('let said = ""; try { await Promise.reject(new Error("near")) } catch (e) { said = String(e) }; said'),
    'Error: near',
  );
});

/** Each assigns a constant behind the checker's back, as JavaScript forbids it. */
const constants = [
  '(fixed as any) = 2',
  '(fixed as any)++',
  '(fixed as any) += 1',
  '[(fixed as any)] = [2]',
  '({ a: (fixed as any), ...(fixed as any) } = { a: 2 })',
  'for ((fixed as any) of [2]) void 0',
  'const assign = () => { (fixed as any) = 2 }; assign()',
  'const own = 1; (own as any) = 2',
  '(given as any) = 2',
  "import { sep } from 'node:path'; (sep as any) = 2",
  '(_ as any) = 2',
];

failures('constants stay what they are', async () => {
  const prompt = new Prompt(user.folder, { given: 1 });
  await prompt.value('const fixed = 1; declare const given: number; fixed');
  for (const text of constants) {
    const error = await prompt.error(text);
    assert.is(String(error), 'TypeError: Assignment to constant variable.', text);
  }
  assert.equal(await prompt.value('let free = 1; free = 2; [fixed, _, free]'), [1, 1, 2]);
});

failures('an import that fails says so and leaves no name', async () => {
  const folder = userFolder({ 'broken.ts': 'export const a = 1;\nthrow new Error("at load");' }).folder;
  const prompt = new Prompt(folder);
  const error = await prompt.error("import { a } from './broken'");
  assert.is(error.message, 'at load');
  assert.match(error.stack ?? '', /broken\.ts:2:7/);
  assert.is(prompt.types.compile('a').status, 'error');
});

failures('anything can be thrown', async () => {
  const { evaluation } = await new Prompt(user.folder).enter('throw null');
  assert.equal(evaluation, { status: 'threw', error: null, initialised: [] });
});

failures.run();

const stacks = suite('stacks');

const firstFrame = (error: Error) =>
  error.stack
    ?.split('\n')
    .find((line) => /^\s+at /.test(line))
    ?.trim();

stacks('have the place as typed, behind types and instrumentation', async () => {
  const prompt = new Prompt(user.folder);
  const line = 'const f = (x: Wide, g: (y: number) => void) => [(z: number) => z, (): string => x.a.b.c]';
  const error = await prompt.error(`type Wide = { a: any }\n${line}\nf({ a: {} }, () => {})[1](0)`);
  assert.is(firstFrame(error)?.replace(/^.*<input/, '<input'), `<input 1>:2:${line.indexOf('.c]') + 2})`);
  assert.match(error.stack ?? '', /\n {4}at <input 1>:3:26(\n|$)/);
});

stacks('of entries of a file name the file and its lines', async () => {
  const prompt = new Prompt(user.folder);
  const place = { label: 'script.ts', firstLine: 7, folder: user.folder };
  await prompt.enter('const thrower = () => { throw new Error("x") }', place);
  const { evaluation } = await prompt.enter('\nthrower()', { ...place, firstLine: 20 });
  const stack = evaluation?.status === 'threw' ? (evaluation.error as Error).stack : '';
  assert.match(stack ?? '', /at thrower \(script\.ts:7:31\)\n {4}at script\.ts:21:1(\n|$)/);
});

stacks('of local modules are in TypeScript positions', async () => {
  const prompt = new Prompt(user.folder);
  await prompt.value("import { fail } from './local'");
  const error = await prompt.error('fail()');
  assert.is(firstFrame(error), `at fail (${path.join(user.folder, 'local.ts')}:4:9)`);
});

stacks('hold nothing of the evaluator', async () => {
  const error = await new Prompt(user.folder).error('[1].map(() => { throw new Error("x") })');
  assert.not.match(error.stack ?? '', /evaluate\.ts|breakable\.ts|node:vm/);
});

stacks.run();

const modules = suite('local modules');

/** File systems keep times coarsely: an edit must not look like the file before it. */
function edit(write: (file: string, text: string) => void, folder: string, file: string, text: string): void {
  write(file, text);
  const later = new Date(Date.now() + 5000);
  utimesSync(path.join(folder, file), later, later);
}

modules('give the new code after an edit, also of what they import', async () => {
  const { folder, write } = userFolder({
    'outer.ts': "import { inner } from './deep/inner';\nexport const outer = () => inner + 1;",
    'deep/inner.ts': 'export const inner = 1;',
  });
  const prompt = new Prompt(folder);
  await prompt.value("import { outer } from './outer'");
  await prompt.value('const kept = outer');
  assert.is(await prompt.value('outer()'), 2);
  edit(write, folder, 'deep/inner.ts', 'export const inner = 10;');
  assert.is(await prompt.value('outer()'), 2, 'no import, no change');
  await prompt.value("import { outer } from './outer'");
  assert.equal(await prompt.value('[outer(), kept()]'), [11, 2]);
  edit(write, folder, 'outer.ts', "export const outer = () => 'text';");
  await prompt.value("import { outer } from './outer'");
  assert.is(await prompt.value('outer().length'), 4);
});

modules('that cannot be parsed say where', async () => {
  const prompt = new Prompt(user.folder);
  user.write('torn.ts', 'export const a = 1;\n  export const b = (;\n');
  const error = await prompt.error("import { a } from './torn'; a");
  assert.is(error.name, 'SyntaxError');
  assert.is(error.stack, `SyntaxError: Expression expected.\n    at ${path.join(user.folder, 'torn.ts')}:2:21`);
});

modules('that did not change are the same modules', async () => {
  const { folder } = userFolder({ 'state.ts': 'export const bag: number[] = [];' });
  const prompt = new Prompt(folder);
  await prompt.value("import { bag } from './state'; bag.push(1)");
  await prompt.value("import { bag } from './state'");
  assert.equal(await prompt.value('bag'), [1]);
});

modules('are handed on as plain JavaScript with their maps', async () => {
  const { folder } = userFolder({ 'helper.ts': 'export const add = (a: number, b: number): number => a + b;' });
  const compiled: [string, string, string | undefined][] = [];
  const prompt = new Prompt(folder, {}, (file, js, map) => compiled.push([file, js, map]));
  assert.is(await prompt.value("import { add } from './helper'; add(1, 2)"), 3);
  assert.equal(
    compiled.map(([file]) => file),
    [path.join(folder, 'helper.ts')],
  );
  assert.match(compiled[0][1], /const add = \(a, b\) => a \+ b;/);
  assert.not.match(compiled[0][1], /__c\(|sourceMappingURL/);
  assert.is((JSON.parse(compiled[0][2] ?? '{}') as { version: number }).version, 3);
});

modules('of a loaded file are found beside it', async () => {
  const { folder } = userFolder({ 'lib/near.ts': 'export const near = 3;' });
  const prompt = new Prompt(folder);
  const place = { label: 'lib/script.ts', firstLine: 1, folder: path.join(folder, 'lib') };
  const { evaluation } = await prompt.enter("import { near } from './near'; near + (await import('./near')).near", place);
  assert.equal(evaluation, { status: 'ok', value: 6 });
  assert.is(await prompt.value('near'), 3);
});

modules('take another TypeScript and tsconfig of the user in their stride', async () => {
  const { folder } = userFolder({
    'tsconfig.json':
      '{ "compilerOptions": { "module": "nodenext", "moduleResolution": "nodenext", "verbatimModuleSyntax": true } }',
    'package.json': '{ "type": "module" }',
    'node_modules/typescript/package.json': '{ "name": "typescript", "version": "1.0.0", "main": "x.js" }',
    'node_modules/typescript/x.js': 'throw new Error("the wrong one");',
    'mod.ts': 'export const here: string = "here";',
  });
  assert.is(await new Prompt(folder).value("import { here } from './mod.js'; here"), 'here');
});

modules.run();
