// What the columns of rows hold: counted in each partition, and put together.

import { MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import { isRow } from '../../formats/write/checked-writer';
import { addToSketch, mergeSketches, newSketch, type Sketch, sketchEstimate } from '../../keys/hyper-log-log';
import { compareKeys, keyText } from '../../keys/key';
import { addNumber, mergeNumbers, type Numbers, noNumbers, quantileOf } from '../../keys/quantile-sketch';
import { SeenRows } from '../../schema/infer-values';
import { joinedSchemas } from '../../schema/join-schemas';
import type { Schema } from '../../schema/schema';
import { kindText } from '../../schema/schema-text';
import { instantText } from '../../schema/time-zone';

/** Distinct values that are counted one by one: of more their number is estimated, and none is named. */
const mostCounted = 1000;

/** The deviation of the estimate is 0.8 %. */
const sketchBits = 14;

const shownTop = 3;

type Simple = boolean | number | bigint | string | Date;

interface ColumnState {
  count: number;
  least: Simple | null;
  greatest: Simple | null;
  numbers: Numbers | null;
  /** Whether the numbers are instants. */
  isTime: boolean;
  counted: Map<string, [value: Simple, n: number]> | null;
  sketch: Sketch | null;
}

/** What is known of the rows of some partitions. */
export interface DescribedRows {
  rows: number;
  schema: Schema;
  columns: Map<string, ColumnState>;
}

const noValues = (): ColumnState => ({
  count: 0,
  least: null,
  greatest: null,
  numbers: null,
  isTime: false,
  counted: new Map(),
  sketch: null,
});

const isSimple = (value: unknown): value is Simple =>
  (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') || value instanceof Date;

const isNumeric = (value: Simple): value is number | Date => typeof value === 'number' || value instanceof Date;

function addValue(state: ColumnState, value: unknown): void {
  state.count++;
  if (!isSimple(value) || (value instanceof Date && Number.isNaN(value.getTime()))) {
    // Lists and objects have no order worth showing.
    state.counted = null;
    return;
  }
  if (state.least === null || compareKeys(value, state.least) < 0) state.least = value;
  if (state.greatest === null || compareKeys(value, state.greatest) > 0) state.greatest = value;
  if (isNumeric(value)) {
    state.isTime ||= value instanceof Date;
    state.numbers = addNumber(state.numbers ?? noNumbers(), Number(value));
  }
  if (state.counted) {
    const key = keyText(value);
    const known = state.counted.get(key);
    if (known) known[1]++;
    else state.counted.set(key, [value, 1]);
    settle(state);
  } else if (state.sketch) addToSketch(state.sketch, value);
}

/** Estimates the number of distinct values once there are too many to count. */
function settle(state: ColumnState): void {
  if (!state.counted || state.counted.size <= mostCounted) return;
  state.sketch = newSketch(sketchBits);
  for (const [value] of state.counted.values()) addToSketch(state.sketch, value);
  state.counted = null;
}

function join(a: ColumnState, b: ColumnState): void {
  a.count += b.count;
  if (b.least !== null && (a.least === null || compareKeys(b.least, a.least) < 0)) a.least = b.least;
  if (b.greatest !== null && (a.greatest === null || compareKeys(b.greatest, a.greatest) > 0)) a.greatest = b.greatest;
  a.isTime ||= b.isTime;
  if (b.numbers) a.numbers = mergeNumbers(a.numbers ?? noNumbers(), b.numbers);
  const isCounted = (state: ColumnState) => state.counted !== null || state.sketch !== null;
  if (!isCounted(a) || !isCounted(b)) {
    a.counted = null;
    a.sketch = null;
    return;
  }
  if (a.counted && b.counted) {
    for (const [key, [value, n]] of b.counted) {
      const known = a.counted.get(key);
      if (known) known[1] += n;
      else a.counted.set(key, [value, n]);
    }
    settle(a);
    return;
  }
  const sketch = (state: ColumnState): Sketch => {
    if (state.sketch) return state.sketch;
    const made = newSketch(sketchBits);
    for (const [value] of state.counted!.values()) addToSketch(made, value);
    return made;
  };
  a.sketch = mergeSketches(sketch(a), sketch(b));
  a.counted = null;
}

function summary(name: string, type: string, rows: number, state: ColumnState) {
  const { count, least, greatest, numbers, isTime, counted, sketch } = state;
  const at = (q: number) => {
    const found = numbers && quantileOf(numbers, q);
    return found === null || found === undefined ? null : isTime ? new Date(Math.round(found)) : found;
  };
  const top = counted && [...counted.values()].sort((a, b) => b[1] - a[1] || compareKeys(a[0], b[0])).slice(0, shownTop);
  return {
    column: name,
    type,
    nulls: rows - count,
    distinct: counted ? counted.size : sketch ? sketchEstimate(sketch) : null,
    min: least,
    q1: at(0.25),
    median: at(0.5),
    q3: at(0.75),
    max: greatest,
    top: top?.map(([value, n]) => `${value instanceof Date ? instantText(value) : value} ×${n}`).join(', ') ?? null,
  };
}

export const describeFunctions = {
  describePart: () => (input: Iterable<unknown>) => {
    const seen = new SeenRows();
    const columns = new Map<string, ColumnState>();
    for (const row of input) {
      if (!isRow(row)) throw new MillraceError('NOT_A_ROW', { operation: 'describe', element: showElement(row) });
      seen.add(row);
      for (const name of Object.keys(row)) {
        let state = columns.get(name);
        if (!state) {
          state = noValues();
          columns.set(name, state);
        }
        const value = row[name];
        if (value !== null && value !== undefined) addValue(state, value);
      }
    }
    return seen.rows === 0 ? [] : [[0, { rows: seen.rows, schema: seen.schema, columns } satisfies DescribedRows]];
  },
  describeJoin: () => (a: DescribedRows, b: DescribedRows) => {
    for (const [name, state] of b.columns) {
      const known = a.columns.get(name);
      if (known) join(known, state);
      else a.columns.set(name, state);
    }
    return { rows: a.rows + b.rows, schema: joinedSchemas([a.schema, b.schema]), columns: a.columns };
  },
  describeRows:
    () =>
    ([, { rows, schema, columns }]: [unknown, DescribedRows]) =>
      schema.columns.map(({ name, type }) => summary(name, kindText(type), rows, columns.get(name) ?? noValues())),
};
