// What draws rows: how often a row is drawn with replacement, cells of a random split, samples by key.
import { MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import { Random } from '../../base/time';
import { KeyTable } from '../../keys/key';
import { decode } from '../../wire/codec';
import { notAPair } from '../task-runtime';

type Pair = [unknown, unknown];

/** Numbers by key, by value. */
class KeyNumbers {
  readonly #table = new KeyTable();
  readonly #numbers: number[] = [];

  constructor(encoded: Uint8Array) {
    const entries = decode(encoded, 'executor') as [unknown, number][];
    for (const [key, n] of entries) this.#numbers[this.#table.find(key)] = n;
  }

  /** Throws BAD_ARGUMENT for a key without a number. */
  of(key: unknown, operation: string): number {
    const known = this.#numbers.length;
    const n = this.#table.find(key);
    if (n < known) return this.#numbers[n];
    throw new MillraceError('BAD_ARGUMENT', {
      operation,
      argument: 'the fraction of a key',
      value: `missing for ${showElement(key)}`,
      rule: 'there for every key',
      remedy: 'Add it to the map of fractions, as 0 to leave the key out.',
    });
  }
}

const pairOf = (operation: string, x: unknown): Pair =>
  Array.isArray(x) && x.length === 2 ? (x as Pair) : notAPair(operation, x);

/** How often a row is drawn with replacement: Poisson by Knuth's product, exact for the small rates of sampling. */
export function poisson(rate: number, random: Random): number {
  if (rate > 30) return poisson(rate / 2, random) + poisson(rate / 2, random);
  const limit = Math.exp(-rate);
  let product = random.next();
  let n = 0;
  while (product > limit) {
    product *= random.next();
    n++;
  }
  return n;
}

/**
 * The points of an element on the line that exact samples are cut from: one uniform in [0, 1), or with replacement those of a Poisson
 * process of rate 1. The n least points of all elements are a sample of n, of equal chance for each element.
 */
function* points(random: Random, replace: boolean, below: number): Generator<number> {
  const uniform = () => random.next() + random.next() / 2 ** 32;
  if (!replace) {
    const u = uniform();
    if (u < below) yield u;
    return;
  }
  const gap = () => -Math.log(1 - uniform());
  for (let t = gap(); t < below; t += gap()) yield t;
}

/** A generator of an element's own, so that it gives the same points in every job. */
const randomOf = (seed: number, partition: number, position: number) =>
  new Random((Math.imul(seed, 0x27d4eb2d) + Math.imul(partition, 0x165667b1)) ^ Math.imul(position, 0x9e3779b1));

/** Each entry makes a function from its arguments. */
export const samplingFunctions = {
  /** The elements whose number lies from `low` to before `high`: the cells of one split share their numbers. */
  cell: (seed: number, low: number, high: number) =>
    function* (input: Iterable<unknown>, index: number) {
      const random = new Random(seed * 31 + index);
      for (const x of input) {
        const n = random.next();
        if (n >= low && n < high) yield x;
      }
    },
  sampleByKey: (fractions: Uint8Array, replace: boolean, seed: number) => {
    const fractionOf = new KeyNumbers(fractions);
    return function* (input: Iterable<unknown>, index: number) {
      const random = new Random(seed * 31 + index);
      for (const x of input) {
        const fraction = fractionOf.of(pairOf('sampleByKey', x)[0], 'sampleByKey');
        const times = replace ? poisson(fraction, random) : Number(random.next() < fraction);
        for (let n = 0; n < times; n++) yield x;
      }
    };
  },
  /** For each key [key, points below `low`, the points from `low` to before `high`] of a partition. */
  pointsByKey: (lows: Uint8Array, highs: Uint8Array, replace: boolean, seed: number) => {
    const operation = 'sampleByKeyExact';
    const [lowOf, highOf] = [new KeyNumbers(lows), new KeyNumbers(highs)];
    return (input: Iterable<unknown>, index: number) => {
      const table = new KeyTable();
      const found: [number, number[]][] = [];
      let position = 0;
      for (const x of input) {
        const [key] = pairOf(operation, x);
        const [low, high] = [lowOf.of(key, operation), highOf.of(key, operation)];
        const e = table.find(key);
        found[e] ??= [0, []];
        for (const t of points(randomOf(seed, index, position++), replace, high)) {
          if (t < low) found[e][0]++;
          else found[e][1].push(t);
        }
      }
      return found.map(([sure, open], e) => [table.keys[e], sure, open]);
    };
  },
  /** Each element as often as it has points up to the greatest one drawn of its key. */
  belowByKey: (greatest: Uint8Array, replace: boolean, seed: number) => {
    const greatestOf = new KeyNumbers(greatest);
    return function* (input: Iterable<unknown>, index: number) {
      let position = 0;
      for (const x of input) {
        const limit = greatestOf.of(pairOf('sampleByKeyExact', x)[0], 'sampleByKeyExact');
        // The greatest point itself is drawn; none lies between it and the next number.
        for (const t of points(randomOf(seed, index, position++), replace, Number.POSITIVE_INFINITY)) {
          if (t > limit) break;
          yield x;
        }
      }
    };
  },
};
