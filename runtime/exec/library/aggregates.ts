// Aggregates of groups: `count`, `sum`, `mean` and the others, by a state that rows are added to and that is joined with those of other tasks.
import { addExactly, type ExactSum, mergeExactly, noSum, quotient, totalOf } from '../../base/exact-sum';
import { compareKeys, keyText } from '../../keys/key';
import { addNumber, mergeNumbers, type Numbers, noNumbers, quantileOf } from '../../keys/quantile-sketch';
import { numberOf } from './number';
import { isMissing, keyFields, setField } from './row-fields';

type Of = (row: unknown) => unknown;

/** An aggregate, as its library function knows it: what it is of is a function beside it. */
export interface AggregateSpec {
  readonly kind: 'count' | 'sum' | 'mean' | 'min' | 'max' | 'quantile' | 'countDistinct' | 'first' | 'list';
  /** Of a quantile, from 0 to 1. */
  readonly at?: number;
  /** It is of a function of the row; a count may be of rows. */
  readonly isOf: boolean;
}

interface Mean {
  readonly sum: ExactSum;
  count: number;
}

/** How an aggregate is made: a state, a value that is not missing added to it, two states joined, and its value. */
interface Making {
  readonly zero: () => unknown;
  readonly add: (state: never, value: never) => unknown;
  readonly join: (a: never, b: never) => unknown;
  readonly end: (state: never, spec: AggregateSpec) => unknown;
}

const chosen = (better: (order: number) => boolean): Making => {
  const pick = (a: unknown[], value: unknown) => (a.length === 0 || better(compareKeys(value, a[0])) ? [value] : a);
  return {
    zero: () => [],
    add: pick,
    join: (a: unknown[], b: unknown[]) => (b.length === 0 ? a : pick(a, b[0])),
    end: (a: unknown[]) => a[0] ?? null,
  };
};

const makings: Readonly<Record<AggregateSpec['kind'], Making>> = {
  count: { zero: () => 0, add: (n: number) => n + 1, join: (a: number, b: number) => a + b, end: (n) => n },
  sum: {
    zero: noSum,
    add: (sum: ExactSum, value: unknown) => addExactly(sum, numberOf('sum', value)),
    join: mergeExactly,
    end: (sum: ExactSum) => totalOf(sum),
  },
  mean: {
    zero: (): Mean => ({ sum: noSum(), count: 0 }),
    add: (mean: Mean, value: unknown): Mean => {
      addExactly(mean.sum, numberOf('mean', value));
      mean.count++;
      return mean;
    },
    join: (a: Mean, b: Mean): Mean => ({ sum: mergeExactly(a.sum, b.sum), count: a.count + b.count }),
    end: ({ sum, count }: Mean) => (count === 0 ? null : quotient(sum, count)),
  },
  min: chosen((order) => order < 0),
  max: chosen((order) => order > 0),
  quantile: {
    zero: noNumbers,
    add: (numbers: Numbers, value: unknown) => addNumber(numbers, numberOf('quantile', value)),
    join: mergeNumbers,
    end: (numbers: Numbers, { at = 0.5 }) => quantileOf(numbers, at),
  },
  countDistinct: {
    zero: () => new Set(),
    add: (seen: Set<string>, value: unknown) => seen.add(keyText(value)),
    join: (a: Set<string>, b: Set<string>) => {
      for (const one of b) a.add(one);
      return a;
    },
    end: (seen: Set<string>) => seen.size,
  },
  first: {
    zero: () => [],
    add: (kept: unknown[], value: unknown) => (kept.length === 0 ? [value] : kept),
    join: (a: unknown[], b: unknown[]) => (a.length === 0 ? b : a),
    end: (kept: unknown[]) => kept[0] ?? null,
  },
  list: {
    zero: () => [],
    add: (list: unknown[], value: unknown) => {
      list.push(value);
      return list;
    },
    join: (a: unknown[], b: unknown[]) => {
      for (const one of b) a.push(one);
      return a;
    },
    end: (list) => list,
  },
};

type States = unknown[];

/** How a value that is not missing is added to the state of an aggregate. */
export const adderOf = (kind: AggregateSpec['kind']) => makings[kind].add as (state: unknown, value: unknown) => unknown;

/** A function that adds a row to the states of its group, changing them. */
function rowAdder(specs: readonly AggregateSpec[], functions: readonly Of[]): (states: States, row: unknown) => States {
  let next = 0;
  const of = specs.map(({ isOf }) => (isOf ? functions[next++] : undefined));
  const add = specs.map(({ kind }) => adderOf(kind));
  return (states, row) => {
    for (let i = 0; i < add.length; i++) {
      const f = of[i];
      const value = f ? f(row) : row;
      if (!isMissing(value)) states[i] = add[i](states[i], value);
    }
    return states;
  };
}

/** The states of aggregates of nothing. */
export const noStates = (specs: readonly AggregateSpec[]): States => specs.map(({ kind }) => makings[kind].zero());

/** Each entry makes a function from its arguments. */
export const aggregateFunctions = {
  groupStart: (specs: readonly AggregateSpec[], ...functions: Of[]) => {
    const add = rowAdder(specs, functions);
    return (row: unknown) => add(noStates(specs), row);
  },
  groupAdd: (specs: readonly AggregateSpec[], ...functions: Of[]) => rowAdder(specs, functions),
  groupJoin: (specs: readonly AggregateSpec[]) => (a: States, b: States) =>
    specs.map(({ kind }, i) => makings[kind].join(a[i] as never, b[i] as never)),
  groupEnd: (specs: readonly AggregateSpec[], names: readonly string[]) => (pair: [unknown, States]) => {
    const row = keyFields(pair[0]);
    for (const [i, name] of names.entries()) setField(row, name, makings[specs[i].kind].end(pair[1][i] as never, specs[i]));
    return row;
  },
  /** The values of one aggregate alone, or of several as a list. */
  groupValues: (specs: readonly AggregateSpec[], isOne: boolean) => (states: States) => {
    const values = specs.map((spec, i) => makings[spec.kind].end(states[i] as never, spec));
    return isOne ? values[0] : values;
  },
};
