// Rows of objects: their fields chosen, renamed and filled; the order of rows; and what a column holds.
import { MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import { isRow, notARow } from '../../formats/write/checked-writer';
import { compareKeys, sortValues } from '../../keys/key';
import { SeenRows } from '../../schema/infer-values';
import { isMissing, keyFields, rowOf, setField } from './row-fields';

type Of = (row: unknown) => unknown;

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
