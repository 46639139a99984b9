// Rows for generated programs: everything that may be a row or a key, the awkward values more often than their share.
import type { Random } from '../../runtime/base/time';

const numbers = [0, -0, 1, -1, 2, 3, Number.NaN, Number.POSITIVE_INFINITY, 1e21, 0.1, 2 ** 31, -(2 ** 31), 2 ** 53, 5e-324];
const words = [
  '',
  'a',
  'b',
  'ab',
  'constructor',
  '__proto__',
  'toString',
  'é',
  '\ud800',
  '😀',
  '"0:',
  'n0',
  '\0',
  '\n',
  '1',
  'x'.repeat(300),
];
const others = [null, undefined, true, false, 0n, 1n, -(2n ** 80n), new Date(0), new Date(Number.NaN), [], {}];

export const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)];

function record(random: Random, depth: number): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (let n = random.below(3); n >= 0; n--) {
    const key = pick(random, words);
    Object.defineProperty(made, key, {
      value: anyValue(random, depth - 1),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return made;
}

/** Any value that can be a row and a key. */
export function anyValue(random: Random, depth = 2): unknown {
  switch (random.below(depth > 0 ? 7 : 4)) {
    case 0:
      return pick(random, numbers);
    case 1:
      return pick(random, words);
    case 2:
      return pick(random, others);
    case 3:
      return random.below(6);
    case 4:
      return Array.from({ length: random.below(4) }, () => anyValue(random, depth - 1));
    case 5:
      return [anyValue(random, depth - 1), anyValue(random, depth - 1)];
    default:
      return record(random, depth);
  }
}

/** Rows of one kind, as real data is, or of all kinds. */
export function rowsOf(random: Random, most: number): unknown[] {
  const length = random.below(4) === 0 ? random.below(3) : random.below(most);
  const kinds: (() => unknown)[] = [
    () => anyValue(random),
    () => random.below(10),
    () => pick(random, words),
    () => pick(random, numbers),
    () => [pick(random, words), random.below(5)],
    () => ({ id: random.below(5), name: pick(random, words) }),
  ];
  const make = pick(random, kinds);
  return Array.from({ length }, make);
}

export function pairsOf(random: Random, most: number): [unknown, unknown][] {
  const keys = rowsOf(random, 6);
  const length = keys.length === 0 ? 0 : random.below(most);
  return Array.from({ length }, () => [pick(random, keys), anyValue(random, 1)]);
}
