// Small parts of the engine: blobs that are given up, random numbers, moments, gathered results of operators that end early.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keptBulkBytes, keptPrograms } from '../../../runtime/base/limits';
import { showElement } from '../../../runtime/base/show-element';
import { addToMoments, type Moments, mergeMoments, noMoments, StatCounter } from '../../../runtime/base/stat-counter';
import { Random } from '../../../runtime/base/time';
import { poisson } from '../../../runtime/exec/library/sampling';
import { sliceBounds } from '../../../runtime/plan/node';
import { BlobStore } from '../../../runtime/scheduler/blob-store';

const test = suite('engine parts');
const bytes = (n: number) => new Uint8Array(n);

/** A store whose session has some blobs, and what executors are told to drop. */
function storeOf(session: Readonly<Record<string, Uint8Array>> = {}): { store: BlobStore; dropped: string[] } {
  const dropped: string[] = [];
  const blob = (id: string) => {
    if (!session[id]) throw new Error(`${id} is asked of the session`);
    return session[id];
  };
  return { store: new BlobStore({ blob }, (id) => void dropped.push(id)), dropped };
}

test('programs of ended jobs are given up, least recently used first, pinned ones never', () => {
  const { store, dropped } = storeOf();
  store.pin('running', bytes(1), []);
  for (let i = 0; i < keptPrograms + 5; i++) {
    store.pin(`p${i}`, bytes(1), []);
    store.unpin(`p${i}`);
  }
  assert.equal(dropped, ['p0', 'p1', 'p2', 'p3', 'p4', 'p5']);
  store.unpin('running');
  assert.ok(store.blob('running'));
});

test('bulky captures go with the last program that names them', () => {
  const large = keptBulkBytes / 2 + 1;
  const session: Record<string, Uint8Array> = { weights1: bytes(large), weights2: bytes(large) };
  const { store, dropped } = storeOf(session);
  const run = (program: string, ...bulk: string[]) => {
    store.pin(program, bytes(1), bulk);
    store.unpin(program);
  };
  run('first', 'weights1');
  run('again', 'weights1');
  assert.equal(dropped, []);
  run('second', 'weights2');
  assert.equal(dropped, ['first', 'again', 'weights1']);
  delete session.weights1;
  delete session.weights2;
  assert.ok(store.blob('weights2') && store.blob('second'));
  assert.throws(() => store.blob('weights1'));
});

test('what the session has is asked of it each time, however many programs come and go', () => {
  const { store } = storeOf({ broadcast: bytes(7) });
  store.pin('p', bytes(1), []);
  store.unpin('p');
  assert.is(store.blob('broadcast').length, 7);
});

test('random numbers: the same for a seed, evenly spread, others for the next seed', () => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20_000 }, () => random.next());
  };
  const numbers = draw(1);
  assert.equal(draw(1), numbers);
  assert.ok(numbers.every((x) => x >= 0 && x < 1));
  for (let tenth = 0; tenth < 10; tenth++) {
    const n = numbers.filter((x) => Math.floor(x * 10) === tenth).length;
    assert.ok(n > 1850 && n < 2150, `${n} in tenth ${tenth}`);
  }
  const firsts = Array.from({ length: 1000 }, (_, seed) => new Random(seed).next());
  const mean = firsts.reduce((a, b) => a + b) / 1000;
  assert.ok(mean > 0.46 && mean < 0.54, `${mean}`);
  assert.is(new Set(firsts).size, 1000);
});

test('Poisson draws have their mean and variance, also at large rates', () => {
  for (const rate of [0, 0.1, 3, 50, 200]) {
    const random = new Random(9);
    const n = 4000;
    const draws = Array.from({ length: n }, () => poisson(rate, random));
    const mean = draws.reduce((a, b) => a + b, 0) / n;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
    const slack = 5 * Math.sqrt(rate / n);
    assert.ok(Math.abs(mean - rate) <= slack, `mean ${mean} for ${rate}`);
    assert.ok(Math.abs(variance - rate) <= 0.12 * rate, `variance ${variance} for ${rate}`);
  }
});

test('moments merge to what one pass gives', () => {
  const random = new Random(4);
  for (let i = 0; i < 50; i++) {
    const rows = Array.from({ length: random.below(40) }, () => random.next() * 1e6 - 5e5);
    const cut = random.below(rows.length + 1);
    const of = (xs: number[]) => xs.reduce<Moments>(addToMoments, noMoments());
    const merged = new StatCounter(mergeMoments(of(rows.slice(0, cut)), of(rows.slice(cut))));
    const whole = new StatCounter(of(rows));
    assert.equal([merged.count, merged.min, merged.max], [whole.count, whole.min, whole.max]);
    assert.equal([merged.mean, merged.sum, merged.variance], [whole.mean, whole.sum, whole.variance]);
    if (rows.length === 0) continue;
    const mean = rows.reduce((a, b) => a + b, 0) / rows.length;
    const variance = rows.reduce((a, b) => a + (b - mean) ** 2, 0) / rows.length;
    assert.ok(Math.abs(whole.mean - mean) < 1e-6);
    assert.ok(Math.abs(whole.variance - variance) <= 1e-9 * variance + 1e-6);
  }
  const none = new StatCounter(noMoments());
  assert.equal([none.count, none.sum, none.min, none.max], [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  assert.ok([none.mean, none.variance, none.stdev, none.sampleVariance].every(Number.isNaN));
  const three = new StatCounter(of3());
  assert.equal([three.sampleVariance, three.sampleStdev], [1, 1]);
});
const of3 = () => [1, 2, 3].reduce<Moments>(addToMoments, noMoments());

test('slices cover everything once', () => {
  for (const [length, slices] of [
    [0, 3],
    [10, 3],
    [3, 10],
    [1, 1],
    [1_000_003, 7],
  ]) {
    const bounds = sliceBounds(length, slices);
    assert.is(bounds(0)[0], 0);
    assert.is(bounds(slices - 1)[1], length);
    for (let i = 1; i < slices; i++) assert.is(bounds(i)[0], bounds(i - 1)[1]);
  }
});

test('elements are shown whatever they are, and cut', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const shown = [undefined, null, Number.NaN, -0, 5n, 'a"b', [1, Number.NaN, 2n], { a: undefined }, Symbol('x'), () => 1].map(
    showElement,
  );
  assert.equal(shown, ['undefined', 'null', 'NaN', '-0', '5n', '"a\\"b"', '[1,"NaN","2n"]', '{}', 'Symbol(x)', '() => 1']);
  assert.is(showElement(cyclic), '[object Object]');
  assert.is(
    showElement({ toJSON: () => assert.unreachable(), toString: () => assert.unreachable() }),
    'a value that cannot be shown',
  );
  assert.is(showElement('x'.repeat(1000)).length, 201);
});

test.run();
