// The library: functions that stages call by name, for operators that need more than the user's closures.

import { addExactly, type ExactSum } from '../../base/exact-sum';
import { addToMoments, type Moments } from '../../base/stat-counter';
import { Random } from '../../base/time';
import { compareKeys, sameKey, sortValues } from '../../keys/key';
import { decode } from '../../wire/codec';
import { notAPair } from '../task-runtime';
import { aggregateFunctions } from './aggregates';
import { badRecordFunctions } from './bad-records';
import { connectorFunctions } from './connectors';
import { describeFunctions } from './describe-rows';
import { slackFunctions } from './late-records';
import { numberOf } from './number';
import { samplingFunctions } from './sampling';
import { severalFunctions } from './several-inputs';
import { sketchFunctions } from './sketch';
import { streamFunctions } from './streams';
import { tableFunctions } from './tables';

type Compare = (a: unknown, b: unknown) => number;
type Pair = [unknown, unknown];

const natural: Compare = compareKeys;

/** Keeps the `n` smallest in order: sorts in place whenever twice as many have come. */
function smallest(n: number, compare: Compare) {
  return (input: Iterable<unknown>): unknown[] => {
    let kept: unknown[] = [];
    for (const x of input) {
      kept.push(x);
      if (kept.length >= 2 * n + 64) kept = sortValues(kept, compare).slice(0, n);
    }
    return sortValues(kept, compare).slice(0, n);
  };
}

/** A reservoir of `n` keys of a partition, with the number of keys seen: what range bounds are chosen from. */
function reservoir(n: number, seed: number) {
  return (input: Iterable<unknown>, index: number): unknown[] => {
    const random = new Random(seed + index);
    const kept: unknown[] = [];
    let seen = 0;
    for (const x of input) {
      if (kept.length < n) kept.push(x);
      else {
        const at = random.below(seen + 1);
        if (at < n) kept[at] = x;
      }
      seen++;
    }
    return [[seen, kept]];
  };
}

/** Each entry makes a function from its arguments; arguments that are user functions arrive as functions. */
export const library: Readonly<Record<string, (...args: never[]) => Function>> = {
  first: () => (a: unknown) => a,
  add: () => (a: number, b: number) => a + b,
  smaller: (compare?: Compare) => (a: unknown, b: unknown) => ((compare ?? natural)(b, a) < 0 ? b : a),
  larger: (compare?: Compare) => (a: unknown, b: unknown) => ((compare ?? natural)(b, a) > 0 ? b : a),
  takeOrdered: (n: number, compare?: Compare) => smallest(n, compare ?? natural),
  takeTop: (n: number, compare?: Compare) => {
    const order = compare ?? natural;
    return smallest(n, (a, b) => order(b, a));
  },
  withIndex: (f: (index: number, input: Iterable<unknown>) => unknown) => (input: Iterable<unknown>, index: number) =>
    f(index, input),
  withoutIndex: (f: (input: Iterable<unknown>) => unknown) => (input: Iterable<unknown>) => f(input),
  glom: () => (input: Iterable<unknown>) => [[...input]],
  reservoir: (n: number, seed: number) => reservoir(n, seed),
  spread: (partitions: number) =>
    function* (input: Iterable<unknown>, index: number) {
      // Round robin from a place of the partition's own, so that small partitions do not all fill the first ones.
      let at = new Random(index).below(partitions);
      for (const x of input) {
        yield [at, x];
        at = (at + 1) % partitions;
      }
    },
  addNumber: (operation: string) => (sum: ExactSum, x: number) => addExactly(sum, numberOf(operation, x)),
  statistics: (operation: string) => (moments: Moments, x: number) => addToMoments(moments, numberOf(operation, x)),
  /** A first value merged into a copy of the zero. */
  fromZero: (zero: Uint8Array, merge: (acc: unknown, value: unknown) => unknown) => (value: unknown) =>
    merge(decode(zero, 'executor'), value),
  itself: () => (x: unknown) => x,
  ...severalFunctions,
  ...tableFunctions,
  ...aggregateFunctions,
  ...describeFunctions,
  ...samplingFunctions,
  ...sketchFunctions,
  ...streamFunctions,
  ...slackFunctions,
  ...badRecordFunctions,
  ...connectorFunctions,
  hasKey: (encoded: Uint8Array) => {
    const key = decode(encoded, 'executor');
    return (pair: unknown) => {
      if (!Array.isArray(pair) || pair.length !== 2) notAPair('lookup', pair);
      return sameKey((pair as Pair)[0], key);
    };
  },
};
