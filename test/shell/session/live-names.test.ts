// What Tab reads of a value: names, without running any code of the user's, whatever the value is.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { liveNames } from '../../../shell/session/live-names';
import { hostile } from '../../helpers/hostile';

const members = (root: unknown, word = '', path: readonly string[] = []) =>
  liveNames(root, { path: ['root', ...path], names: 'members' }, word);
const names = (root: unknown, word = '', path: readonly string[] = []) => members(root, word, path).map(({ name }) => name);
const keys = (root: unknown, word = '') => liveNames(root, { path: ['root'], names: 'keys' }, word).map(({ name }) => name);

const ran: string[] = [];
const note = (name: string): never => {
  ran.push(name);
  throw new Error(name);
};

class Base {
  inherited() {}
}
class Derived extends Base {
  field = 1;
  get computed(): never {
    return note('a getter of a class');
  }
}

test('own names come first, with their types, then those of the classes; symbols and getters are not read', () => {
  const value = { b: 1, a: 'x', list: [1], none: null, 'a b': true, [Symbol('s')]: 1 };
  const getter = Object.defineProperty(value, 'got', { get: () => note('a getter'), enumerable: true });
  assert.equal(
    members(getter).map(({ name, brief }) => `${name} ${brief}`),
    ['b number', 'a string', 'list array', 'none null', 'a b boolean', 'got getter'],
  );
  assert.equal(names(new Derived()), ['field', 'computed', 'inherited']);
  assert.equal(names('text', 'padS'), ['padStart']);
  assert.equal(names([1, 2], 'le'), ['length']);
  assert.ok(names([1, 2]).includes('map'));
  assert.equal([names(null), names(undefined)], [[], []]);
  assert.equal(ran, []);
});

test('a path is followed through plain properties only', () => {
  const root = { a: [{ c: 1 }, { 'd e': { f: 2 } }], proxy: new Proxy({ x: { y: 1 } }, {}) };
  Object.defineProperty(root, 'got', { get: () => note('a getter in the path') });
  assert.equal(names(root, '', ['a', '1', 'd e']), ['f']);
  for (const path of [['a', '7'], ['got'], ['got', 'x'], ['proxy', 'x'], ['toString'], ['a', '0', 'c', 'x']])
    assert.equal(names(root, '', path), [], path.join('.'));
  assert.equal(ran, []);
});

test('names that begin with the word are offered, or else those that contain it; none that cannot be typed', () => {
  const value = { HomeTown: 1, town: 2, home: 3, ['a\nb']: 4, '\x1b[31m': 5, 'c\u202ed': 6, [`long${'x'.repeat(300)}`]: 7 };
  assert.equal(names(value, 'ho'), ['HomeTown', 'home']);
  assert.equal(names(value, 'own'), ['HomeTown', 'town']);
  assert.equal(names(value), ['HomeTown', 'town', 'home']);
});

test('the texts among the keys of maps and sets are offered, whatever their classes and iterators do', () => {
  class Odd extends Map<unknown, unknown> {
    override keys(): never {
      return note('keys of a map');
    }
    override [Symbol.iterator](): never {
      return note('an iterator of a map');
    }
  }
  assert.equal(
    keys(
      new Odd([
        ['a', 1],
        [1, 2],
        [{}, 3],
        ['a b', 4],
      ]),
    ),
    ['a', 'a b'],
  );
  assert.equal(keys(new Set(['x', 'xy', 2]), 'x'), ['x', 'xy']);
  for (const other of [{}, new WeakMap(), new Proxy(new Map([['a', 1]]), {}), 1, null]) assert.equal(keys(other), []);
  const iterator = Object.getPrototypeOf(new Map().keys());
  const { next } = iterator;
  iterator.next = () => note('a replaced iterator');
  const found = keys(new Map([['kept', 1]]));
  iterator.next = next;
  assert.equal(found, ['kept']);
  assert.equal(ran, []);
});

test('large values give a bounded number of names, and what takes long is not read twice', () => {
  const large = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, index) => [`key${index}`, index]));
  assert.ok(names(large).length <= 1000);
  assert.equal(keys(new Map(Array.from({ length: 100_000 }, (_, index) => [`key${index}`, index]))).length, 1000);
  assert.equal(names(new Array(4_000_000_000), 'leng'), ['length']);
  assert.equal(names(new Float64Array(5_000_000), '1'), []);
  assert.equal(names(Object('x'.repeat(5_000_000)), '1'), []);
  const began = performance.now();
  for (let count = 0; count < 20; count++) names(large, 'key999999');
  // Once more at most if the first reading was quick; 20 readings of a million names take seconds.
  assert.ok(performance.now() - began < 20 * 250, `${performance.now() - began} ms`);
});

for (const [name, make] of hostile) {
  test(`${name} is read without an error`, () => {
    const value = make();
    for (const kind of ['members', 'keys'] as const) {
      for (const path of [['root'], ['root', '0'], ['root', 'bad', 'x'], ['root', 'self']])
        for (const found of liveNames(value, { path, names: kind }, ''))
          assert.not.match(found.name, /[\x00-\x1f\x7f-\x9f\u202e]/);
    }
  });
}

test.run();
