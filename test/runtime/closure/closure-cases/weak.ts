// Weak maps and sets: an executor finds in them what is reachable there, and nothing else could tell.
import type { Cases } from './types';

export const cases: Cases = {
  'a WeakMap that knows captured objects': () => {
    const a = { name: 'a' };
    const b = { name: 'b' };
    const ages = new WeakMap<object, number>([
      [a, 1],
      [b, 2],
      [{ name: 'nobody has it' }, 3],
    ]);
    return { f: (x: number) => [ages.get(a), ages.get(b), ages.get({}), ages.has(a), x], args: [5] };
  },
  'values of a WeakMap that lead to its next keys': () => {
    const last = { end: true };
    const middle = { next: last };
    const first = {};
    const next = new WeakMap<object, object>([
      [last, { found: 'the last' }],
      [middle, last],
      [first, middle],
    ]);
    return { f: () => next.get(next.get(next.get(first)!)!) };
  },
  'a WeakSet, and one that is a memo of functions': () => {
    const seen = new WeakSet<object>();
    const known = { id: 1 };
    seen.add(known);
    const memo = new WeakMap<Function, number>();
    const slow = (x: number) => x + 1;
    memo.set(slow, 41);
    return {
      f: () => {
        const other = { id: 1 };
        const before = seen.has(other);
        seen.add(other);
        return [seen.has(known), before, seen.has(other), memo.get(slow), slow(1)];
      },
    };
  },
  'a WeakMap that leads back to the closure, and a subclass of one': () => {
    class Registry extends WeakMap<object, string> {
      label = 'registry';
      nameOf(key: object) {
        return this.get(key) ?? `not in the ${this.label}`;
      }
    }
    const registry = new Registry();
    const key = { registry };
    registry.set(key, 'itself');
    const f = () => [registry.nameOf(key), registry.nameOf({}), registry instanceof WeakMap, key.registry === registry];
    registry.set(f, 'the closure');
    return { f };
  },
  'private state in a WeakMap, as older compilers write it': () => {
    const counts = new WeakMap<object, number>();
    class Counter {
      constructor(n: number) {
        counts.set(this, n);
      }
      next() {
        counts.set(this, counts.get(this)! + 1);
        return counts.get(this);
      }
    }
    const counter = new Counter(4);
    return { f: () => [counter.next(), counter.next(), new Counter(1).next()] };
  },
  'keys of a WeakMap in a long list of rows': () => {
    const rows = Array.from({ length: 200_000 }, (_, id) => ({ id, name: `row ${id}` }));
    const marks = new WeakSet<object>([rows[3], rows[4]]);
    return { f: () => [rows.filter((row) => marks.has(row)).map((row) => row.id), rows.length] };
  },
};
