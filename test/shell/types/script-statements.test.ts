// Scripts: checked as a whole, cut into statements, and the same then as if each statement had been typed.
import { inspect } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CompiledCell } from '../../../shell/contract/type-service';
import { Prompt, typeService, userFolder } from '../../helpers/entries';

const user = userFolder({ 'local.ts': 'export interface Pt { x: number }\nexport const twice = (n: number) => 2 * n;\n' });
const origin = { label: 'x.ts', folder: user.folder, firstLine: 1 };
const shared = typeService(user.folder);

function cellsOf(text: string, types = shared): readonly CompiledCell[] {
  const script = types.compileScript(text, origin);
  if (script.status === 'error') throw new Error(JSON.stringify(script.diagnostics));
  return script.cells;
}

const shapeOf = (text: string) => cellsOf(text).map((cell) => [cell.firstLine, cell.text]);

test('statements keep their lines and columns', () => {
  const text = '// head\nconst a = 1; const b = 2\n\nfor (const x of [a, b]) {\n  void x\n}\n  a + b';
  assert.equal(shapeOf(text), [
    [2, 'const a = 1;'],
    [2, '             const b = 2'],
    [4, 'for (const x of [a, b]) {\n  void x\n}'],
    [7, '  a + b'],
  ]);
});

test('what uses a later declaration runs together with it; property names are no uses, overloads stay together', () => {
  const lines = (text: string) => shapeOf(text).map(([line]) => line);
  assert.equal(
    lines('const first = 1\nmain()\nfunction main() { return helper() }\nconst helper = () => first\nconst last = 2'),
    [1, 2, 5],
  );
  assert.equal(
    lines(
      'const o = { count: 1 }\no.count\nfunction count(a: string): void\nfunction count(a: number): void\nfunction count(a: unknown) { void a }',
    ),
    [1, 2, 3],
  );
});

test('all type errors of a script are found at once, at their places, and a syntax error alone', () => {
  const said = (text: string, isSaved = false) => {
    const script = shared.compileScript(text, { ...origin, isSaved });
    return script.status === 'ok' ? [] : script.diagnostics.map(({ code, start, length }) => [code, start, length]);
  };
  assert.equal(said('const a = 1; const s: string = a\n\n  nope(a)\nconst u = { a }\nu.b'), [
    [2322, 19, 1],
    [2304, 36, 4],
    [2339, 62, 1],
  ]);
  assert.equal(said('const a = 1\nconst b = ;\nconst c: string = 5\n'), [[1109, 22, 1]]);
  assert.equal(said(`// @ts-${'nocheck'}\nconst a: string = 1`), []);
  assert.equal(said('const a = 1\n// @ts-expect-error\nconst b: string = 1'), []);
  // After the redeclaration `a` is a text.
  assert.equal(said("const a = 1\na.toFixed()\nconst a = 'x'\na.toFixed()"), [[2551, 40, 7]]);
  // Entries of a session are checked one by one: TypeScript knows less of `w` and `u` then.
  const session = "let u: number | string = 'x'\nif (u) { var w = 2 }\nw\nu.length";
  assert.equal(said(session), [[2454, 50, 1]]);
  assert.equal(said(session.replace('u.length', 'String(u)'), true), []);
  assert.equal(said(`${session}\nnope`, true), [[2339, 54, 6]]);
});

/** Scripts whose statements are typed one by one too. */
const scripts: Readonly<Record<string, string>> = {
  'values, and none for nothing': 'const a = 1\na + 1\nvoid 0;\n/* c */ [a].forEach(() => {}); ({ a })\nconst f = () => a\nf',
  'declared again': "let n = 1\nconst f = () => n\nlet n = 'two';\n[f(), n]\nn = 'three'; n",
  'results of earlier statements': '2 * 3\n_ + 1\nres0 * 10;\n[res1, res2]\nlet res5 = 1\nres5;\n`${_}`',
  'classes, enums, namespaces, objects':
    'class P { private x = 1; get() { return this.x } }\nnew P().get()\nenum E { A, B }\n[E.B]\nconst enum C { X = 7 }\nC.X\nnamespace N { export const k = 5 }\nN.k\n{ a: 1 }',
  'types only':
    'interface Q { a: number }\ntype R = Q[]\nconst q: R = [{ a: 1 }]\nq.length\ndeclare const nowhere: R\ndeclare function no(): void',
  imports:
    "import type { Stats } from 'node:fs'\nimport path, { join } from 'node:path'\nimport * as local from './local'\nimport { twice, type Pt } from './local'\nconst p: Pt = { x: twice(4) };\n[join('a', 'b'), path.sep, local.twice(p.x)]\nconst s = null as Stats | null\ns",
  exports: 'export const x = 1\nconst y = 2\nexport { y }\nexport default 3\nexport function f() { return x + y }\nf()',
  'helpers and resources':
    "const log: string[] = []\nconst made = (k: string) => ({ [Symbol.dispose]() { log.push(k) } })\n{ using inner = made('inner'); log.push('in') }\nclass D { @noted m() { return 1 } }\nfunction noted(g: () => number, c: ClassMethodDecoratorContext) { log.push(String(c.name)); return g }\nnew D().m()\nconst after = log.length\nlog",
  awaits:
    'const p = Promise.resolve(5)\np\nawait p + 1\nlet sum = 0\nfor await (const k of [1, 2]) sum += k\nsum\nconst [i, { j }] = [1, await Promise.resolve({ j: 2 })] as const\ni + j',
  'loops, labels, vars':
    'var v = 1\nif (v) { var w = v + 1 } else { var w = 0 }\nout: for (;;) { break out }\nv++; v\ndo v++; while (v < 5) v',
};

const typed = new Prompt(user.folder);
const ran = new Prompt(user.folder);

for (const [name, text] of Object.entries(scripts)) {
  test(`a script is what its statements are as entries: ${name}`, async () => {
    const script = ran.types.compileScript(text, { ...origin, isSaved: true });
    if (script.status === 'error') throw new Error(JSON.stringify(script.diagnostics));
    const [expected, found]: unknown[][] = [[], []];
    for (const cell of script.cells) {
      const { compiled, evaluation } = await typed.enter(cell.text, origin);
      if (compiled.status !== 'ok') throw new Error(`${cell.text}: ${JSON.stringify(compiled)}`);
      expected.push([compiled.cell.result, compiled.cell.declared, compiled.cell.exported, evaluation]);
      found.push([cell.result, cell.declared, cell.exported, await ran.evaluator.run(cell)]);
    }
    ran.types.commitScript(script.cells.map(({ id }) => ({ cellId: id })));
    // Types of classes and functions are compared as text: each prompt has its own.
    assert.is(inspect(found, { depth: 5 }), inspect(expected, { depth: 5 }));
    // What was committed is known to the next entry as well.
    const names = [
      ...new Set(script.cells.flatMap(({ declared, result }) => [...declared.map((one) => one.name), result?.name ?? '_'])),
    ];
    const typesOf = (types: Prompt['types']) => names.map((one) => types.typeOf(one));
    assert.equal(typesOf(ran.types), typesOf(typed.types));
  });
}

test('only what ran is known afterwards', () => {
  const types = typeService(user.folder);
  const cells = cellsOf("const a = 1\na + 1\nconst [b, c] = [1, 2]\nlet a = 'x'\nconst d = 4", types);
  types.commitScript([{ cellId: cells[0].id }, { cellId: cells[1].id, names: [] }, { cellId: cells[2].id, names: ['b'] }]);
  const known = ['a', 'b', 'c', 'd', '_', 'res0'].map((name) => ('type' in types.typeOf(name) ? name : ''));
  assert.equal(known.join(' ').trim(), 'a b');
  assert.equal(types.typeOf('a'), { type: 'number' });
});

test('a script of many statements costs as little as a few entries', () => {
  const types = typeService(user.folder);
  const spent = (work: () => void) => {
    const before = process.cpuUsage();
    work();
    const { user: inUser, system } = process.cpuUsage(before);
    return inUser + system;
  };
  const line = (i: number) => `const v${i} = sc.parallelize([${i}]).map(x => x + 1)`;
  const entries = spent(() => {
    for (let i = 0; i < 40; i++) {
      const compiled = types.compile(line(i));
      if (compiled.status === 'ok') types.commit(compiled.cell.id);
    }
  });
  const script = spent(() => assert.is(cellsOf(Array.from({ length: 400 }, (_, i) => line(i)).join('\n'), types).length, 400));
  assert.ok(script < entries, `400 statements took ${script} µs, 40 entries ${entries} µs`);
});

test.run();
