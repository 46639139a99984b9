// Names go by scopes: random modules full of shadowing give, by statements and as one entry, what plain Node gives; SEED=n runs one again.
import type { AnyNode } from 'acorn';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../runtime/base/time';
import { analyze } from '../../runtime/closure';
import { Evaluator } from '../../shell/evaluate/evaluate';
import { Loader } from '../../shell/evaluate/import-loader';
import { declaredNames, parse } from '../../shell/types/entry-syntax';
import { splitStatements } from '../../shell/types/scripts/script-pieces';
import { userFolder } from '../helpers/entries';
import { size } from '../helpers/sizes';
import { ModuleMaker } from './scope-programs';

const { folder } = userFolder();
const loader = new Loader({ packages: {}, onTypeScript: () => {} });
const first = Number(process.env.SEED ?? 1);
const count = process.env.SEED === undefined ? size(150, 20_000) : 1;

/** What modules find besides their own names. */
const world = {
  trace: [] as unknown[],
  later: [] as (() => unknown)[],
  t: (value: unknown) => world.trace.push(value),
  n: (value: unknown) =>
    typeof value === 'number' ? value : typeof value === 'function' ? value.length + 20 : typeof value === 'object' ? 30 : 40,
};
Object.assign(globalThis, { t: world.t, n: world.n, later: world.later, x: 0 });

/** Only that it throws: where a constant is assigned before its declaration, V8 itself answers now this error, now that. */
const errorOf = (error: unknown) => {
  assert.match((error as Error).name, /^(?:Reference|Type)Error$/);
  return 'throws';
};

/** What a run traced: its error is last; functions for later are called when it came to its end. */
async function traceOf(run: () => Promise<unknown>): Promise<unknown[]> {
  world.trace.length = 0;
  world.later.length = 0;
  const trace: unknown[] = [];
  const end = await run().catch(errorOf);
  trace.push(...world.trace, typeof end === 'string' ? end : 'ends');
  for (const call of typeof end === 'string' ? [] : world.later) {
    try {
      trace.push(call());
    } catch (error) {
      trace.push(errorOf(error));
    }
  }
  return trace;
}

const inNode = (text: string) => traceOf(() => loader.import(`data:text/javascript,${encodeURIComponent(text)}`, folder));

/** Runs texts one after the other as entries of a new session, up to the first that throws. */
function inSession(texts: readonly string[]): Promise<unknown[]> {
  const evaluator = new Evaluator({ cwd: folder, globals: {} });
  const map = JSON.stringify({ version: 3, sources: [''], names: [], mappings: '' });
  return traceOf(async () => {
    for (const [index, js] of texts.entries()) {
      const declared = declaredNames(parse(js));
      const common = { id: index, label: `<input ${index}>`, text: js, firstLine: 1, folder, map };
      const end = await evaluator.run({ ...common, js, declared, exported: [] });
      if (end.status === 'threw') throw end.error;
      assert.is(end.status, 'ok');
    }
  });
}

const piecesOf = (text: string) => splitStatements(parse(text)).map(({ start, end }) => text.slice(start, end));

/** The pieces by the other analysis of scopes, which reads JavaScript. */
function expectedPieces(text: string): string[] {
  const { program, references, root } = analyze(text, { topLevelAwait: true });
  const statements = program.body as AnyNode[];
  const indexOf = (at: number) => statements.findIndex(({ start, end }) => start <= at && at < end);
  const last = statements.map((_, index) => index);
  for (const { name, start } of references) {
    const binding = references.find((one) => one.start === start && one.name === name)?.binding;
    if (binding?.scope !== root) continue;
    const user = indexOf(start);
    last[user] = Math.max(last[user], indexOf(binding.node.start));
  }
  const pieces: string[] = [];
  for (let index = 0; index < statements.length; index++) {
    const from = index;
    for (let end = last[index]; index < end; end = Math.max(end, last[index])) index++;
    pieces.push(text.slice(statements[from].start, statements[index].end));
  }
  return pieces;
}

const test = suite('scopes');

test(`${count} modules by statements, as one entry, and in Node`, async () => {
  let ended = 0;
  for (let seed = first; seed < first + count; seed++) {
    const text = new ModuleMaker(new Random(seed)).statements().join('\n');
    const pieces = piecesOf(text);
    assert.equal(pieces, expectedPieces(text), `SEED=${seed}: the pieces of\n${text}`);
    const expected = await inNode(text);
    assert.equal(await inSession(pieces), expected, `SEED=${seed}: by statements\n${text}`);
    assert.equal(await inSession([text]), expected, `SEED=${seed}: as one entry\n${text}`);
    if (expected.includes('ends')) ended++;
  }
  if (count > 1) assert.ok(ended > count / 5, `${ended} of ${count} modules ran to their end`);
});

/** Statements of TypeScript with an r of their own. */
const inner = [
  'sc.parallelize([1]).map(r => r * 2)',
  'try { } catch (r) { void r }',
  'for (const r of [1]) void r',
  'const of = (r: number, { r: s } = { r: 1 }) => r + s',
  'r: for (;;) break r',
  'class K<r> { r?: r; #r = 1; static { const r = 2; void r } get s() { return this.#r } }',
  'const { r: renamed } = { r: 1 }; enum E { r, t = r }',
  "type T = { r: 1 }; let u: T['r']; ({ r: u } = { r: 1 })",
  'export { r } from "m"',
  'function is(r: unknown): r is number { return true }',
];
const outer = ['() => r', '({ r })', 'export { r as q }', 'let v: typeof r', 'for (const q of r) void q', 'class K { [r] = 1 }'];

test('a later name is used only where no scope inside has it', () => {
  for (const text of inner) assert.is(piecesOf(`${text}\nexport const r = 5\nr`).length, piecesOf(text).length + 2, text);
  for (const text of outer) assert.is(piecesOf(`${text}\nconst r = [5]\nr`).length, 2, text);
});

test.run();
