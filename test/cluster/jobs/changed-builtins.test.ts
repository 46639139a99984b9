// Functions that change built-ins on executors: their job ends, and the jobs after it are right.
// time limit: 180 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context } from '../../../runtime/index';
import { masterOf } from '../../helpers/master';
import { within } from '../../helpers/within';

const test = suite('changed built-ins');

let sc: Context;
test.before(async () => {
  sc = await connect(masterOf('local[2]'));
});
test.after(() => sc.stop());

type Patch = (x: number) => unknown;

/** Each changes what executors call while they run tasks, encode answers and report errors. */
const patches: Readonly<Record<string, Patch>> = {
  'Array.prototype.map': (x) => {
    (Array.prototype as { map: unknown }).map = undefined;
    return x;
  },
  'Promise.prototype.then': (x) => {
    (Promise.prototype as { then: unknown }).then = undefined;
    return x;
  },
  'the iterator of arrays': (x) => {
    (Array.prototype as { [Symbol.iterator]: unknown })[Symbol.iterator] = undefined;
    return x;
  },
  'by Object.assign': (x) => {
    Object.assign(Map.prototype, { get: () => undefined, set: () => undefined, has: () => true });
    return x;
  },
  'by Object.defineProperty, and then it throws': () => {
    Object.defineProperty(Array.prototype, 'slice', { value: null, configurable: true, writable: true });
    throw new Error('after the change');
  },
  'a `then` of every object': (x) => {
    Object.defineProperty(Object.prototype, 'then', { value: () => {}, configurable: true });
    return x;
  },
  'a global': (x) => {
    (globalThis as { Uint8Array: unknown }).Uint8Array = undefined;
    return x;
  },
  'in an async function, before an await': async (x) => {
    (Array.prototype as { push: unknown }).push = () => 0;
    await null;
    (JSON as { stringify: unknown }).stringify = undefined;
    return x;
  },
};

for (const [name, patch] of Object.entries(patches)) {
  test(`${name}: the job ends, and the next ones are right`, async () => {
    const job = sc.range(0, 4, 1, 2).map(patch).collect();
    const outcome = await within(
      60_000,
      job.then(
        (rows) => `ok ${rows.length}`,
        (error: Error & { code?: string }) => `failed: ${error.code ?? 'of'} ${error.message}`,
      ),
      'the job that changes them',
    );
    const [, code] = outcome.split(' ');
    assert.ok(code === 'BUILTINS_CHANGED' || /after the change/.test(outcome), outcome);
    const pairs = sc.parallelize([3, 1, 2, 1], 2).map((x) => [x, [x].map((y) => y + 1)[0]] as [number, number]);
    const sums = within(60_000, pairs.reduceByKey((a, b) => a + b).collect(), 'the job after it');
    assert.equal(
      (await sums).sort(([a], [b]) => a - b),
      [
        [1, 4],
        [2, 3],
        [3, 4],
      ],
    );
  });
}

test('a change that cannot be undone ends no executor that does not need it', async () => {
  const changed = sc.range(0, 2, 1, 2).map((x) => {
    // Both tasks may run on one executor.
    if (Math.cosh(0) !== 7) Object.defineProperty(Math, 'cosh', { value: () => 7, configurable: false, writable: false });
    return Math.cosh(x);
  });
  assert.equal(await within(60_000, changed.collect(), 'the job that changes it'), [7, 7]);
  assert.is(await within(60_000, sc.range(10).sum(), 'the job after it'), 45);
});

test.run();
