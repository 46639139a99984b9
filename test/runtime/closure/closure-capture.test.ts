// Captures in detail: refusals and warnings with their places, bulk values, references, classes over closures, positions, cost.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MillraceError } from '../../../runtime/base/errors';
import {
  type Capture,
  capture,
  classByKey,
  classKeyOf,
  driverOnly,
  makeInstance,
  privatesOf,
  type Reference,
  type ReviveEnvironment,
  revive,
  travelsAs,
} from '../../../runtime/closure';
import { callRemotely, loadInstrumented, options, Remote } from './closure-cases/harness';
import { library } from './closure-cases/library';
import { Prompt } from './closure-cases/prompt';

const remote = new Remote();

const run = (...inputs: string[]) => {
  const prompt = new Prompt();
  return inputs.map((input) => prompt.run(input)).at(-1) as Function;
};

const reviveHere = (captured: Capture, environment: Partial<ReviveEnvironment> = {}) => {
  const bulk = new Map(captured.bulk.map((b) => [b.id, b.value]));
  return revive(captured.closure, {
    reference: () => undefined,
    bulk: (id) => bulk.get(id),
    loadModule: require,
    ...environment,
  });
};

function failureOf(f: Function): MillraceError {
  try {
    capture(f, options);
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

// ---- refusals

test('a refusal names the path, the place and what to do', () => {
  const error = failureOf(run('const state = { open: [1, Promise.resolve(1)] }', 'const h = () => state', '\n  () => h()'));
  assert.is(error.code, 'UNSERIALIZABLE_CAPTURE');
  assert.is(error.details.path, 'closure → captured h → captured state → .open[1]');
  assert.is(error.details.reason, 'a promise');
  assert.is(error.remedy, 'Await it first and capture its value.');
  assert.equal(error.details.place, { file: '<input 3>', line: 2, column: 3 });
});

test('engine objects that live in the session are refused as nested datasets', () => {
  const rdd = { [driverOnly]: 'an RDD' };
  const prompt = new Prompt();
  const f = (prompt.run('(rdd: unknown) => { const deep = { conf: { rdd } }; return () => deep.conf.rdd }') as Function)(rdd);
  const error = failureOf(f);
  assert.is(error.code, 'NESTED_DATASET');
  assert.is(error.details.path, 'closure → captured deep → .conf → .rdd');
});

test('what the closure does not use never matters', async () => {
  const f = run('const p = Promise.resolve(1)', 'const other = () => p', '(x: number) => { const p = x; return p }');
  assert.is(await callRemotely(remote, f, [3]), '3');
});

test('data nested too deeply is refused, not a crash', () => {
  const f = run('let list: any = null; for (let i = 0; i < 50_000; i++) list = { list }; () => list');
  assert.match(failureOf(f).message, /data that is nested too deeply/);
});

test('super in an object literal is refused', () => {
  const f = run('const o = { toString() { return "o" + super.toString() } }; () => String(o)');
  assert.match(failureOf(f).message, /super through an object literal/);
});

// ---- warnings

const warningsOf = (f: Function) =>
  capture(f, options).warnings.map(({ kind, name, place }) => `${kind} ${name} ${place.line}:${place.column}`);

test('assignments and mutations are told with their TypeScript places', () => {
  const f = run(
    'let count = 0; const seen = new Set<string>(); const list: number[] = []; const o = { n: 0 }',
    '(x: string): void => {\n  count++;\n  seen.add(x as string);\n    list.push(1); o.n = 1;\n}',
  );
  assert.equal(warningsOf(f), ['assigned count 2:3', 'mutated seen 3:3', 'mutated list 4:5', 'mutated o 4:19']);
});

test('methods of the same name on other things are no mutations', () => {
  const f = run(
    'const acc = { add(n: number) { return n } }; const path = { push: (s: string) => s }; let k = 1',
    'k = 2; () => { acc.add(1); path.push("x"); const own: number[] = []; own.push(k) }',
  );
  assert.equal(warningsOf(f), []);
});

test('a warning says what to use instead', () => {
  const [warning] = capture(run('let n = 0; (x: number) => { n += x }'), options).warnings;
  assert.match(warning.message, /sc\.accumulator\(0\).*reduce\(\)/);
});

// ---- what a capture tells

test('the captured names come with their types and an estimate of their bytes', () => {
  const f = run('const words = new Set(["a".repeat(100), "b".repeat(100)]); const k = 3; () => words.has("a") || k');
  const captured = capture(f, options);
  assert.equal(
    captured.names.map(({ name, type }) => `${name} ${type}`),
    ['words Set', 'k number'],
  );
  assert.ok(captured.names[0].bytes >= 200 && captured.names[0].bytes < 400);
  assert.is(captured.source, '() => words.has("a") || k');
});

test('bulk values travel apart, by a hash of their content, and are not copied for each closure', () => {
  const make = () =>
    run(
      'const big = new Float64Array(1000).fill(1.5); const list = Array.from({ length: 1000 }, (_, i) => i); () => [big[3], list[7]]',
    );
  const small = { ...options, autoBroadcastBytes: 4000 };
  const one = capture(make(), small);
  assert.is(one.bulk.length, 2);
  assert.match(one.bulk[0].id, /^[0-9a-f]{32}$/);
  assert.equal(
    capture(make(), small).bulk.map((b) => b.id),
    one.bulk.map((b) => b.id),
  );
  assert.equal(reviveHere(one)(), [1.5, 7]);
});

test('broadcasts and accumulators travel as references', () => {
  const reference: Reference = { kind: 'broadcast', id: 'b1', data: { zero: [0] } };
  const f = (run('(b: { value: number }) => () => b.value') as Function)({ [travelsAs]: () => reference });
  const captured = capture(f, options);
  assert.equal(captured.references, [reference]);
  assert.is(reviveHere(captured, { reference: (r) => ({ value: `${r.id}!` }) })(), 'b1!');
});

test('the user’s modules are named, with those of packages left out', () => {
  const { cases } = loadInstrumented(`${__dirname}/closure-cases`, 'modules.ts') as {
    cases: Record<string, () => { f: Function }>;
  };
  const captured = capture(cases['import from local .ts module']().f, options);
  assert.equal(captured.modules, [`${__dirname}/closure-cases/helpers.ts`]);
});

// ---- values

test('values of all kinds keep what they are', async () => {
  const f = run(
    'const v: any = { f: Object.freeze([1, [2]]), s: Object.seal({ a: 1 }), d: new Date(7), n: new Intl.NumberFormat("de"), u: new URL("http://a/b?c") }',
    'v.t = new Uint16Array(new Uint8Array([9, 9, 1, 0, 2, 0]).buffer, 2, 2); v.same = v.t.buffer; v.big = 2n ** 70n; v.e = new RangeError("x")',
    '() => [Object.isFrozen(v.f), Object.isSealed(v.s), v.d.getTime(), v.n.format(1.5), v.u.search, [...v.t], v.t.buffer === v.same, v.big, v.e instanceof RangeError]',
  );
  const shown = await callRemotely(remote, f);
  assert.is(shown.replace(/\s+/g, ' '), "[ true, true, 7, '1,5', '?c', [ 1, 2 ], true, 1180591620717411303424n, true ]");
});

test('keys that are words of the language are only keys', async () => {
  const f = run('const t = JSON.parse(\'{"__proto__": 1, "constructor": 2, "toString": 3}\'); () => Object.entries(t)');
  assert.is(await callRemotely(remote, f), "[ [ '__proto__', 1 ], [ 'constructor', 2 ], [ 'toString', 3 ] ]");
});

test('an instance that binds its own method travels', async () => {
  const f = run(
    'class A { n = 4; go: () => number; constructor() { this.go = this.run.bind(this) } run() { return this.n } }; const a = new A(); () => a.go()',
  );
  assert.is(await callRemotely(remote, f), '4');
});

// ---- shared variables in scopes of all shapes

const sharing: Record<string, string> = {
  'an arrow with an expression for a body': '((n: number) => [() => ++n, () => n])(1)',
  'parameters of a function': '(function (n: number) { return [() => ++n, () => n] })(1)',
  'a loop body that is one statement': '(() => { let r: any; for (let n = 1; n < 2; n++) r = [() => ++n, () => n]; return r })()',
  'a for-of': '(() => { for (let n of [1]) { return [() => ++n, () => n] } })()',
  'a switch': '(() => { switch (1 as number) { case 1: let n = 1; return [() => ++n, () => n] } })()',
  'a catch clause': '(() => { try { throw 1 } catch (n: any) { return [() => ++n, () => n] } })()',
  'a static block': '(() => { let r: any; class A { static { let n = 1; r = [() => ++n, () => n] } } return r })()',
  'a comment and a new line before the expression': '((n: number) => /* => */\n // =>\n [() => ++n, () => n])(1)',
};

for (const [name, text] of Object.entries(sharing)) {
  test(`a reassigned variable is shared: ${name}`, async () => {
    const f = run(`const pair = ${text}!; () => { pair[0](); pair[0](); return pair[1]() }`);
    assert.is(await callRemotely(remote, f), '3');
  });
}

test('each run of a scope has variables of its own', async () => {
  const f = run(
    'const make = (n: number) => [() => ++n, () => n]; const a = make(1); const b = make(10)',
    '() => { a[0](); b[0](); b[0](); return [a[1](), b[1]()] }',
  );
  assert.is(await callRemotely(remote, f), '[ 2, 12 ]');
});

// ---- classes

test('static parts are not run again, and what they need does not travel', async () => {
  const f = run(
    'const lock = Promise.resolve(); let made = 0',
    'class S { static id = made++; static own = lock && 5; static { made++ } static get twice() { return S.own * 2 } }',
    '() => [S.id, S.own, S.twice]',
  );
  assert.is(await callRemotely(remote, f), '[ 0, 5, 10 ]');
});

test('instances with #private parts are made without running constructors', async () => {
  const f = run(
    'const log: string[] = []',
    'class A { #a; seen = log.push("A field"); constructor({ a }: { a: number }, [b]: number[], c = log.push("default")) { this.#a = a + b; log.push("A") } get a() { return this.#a } }',
    'class B extends A { #b = log.push("B field"); #m() { return this.#b } constructor(n: number) { super({ a: n }, [n]); log.push("B") } get b() { return this.#m() } }',
    'class C extends B {}; const c = new C(4); const before = log.length',
    '() => [c.a, c.b, log.length === before, new C(1).a, log.length - before]',
  );
  assert.is(await callRemotely(remote, f), '[ 8, 4, true, 2, 5 ]');
});

test('a subclass of a built-in with #private parts travels', async () => {
  const f = run(
    'class Bag extends Map<string, number> { #total = 0; add(k: string) { this.#total++; return this.set(k, (this.get(k) ?? 0) + 1) } get total() { return this.#total } }',
    'const bag = new Bag().add("a").add("a") as Bag; () => [bag.get("a"), (bag as any).total, bag instanceof Map]',
  );
  assert.is(await callRemotely(remote, f), '[ 2, 2, true ]');
});

test('an uninstrumented library’s instance with #private parts travels', async () => {
  const f = (run('(library: any) => { const c = library.sharedCounter(); return () => [c.next(), c.next()] }') as Function)(
    library,
  );
  assert.is(await callRemotely(remote, f), '[ 6, 7 ]');
});

test('an instance of a module’s class with #private parts travels', async () => {
  const { Safe } = loadInstrumented(`${__dirname}/closure-cases`, 'helpers.ts') as { Safe: new (o: object) => object };
  const f = (run('(safe: any, Safe: any) => () => [safe.secret, safe.dbl, safe instanceof Safe]') as Function)(
    new Safe({ secret: 7 }),
    Safe,
  );
  assert.is(await callRemotely(remote, f), '[ 7, 14, true ]');
});

test('a class captured by two closures is one class where they are revived', () => {
  const prompt = new Prompt();
  prompt.run('class P { constructor(public x: number) {} }');
  const make = reviveHere(capture(prompt.run('(x: number) => new P(x)') as Function, options));
  const ask = reviveHere(capture(prompt.run('(p: unknown) => p instanceof P') as Function, options));
  assert.is(ask(make(1)), true);
});

test('a class whose statics changed between two captures is not mixed up with what it was', () => {
  const prompt = new Prompt();
  prompt.run('class S { static n = 1 }');
  const f = prompt.run('() => S.n') as Function;
  const first = capture(f, options);
  prompt.run('S.n = 2');
  const second = capture(f, options);
  assert.equal([reviveHere(first)(), reviveHere(second)(), reviveHere(first)()], [1, 2, 1]);
});

test('rows that are instances keep their class and their #private state on the way back', () => {
  const prompt = new Prompt();
  prompt.run('class Money { #cents; constructor(c: number) { this.#cents = c } get cents() { return this.#cents } }');
  const original = prompt.run('Money') as Function;
  const row = reviveHere(capture(prompt.run('(c: number) => new Money(c)') as Function, options))(250);
  assert.not(row instanceof original);
  const key = classKeyOf(row) as string;
  const privates = privatesOf(row);
  const back = makeInstance(classByKey(key) as Function, privates) as { cents: number };
  assert.instance(back, original);
  assert.is(back.cents, 250);
  assert.is(classByKey(key, 'executor'), row.constructor);
});

test('rows of a module’s class are known by the module', () => {
  const { Box } = loadInstrumented(`${__dirname}/closure-cases`, 'helpers.ts') as { Box: new (v: number) => object };
  const key = classKeyOf(new Box(1)) as string;
  assert.is(classByKey(key), Box);
});

test('instances of no class of the user’s have no key', () => {
  for (const value of [{}, [], new Map(), Object.create(null), new Date()]) assert.is(classKeyOf(value), undefined);
});

// ---- positions

test('an error three levels down has the places of the user’s text', async () => {
  const prompt = new Prompt();
  prompt.run('interface Row { name: string }\n\nfunction inner(row: Row): number {\n  return row.name.length;\n}');
  prompt.run(
    'class Helper {\n  #factor: number = 2;\n  scale(row: Row): number { const n: number = this.#factor; return n * inner(row) }\n}\nconst helper = new Helper()',
  );
  prompt.run('let k: number = 1; const more = (): void => { k++ }');
  const f = prompt.run(
    '(row: Row): number => {\n  more();\n  const all: number[] = [k as number, k,   helper.scale(row)];\n  return all[0];\n}',
  ) as Function;
  const answer = await remote.call(capture(f, options), [{}]);
  assert.is(answer.ok, false);
  if (answer.ok) return;
  assert.equal(answer.frames.slice(0, 3), ['<input 1>:4:19', '<input 2>:3:72', '<input 4>:3:51']);
});

// ---- cost

test('reviving one source with other values gives closures of one literal', () => {
  const prompt = new Prompt();
  const make = prompt.run('(k: number) => (x: number) => x + k') as (k: number) => Function;
  const [one, two] = [capture(make(1), options), capture(make(2), options)];
  assert.is(one.closure.scripts[0], two.closure.scripts[0]);
  assert.equal([reviveHere(one)(1), reviveHere(two)(1)], [2, 3]);
});

test('capturing a small closure again takes about ten microseconds', () => {
  const make = run('const stop = new Set(["a", "the"]); const k = 3; () => (w: string) => !stop.has(w) && w.length > k');
  for (let i = 0; i < 2000; i++) capture(make(), options);
  const times: number[] = [];
  for (let i = 0; i < 200; i++) {
    const start = performance.now();
    capture(make(), options);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  // The median; the limit leaves room for a machine that others use too.
  assert.ok(times[100] < 0.05, `the median is ${times[100]} ms`);
  if (process.env.SHOW) console.log('median', times[100]);
});

test.after(() => remote.stop());

test.run();
