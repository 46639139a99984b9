// Random programs of up to 12 operators give what the naive model gives; SEED=n runs one of them again, and says what it does.
// time limit: 300 s
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { Random } from '../../runtime/base/time';
import type { Context } from '../../runtime/index';
import { masterOf, onSpark } from '../helpers/master';
import { canonical } from '../helpers/model';
import { ModelDataset } from '../helpers/model-dataset';
import { size } from '../helpers/sizes';
import * as asked from './asked';
import { draw, failureOf, shrink } from './judge';
import { brief, literal, runText, textOf } from './program';
import { onPairs, onRows, sources } from './steps';
import { rowsOf } from './values';

const test = suite('programs');
const replayed = process.env.SEED === undefined ? undefined : Number(process.env.SEED);
/** On Spark a program takes some hundred times as long as in this process. */
const count = Number(process.env.SEEDS ?? (onSpark ? size(40, 2_000) : size(200, 20_000)));
const first = Number(process.env.FIRST ?? 0);
const seeds = replayed === undefined ? Array.from({ length: count }, (_, i) => first + i) : [replayed];
const contexts: Context[] = [];
let folder: string;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'programs-'));
  // Every second program has so little memory that whatever gathers goes to disk, and persisted partitions are given up.
  const little = { executionBytes: 4_096, storageBytes: 40_000 };
  contexts.push(...(await Promise.all([connect(masterOf('local')), connect(masterOf('local'), little)])));
  for (const sc of contexts) sc.setCheckpointDir(folder);
});

test(`${seeds.length} random programs give what the model gives`, async () => {
  for (const seed of seeds) {
    const sc = contexts[seed % 2];
    const { program, state } = draw(seed, sc);
    if (replayed !== undefined) console.log(brief(program));
    const failure = await failureOf(program, state, sc);
    if (!failure) continue;
    const [shrunk, difference] = await shrink(program, failure, sc);
    throw new Error(`SEED=${seed} of ${sc}, ${seed % 2 ? 'little' : 'much'} memory:\n${textOf(shrunk)}\n  ${difference}`);
  }
});

test('a program that differs is shrunk to the step that does, as a text that can be run', async () => {
  const wrong = { code: "((n) => d.map(() => n))('model' in d ? 1 : 2)", kind: 'rows' as const };
  const [sc] = contexts;
  let seed = 0;
  while (draw(seed, sc).program.steps.length < 6 || draw(seed, sc).state.model.isEmpty()) seed++;
  const { program } = draw(seed, sc);
  const broken = { ...program, steps: [...program.steps, wrong], actions: asked.always };
  const [shrunk, difference] = await shrink(broken, { action: asked.always[0], difference: '' }, sc);
  assert.equal([shrunk.steps.length, shrunk.steps[0]], [1, wrong]);
  assert.match(difference, /gave +\[n2\]\s+expected \[n1\]/);
  const printed: unknown[] = [];
  await runText(textOf(shrunk), sc, (value) => printed.push(value));
  assert.equal(printed, [[2]]);
});

test('values are printed as expressions that make them again', () => {
  for (let seed = 0; seed < 300; seed++) {
    for (const value of rowsOf(new Random(seed), 12)) {
      const again = new Function(`return ${literal(value)}`)();
      assert.is(canonical(again), canonical(value));
      assert.equal(Object.is(again, -0), Object.is(value, -0));
    }
  }
});

/** Operators of docs/operators.md that random programs leave to other tests, and why. */
const elsewhere: Record<string, string> = {
  parallelize: 'each source is one',
  textFile: 'runtime/exec/text',
  wholeTextFiles: 'runtime/exec/text',
  objectFile: 'runtime/ops/outside',
  pipe: 'runtime/ops/outside',
  saveAsTextFile: 'runtime/exec/text',
  saveAsObjectFile: 'runtime/ops/outside',
  saveTo: 'runtime/connect/sources',
  deadLetters: 'runtime/ops/left-out',
  fromText: 'runtime/wire/text-form',
  unpersist: 'runtime/storage/block-storage',
};

test('programs are made of every operator of docs/operators.md', () => {
  const operators = readFileSync(join(__dirname, '..', '..', 'docs', 'operators.md'), 'utf8');
  const rows = /^\| (make|element by element|as a whole|two datasets and more|pairs|answers.*?) \| (.*) \|$/gm;
  const declared = [...operators.matchAll(rows)].flatMap(([, , cell]) =>
    [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, names]) => names.replaceAll('sc.', '').split(' ')),
  );
  assert.ok(declared.length > 90, `${declared.length} operators`);
  const random = new Random(1);
  const model = new ModelDataset({ collect: () => [[1, 1]], count: () => 1, take: () => [[1, 1]] } as never);
  const tables = [...sources, ...onRows, ...onPairs, ...asked.onAll, ...asked.onSomePairs];
  const drawn = Array.from({ length: 40 }, () => tables.map((make) => make(random, model).code)).flat();
  const used = new Set([...drawn, asked.always[0].code].flatMap((code) => code.match(/(?<=\.)\w+(?=\()/g) ?? []));
  const missing = declared.filter((name) => !used.has(name) && !(name in elsewhere) && !name.endsWith('()'));
  assert.equal(missing, []);
});

test.after(async () => {
  for (const sc of contexts) await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

test.run();
