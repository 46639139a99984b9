// Rows of objects: their fields chosen, renamed and filled; aggregates of a group; and what a column holds.
import { MillraceError } from '../../base/errors';
import { addExactly, type ExactSum, mergeExactly, noSum, quotient, totalOf } from '../../base/exact-sum';
import { showElement } from '../../base/show-element';
import { isRow, notARow } from '../../formats/write/checked-writer';
import { compareKeys, keyText, sortValues } from '../../keys/key';
import { addNumber, mergeNumbers, type Numbers, noNumbers, quantileOf } from '../../keys/quantile-sketch';
import { SeenRows } from '../../schema/infer-values';
import { numberOf } from './number';

type Row = Readonly<Record<string, unknown>>;
type Of = (row: unknown) => unknown;

/** The row. Throws NOT_A_ROW for what has no fields. */
function rowOf(operation: string, row: unknown): Row {
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Row;
  throw new MillraceError('NOT_A_ROW', { operation, element: showElement(row) });
}

const isMissing = (value: unknown): value is null | undefined => value === null || value === undefined;

/** A field, whatever its name. */
function setField(row: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true });
  else row[name] = value;
}

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

/** The fields that a key gives the row of its group: its own, or `key`. */
function keyFields(key: unknown): Record<string, unknown> {
  const hasFields = typeof key === 'object' && key !== null && Object.getPrototypeOf(key) === Object.prototype;
  return hasFields ? { ...(key as Row) } : { key };
}

/** A part of a sort's key: missing values come last, in both directions. */
const orderPart = (value: unknown, isAscending: boolean): unknown[] =>
  isMissing(value) ? [isAscending ? 1 : 0] : [isAscending ? 0 : 1, value];

/** Each entry makes a function from its arguments. */
export const tableFunctions = {
  pickFields: (names: readonly string[]) => (row: unknown) => {
    const from = rowOf('select', row);
    const picked: Record<string, unknown> = {};
    for (const name of names) if (Object.hasOwn(from, name)) setField(picked, name, from[name]);
    return picked;
  },
  dropFields: (names: readonly string[]) => {
    const dropped = new Set(names);
    return (row: unknown) => {
      const left: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(rowOf('drop', row))) if (!dropped.has(name)) setField(left, name, value);
      return left;
    };
  },
  renameFields: (pairs: readonly (readonly [string, string])[]) => {
    const renamed = new Map(pairs);
    return (row: unknown) => {
      const made: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(rowOf('rename', row))) setField(made, renamed.get(name) ?? name, value);
      return made;
    };
  },
  withField: (name: string, f: Of) => (row: unknown) => {
    const made = { ...rowOf('withColumn', row) };
    setField(made, name, f(row));
    return made;
  },
  fillMissing: (values: readonly (readonly [string, unknown])[]) => (row: unknown) => {
    const filled: Record<string, unknown> = { ...rowOf('fillNull', row) };
    for (const [name, value] of values) if (isMissing(filled[name])) setField(filled, name, value);
    return filled;
  },
  explodeField: (name: string) => (row: unknown) => {
    const { [name]: list, ...rest } = rowOf('explode', row);
    if (isMissing(list)) return [];
    if (typeof list === 'string' || typeof (list as Iterable<unknown>)[Symbol.iterator] !== 'function')
      throw new MillraceError('NOT_A_LIST', { operation: 'explode', column: name, value: showElement(list) });
    return Array.from(list as Iterable<unknown>, (value) => {
      const made: Record<string, unknown> = { ...rest };
      setField(made, name, value);
      return made;
    });
  },
  keyOfFields: (names: readonly string[]) => (row: unknown) => {
    const from = rowOf('dropDuplicates', row);
    return names.map((name) => from[name] ?? null);
  },
  orderKey:
    (names: readonly (string | null)[], isAscending: boolean, ...functions: Of[]) =>
    (row: unknown) => {
      let next = 0;
      return names.map((name) => orderPart(name === null ? functions[next++](row) : rowOf('orderBy', row)[name], isAscending));
    },
  joinedRow: () => (pair: [unknown, [unknown, unknown]]) => ({ ...rowOf('joinBy', pair[1][0]), ...rowOf('joinBy', pair[1][1]) }),
  joinedRows: () => (pair: [unknown, [unknown, unknown]]) => ({
    ...rowOf('leftJoinBy', pair[1][0]),
    ...(isMissing(pair[1][1]) ? {} : rowOf('leftJoinBy', pair[1][1])),
  }),
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
  pivotRow: () => (pair: [unknown, [unknown, unknown][]]) => {
    const row = keyFields(pair[0]);
    for (const [column, value] of [...pair[1]].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)))
      setField(row, String(column), value);
    return row;
  },
  pivotPair: () => (pair: [[unknown, unknown], unknown]) => [pair[0][0], [pair[0][1], pair[1]]],
  cellKey: (of: Of, column: Of) => (row: unknown) => [of(row), column(row)],
  /** The columns of a partition's rows; nothing of none. */
  columnsOfRows: (operation: string) => (input: Iterable<unknown>) => {
    const seen = new SeenRows();
    for (const row of input) {
      if (!isRow(row)) throw notARow(operation, row);
      seen.add(row);
    }
    return seen.rows === 0 ? [] : [seen.schema];
  },
  /** The n pairs with the greatest keys, or the least. */
  extremePairs: (n: number, isGreatest: boolean) => (input: Iterable<unknown>) => {
    const order = (a: unknown, b: unknown) => {
      const compared = compareKeys((a as unknown[])[0], (b as unknown[])[0]);
      return isGreatest ? -compared : compared;
    };
    let kept: unknown[] = [];
    for (const pair of input) {
      if (isMissing((pair as unknown[])[0])) continue;
      kept.push(pair);
      if (kept.length >= 2 * n + 64) kept = sortValues(kept, order).slice(0, n);
    }
    return sortValues(kept, order).slice(0, n);
  },
};
