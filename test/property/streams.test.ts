// Windows and state against the naive model: windows × slides × batches, random batches with hostile keys, timeouts, removals.
// time limit: 600 s
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { Random } from '../../runtime/base/time';
import { type Context, type DStream, StreamCheck } from '../../runtime/index';
import { masterOf, onSpark } from '../helpers/master';
import { unordered } from '../helpers/model';
import { size } from '../helpers/sizes';
import { trackedStates, windowSums } from '../helpers/stream-model';

const test = suite('streams against the model');
type Pair = [unknown, number];
let sc: Context;
let check: StreamCheck;
let folder: string;

test.before(async () => {
  sc = await connect(masterOf('local'));
  check = new StreamCheck(sc);
  folder = mkdtempSync(join(tmpdir(), 'streams-'));
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

const hostile = [
  '',
  'constructor',
  '__proto__',
  'hasOwnProperty',
  0,
  -0,
  Number.NaN,
  '0',
  null,
  undefined,
  true,
  10n,
  [1, 'a'],
  { b: [2] },
];

/** Batches of pairs, some empty; few keys, so that they come and go. */
function randomBatches(random: Random, count: number, least: number): Pair[][] {
  const keys = [...hostile].sort(() => random.next() - 0.5).slice(0, 1 + random.below(hostile.length));
  return Array.from({ length: count }, () =>
    random.next() < 0.25
      ? []
      : Array.from({ length: random.below(8) }, (): Pair => [keys[random.below(keys.length)], least + random.below(9)]),
  );
}

const same = (got: readonly unknown[][], expected: readonly unknown[][], told: string) =>
  assert.equal(got.map(unordered), expected.map(unordered), told);

const add = (a: number, b: number) => a + b;
const subtract = (a: number, b: number) => a - b;
type Operation = (s: DStream<Pair>) => DStream<Pair>;

async function checkWindow(batches: Pair[][], length: number, slide: number, partitions: number, told: string) {
  const [l, s] = [`${length}s`, `${slide}s`];
  const expected = windowSums(batches, length, slide);
  const operations: Record<string, Operation> = {
    plain: (stream) => stream.reduceByKeyAndWindow(add, l, s, partitions),
    inverse: (stream) => stream.reduceByKeyAndWindow(add, subtract, l, s, partitions),
  };
  for (const [name, operation] of Object.entries(operations))
    same(await check.outputOf(batches, operation), expected, `${name}, window ${l} each ${s}, ${told}`);
}

test('listed windows: lengths × slides, plain = inverse = model', async () => {
  const random = new Random(5);
  const batches = randomBatches(random, 9, -4);
  let listed = 0;
  for (const length of [1, 2, 3, 4, 5, 7, 8, 9, 10, 12]) {
    for (const slide of [1, 2, 3, 4, 5, 9]) {
      await checkWindow(batches, length, slide, 1 + (listed % 3), 'listed');
      listed++;
    }
  }
  assert.is(listed, 60);
});

test('random windows over random batches', async () => {
  const seeds = size(25, onSpark ? 50 : 500);
  for (let seed = 1; seed <= seeds; seed++) {
    const random = new Random(seed);
    const batches = randomBatches(random, 2 + random.below(12), -4);
    await checkWindow(batches, 1 + random.below(8), 1 + random.below(6), 1 + random.below(3), `seed ${seed}`);
  }
});

test('random states: values, removals, exact timeouts, initial states', async () => {
  const seeds = size(20, onSpark ? 30 : 300);
  let timedOut = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const random = new Random(seed);
    const batches = randomBatches(random, 3 + random.below(12), -2);
    const timeout = random.next() < 0.7 ? 1 + random.below(5) : undefined;
    const initial: Pair[] =
      random.next() < 0.5
        ? [
            ['constructor', 100],
            ['never seen', 7],
          ]
        : [];
    const options = {
      numPartitions: 1 + random.below(3),
      timeout: timeout === undefined ? undefined : `${timeout}s`,
      initialState: sc.parallelize(initial),
    };
    const rows: unknown[][] = [];
    const mapped = (stream: DStream<Pair>) => {
      const made = stream.mapWithState<unknown, number, number, unknown[]>((key, value, state) => {
        if (state.isTimingOut()) return [key, 'timed out', state.get()];
        const sum = (state.get() ?? 0) + value!;
        if (value! >= 0) state.update(sum);
        else if (state.exists()) state.remove();
        return [key, value, sum];
      }, options);
      made.foreachRDD(async (rdd) => rows.push(await rdd.collect()));
      return made.stateSnapshots();
    };
    const states = await check.outputOf(batches, mapped, { checkpoint: join(folder, `${seed}`) });
    const expected = trackedStates(batches, timeout, initial);
    timedOut += expected.rows.flat().filter((row) => (row as unknown[])[1] === 'timed out').length;
    same(states, expected.states, `states, seed ${seed}`);
    same(rows, expected.rows, `rows, seed ${seed}`);
  }
  assert.ok(timedOut > seeds / 2, `only ${timedOut} keys timed out`);
});

test('track and updateStateByKey of random batches', async () => {
  const seeds = size(12, onSpark ? 30 : 200);
  for (let seed = 1; seed <= seeds; seed++) {
    const random = new Random(1000 + seed);
    const batches = randomBatches(random, 3 + random.below(10), -2);
    const timeout = 1 + random.below(4);
    const keep = (sum: number, value: number) => (value < 0 ? null : sum);
    const tracked = (stream: DStream<Pair>) =>
      stream.track({
        init: (_key, value) => keep(value, value),
        update: (_key, sum: number, value) => keep(sum + value, value),
        timeout: `${timeout}s`,
      });
    const options = { checkpoint: join(folder, `t${seed}`) };
    same(await check.outputOf(batches, tracked, options), trackedStates(batches, timeout).states, `track, seed ${seed}`);
    const updated = (stream: DStream<Pair>) =>
      stream.updateStateByKey<unknown, number, { sum: number }>((values, state) => {
        let now = state;
        for (const value of values) {
          now = value < 0 ? undefined : Object.assign(now ?? { sum: 0 }, { sum: (now?.sum ?? 0) + value });
        }
        return now;
      });
    const got = await check.outputOf(batches, updated, { checkpoint: join(folder, `u${seed}`) });
    const expected = trackedStates(batches, undefined).states.map((states) => states.map(([key, sum]) => [key, { sum }]));
    same(got, expected, `updateStateByKey, seed ${seed}`);
  }
});

test.run();
