// Closures over several inputs of a prompt: shared variables, versioned names, what is frozen and when.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { capture, revive } from '../../../runtime/closure';
import { callRemotely, options, Remote } from './closure-cases/harness';
import { Prompt } from './closure-cases/prompt';

const remote = new Remote();

const run = (...inputs: string[]) => {
  const prompt = new Prompt();
  return inputs.map((input) => prompt.run(input)).at(-1) as Function;
};

const nowhere = { reference: () => undefined, bulk: () => undefined, loadModule: () => undefined };

test('functions of different inputs share a top-level let that one of them assigns', async () => {
  const f = run('let n = 0', 'function inc() { n++ }', 'const get = () => n', '() => { inc(); inc(); return get() }');
  assert.is(await callRemotely(remote, f), '2');
});

test('a top-level let that only later inputs assign is shared by earlier functions too', async () => {
  const f = run('let m = 1', 'const read = () => m', 'const double = () => { m *= 2 }', '() => { double(); return [read(), m] }');
  assert.is(await callRemotely(remote, f), '[ 2, 2 ]');
});

test('functions and variables of one input share', async () => {
  const f = run('let a = 1; function up() { a += 10 }; const see = () => a; () => { up(); return [see(), a] }');
  assert.is(await callRemotely(remote, f), '[ 11, 11 ]');
});

test('a let that no travelling function assigns travels by value', () => {
  const f = run('let k = 3', 'const reset = () => { k = 0 }', '(x: number) => x + k');
  const { closure } = capture(f, options);
  assert.not(closure.nodes.some((node) => node.t === 'cell'));
  assert.not(closure.scripts.some((script) => script.text.includes('.v')));
});

test('a closure is frozen where it is captured', () => {
  const prompt = new Prompt();
  prompt.run('let k = 1; const list = [1, 2]; const table = new Map([["a", 1]])');
  const captured = capture(prompt.run('() => [k, list.length, table.size]') as Function, options);
  prompt.run('k = 10; list.push(3); table.set("b", 2)');
  assert.equal(revive(captured.closure, nowhere)(), [1, 2, 1]);
});

test('a name declared again leaves older closures with what they saw', async () => {
  const prompt = new Prompt();
  prompt.run('const k = 1');
  const older = prompt.run('() => k') as Function;
  prompt.run('const k = "new"');
  const newer = prompt.run('() => k') as Function;
  assert.is(await callRemotely(remote, older), '1');
  assert.is(await callRemotely(remote, newer), "'new'");
});

test('functions, classes and destructured names of the prompt travel', async () => {
  const f = run(
    'const { a, b: [c, d = 5], ...rest } = { a: 1, b: [2] as number[], e: 3, f: 4 }',
    'class Point { constructor(public x: number) {} add(n: number) { return new Point(this.x + n) } }',
    'function shift(p: Point): Point { return p.x > 10 ? p : shift(p.add(a + c + d)) }',
    '(x: number) => [shift(new Point(x)), rest, { a, c }]',
  );
  assert.is(await callRemotely(remote, f, [1]), '[ Point { x: 17 }, { e: 3, f: 4 }, { a: 1, c: 2 } ]');
});

test('user names that look like ours are kept apart', async () => {
  const f = run(
    'const $i = 4, $m_ = 1, $m_c0 = 2, __proto = 3, __c = 5; let $m_s0 = 6; let v = 7',
    'const up = () => { v++; $m_s0++ }',
    '(x: number) => { up(); return [x, $i, $m_, $m_c0, __proto, __c, $m_s0, v] }',
  );
  assert.is(
    await callRemotely(remote, f, [0]),
    `[
  0, 4, 1, 2,
  3, 5, 7, 8
]`,
  );
});

test('a variable in its dead zone is answered by name, or refused', () => {
  const f = run(
    'const make = () => { const g = () => late; const result = () => g; return [g, () => { const x = late; }]; const late = 1 }; make()[0]',
  );
  assert.is(capture(f, { ...options, allowDeadZone: true }).deadZone, 'late');
  assert.throws(() => capture(f, options), /captures 'late', which has no value yet\.\n {2}path: closure → captured late/);
});

test('what a dead zone held up can be captured later', async () => {
  const prompt = new Prompt();
  const parts = prompt.run(
    'const parts: any = {}; { parts.f = () => base + 1; parts.early = parts.f; const base = 41 } parts',
  ) as {
    f: Function;
  };
  assert.is(await callRemotely(remote, parts.f), '42');
});

test.after(() => remote.stop());

test('constants of other inputs cannot be assigned, and stay what they are', async () => {
  const prompt = new Prompt();
  prompt.run('const fixed = 1; let free = 2');
  const f = prompt.run(
    '() => { try { (fixed as any) += 5 } catch (e) { free += 40; return [String(e), fixed, free] } }',
  ) as Function;
  const { warnings } = capture(f, options);
  assert.equal(
    warnings.map(({ name }) => name),
    ['free'],
  );
  assert.is(await callRemotely(remote, f), "[ 'TypeError: Assignment to constant variable.', 1, 42 ]");
});

test.run();
