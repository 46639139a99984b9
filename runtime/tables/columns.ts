// Operators on rows that are objects: which columns they have.
import { refuseArgument } from '../base/arguments';
import { showElement } from '../base/show-element';
import { type FunctionArgument, lib, ShippedFunction } from '../rdd/function-argument';
import { SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';

/** The fields of two objects as one type. */
export type Flat<T> = T extends infer R ? { [K in keyof R]: R[K] } : never;

/** Fields renamed as a table of names says. */
export type Renamed<T, N> = { [K in keyof T as K extends keyof N ? (N[K] extends string ? N[K] : K) : K]: T[K] };

/** Fields that are not missing any more. */
export type Filled<T, V> = { [K in keyof T]: K extends keyof V ? NonNullable<T[K]> | V[K] : T[K] };

type Item<V> = NonNullable<V> extends Iterable<infer I> ? I : never;

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * Rows with these columns only, in this order.
     * @example await sc.parallelize([{ a: 1, b: 'x', c: true }]).select('c', 'a').collect() // [{ c: true, a: 1 }]
     */
    select<R extends object, K extends keyof R & string>(this: RDD<R>, ...columns: readonly K[]): RDD<Flat<Pick<R, K>>>;
    /**
     * The rows for which `f` holds: `filter` under the name that tables give it.
     * @example await sc.parallelize([{ a: 1 }, { a: 2 }]).where(row => row.a > 1).collect() // [{ a: 2 }]
     */
    where(f: (row: T) => unknown): RDD<T>;
    /**
     * Rows with one more column, or with another value in it.
     * @example await sc.parallelize([{ a: 1 }]).withColumn('twice', row => row.a * 2).collect() // [{ a: 1, twice: 2 }]
     */
    withColumn<R extends object, N extends string, V>(
      this: RDD<R>,
      name: N,
      f: (row: R) => V,
    ): RDD<Flat<Omit<R, N> & { [K in N]: V }>>;
    /**
     * Rows without these columns.
     * @example await sc.parallelize([{ a: 1, b: 2 }]).drop('b').collect() // [{ a: 1 }]
     */
    drop<R extends object, K extends keyof R & string>(this: RDD<R>, ...columns: readonly K[]): RDD<Flat<Omit<R, K>>>;
    /**
     * Rows whose columns have other names: `{ old: 'new' }`.
     * @example await sc.parallelize([{ a: 1, b: 2 }]).rename({ a: 'x' }).collect() // [{ x: 1, b: 2 }]
     */
    rename<R extends object, const N extends { readonly [K in keyof R]?: string }>(
      this: RDD<R>,
      names: N,
    ): RDD<Flat<Renamed<R, N>>>;
    /**
     * Rows in which these columns have a value where they had null, undefined or nothing.
     * @example await sc.parallelize([{ a: null as number | null }]).fillNull({ a: 0 }).collect() // [{ a: 0 }]
     */
    fillNull<R extends object, V extends { readonly [K in keyof R]?: NonNullable<R[K]> }>(
      this: RDD<R>,
      values: V,
    ): RDD<Flat<Filled<R, V>>>;
    /**
     * A row for each element of a list in a column; rows with an empty list, or none, are left out.
     * @example await sc.parallelize([{ id: 1, tags: ['x', 'y'] }]).explode('tags').collect() // [{ id: 1, tags: 'x' }, { id: 1, tags: 'y' }]
     */
    explode<R extends object, K extends keyof R & string>(
      this: RDD<R>,
      column: K,
    ): RDD<Flat<Omit<R, K> & { [N in K]: Item<R[K]> }>>;
    /**
     * One row for each distinct value of these columns, of all columns without any; values compare as keys do. Which of the rows stays is
     * the first of its partition.
     * @example await sc.parallelize([{ a: 1, b: 2 }, { a: 1, b: 2 }, { a: 1, b: 3 }]).dropDuplicates('a', 'b').count() // 2
     */
    dropDuplicates<R extends object, K extends keyof R & string>(this: RDD<R>, ...columns: readonly K[]): RDD<R>;
  }
}

/** Each row, its key or its value, through a library function. */
export const throughRows = <U>(
  rdd: RDD<unknown>,
  operation: string,
  f: FunctionArgument,
  template: 'call' | 'keyBy' | 'mapValues' = 'call',
): RDD<U> =>
  new SteppedRDD<U>(rdd, {
    operation,
    keepsPartitioner: template === 'mapValues',
    plan: (input, b) => ({ op: 'map', template, name: operation, f: b.function(f), input }),
  });

/** Throws BAD_ARGUMENT unless these are names of columns, at least `least` of them. */
export function checkNames(operation: string, names: readonly unknown[], least: number): readonly string[] {
  const wrong = names.find((name) => typeof name !== 'string');
  if (wrong === undefined && !names.includes(undefined) && names.length >= least) return names as readonly string[];
  return refuseArgument({
    operation,
    argument: 'a column',
    value: names.length < least ? undefined : wrong,
    shown: names.length < least ? 'missing' : undefined,
    rule: 'the name of a column',
    remedy: `Write ${operation}('carrier', 'delay').`,
  });
}

/** Throws BAD_ARGUMENT unless this is an object. */
function checkFields(operation: string, value: unknown, remedy: string): [string, unknown][] {
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  if (isPlain) return Object.entries(value as object);
  return refuseArgument({ operation, argument: 'its argument', value, rule: 'an object of columns', remedy });
}

RDD.prototype.select = function (this: RDD<unknown>, ...columns: readonly string[]) {
  return throughRows(this, 'select', lib('pickFields', checkNames('select', columns, 1)));
} as RDD<object>['select'];

RDD.prototype.where = function (f) {
  const shipped = ShippedFunction.of(this.context, f, 'where');
  return this.filter(shipped as never);
};

RDD.prototype.withColumn = function (this: RDD<unknown>, name: string, f: unknown) {
  checkNames('withColumn', [name], 1);
  return throughRows(this, 'withColumn', lib('withField', name, ShippedFunction.of(this.context, f, 'withColumn')));
} as RDD<object>['withColumn'];

RDD.prototype.drop = function (this: RDD<unknown>, ...columns: readonly string[]) {
  return throughRows(this, 'drop', lib('dropFields', checkNames('drop', columns, 1)));
} as RDD<object>['drop'];

RDD.prototype.rename = function (this: RDD<unknown>, names: unknown) {
  const remedy = "Write rename({ old: 'new' }).";
  const pairs = checkFields('rename', names, remedy);
  const wrong = pairs.find(([, to]) => typeof to !== 'string');
  const twice = pairs.find(([, to], i) => pairs.some(([, other], j) => j < i && other === to));
  const bad = wrong ?? twice;
  if (bad)
    refuseArgument({
      operation: 'rename',
      argument: `the new name of ${bad[0]}`,
      value: bad[1],
      rule: wrong ? 'a text' : 'a name that no other column gets',
      remedy,
    });
  return throughRows(this, 'rename', lib('renameFields', pairs));
} as RDD<object>['rename'];

RDD.prototype.fillNull = function (this: RDD<unknown>, values: unknown) {
  const remedy = 'Write fillNull({ delay: 0 }).';
  const pairs = checkFields('fillNull', values, remedy);
  const missing = pairs.find(([, value]) => value === null || value === undefined);
  if (missing)
    refuseArgument({
      operation: 'fillNull',
      argument: `the value of ${missing[0]}`,
      value: missing[1],
      shown: showElement(missing[1]),
      rule: 'a value that is not missing itself',
      remedy,
    });
  return throughRows(this, 'fillNull', lib('fillMissing', pairs));
} as RDD<object>['fillNull'];

RDD.prototype.explode = function (this: RDD<unknown>, column: string) {
  checkNames('explode', [column], 1);
  const f = lib('explodeField', column);
  return new SteppedRDD(this, {
    operation: 'explode',
    plan: (input, b) => ({ op: 'flatMap', values: false, name: 'explode', f: b.function(f), input }),
  });
} as RDD<object>['explode'];
