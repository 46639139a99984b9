// Joins of rows that are objects by key functions: rows with the fields of both sides.
import { together } from '../ops/joins';
import type { Datum } from '../rdd/element-types';
import { lib, ShippedFunction } from '../rdd/function-argument';
import { RDD } from '../rdd/rdd';
import { type Flat, throughRows } from './columns';

/** The fields of both sides; where both have one, that of the right. */
export type Joined<T, U> = Flat<Omit<T, keyof U> & U>;
/** The same where the right side may be missing. */
export type LeftJoined<T, U> = Flat<
  Omit<T, keyof U> & { [K in keyof T & keyof U]: T[K] | U[K] } & { [K in Exclude<keyof U, keyof T>]?: U[K] }
>;

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * A row for each two rows with equal keys, with the fields of both; a field of both has the value of the right.
     * @example await sc.parallelize([{ c: 'AA', d: 3 }]).joinBy(sc.parallelize([{ code: 'AA', name: 'American' }]), f => f.c, a => a.code).collect() // [{ c: 'AA', d: 3, code: 'AA', name: 'American' }]
     */
    joinBy<R extends object, U extends object, K extends Datum>(
      this: RDD<R>,
      other: RDD<U>,
      key: (row: R) => K,
      otherKey: (row: U) => K,
    ): RDD<Joined<R, U>>;
    /**
     * The same, with the rows that find no other: they keep their own fields only.
     * @example await sc.parallelize([{ c: 'AA' }, { c: 'ZZ' }]).leftJoinBy(sc.parallelize([{ code: 'AA', n: 1 }]), f => f.c, a => a.code).orderBy('c').collect() // [{ c: 'AA', code: 'AA', n: 1 }, { c: 'ZZ' }]
     */
    leftJoinBy<R extends object, U extends object, K extends Datum>(
      this: RDD<R>,
      other: RDD<U>,
      key: (row: R) => K,
      otherKey: (row: U) => K,
    ): RDD<LeftJoined<R, U>>;
  }
}

function joined<R>(
  left: RDD<unknown>,
  operation: string,
  other: RDD<unknown>,
  keys: readonly [unknown, unknown],
  isLeft: boolean,
): RDD<R> {
  left.context.checkDataset(operation, other);
  const sides = ([left, other] as const).map((rdd, i) => {
    const key = ShippedFunction.of(rdd.context, keys[i], operation, i === 0 ? 'the key' : 'the key of the other');
    return throughRows<[unknown, unknown]>(rdd, operation, key, 'keyBy');
  });
  const pairs = together<[unknown, [unknown, unknown]]>(operation, sides[0], sides[1], {
    kind: 'join',
    left: isLeft,
    right: false,
  });
  return throughRows<R>(pairs, operation, lib(isLeft ? 'joinedRows' : 'joinedRow'));
}

RDD.prototype.joinBy = function (this: RDD<unknown>, other: unknown, key: unknown, otherKey: unknown) {
  return joined(this, 'joinBy', other as RDD<unknown>, [key, otherKey], false);
} as RDD<object>['joinBy'];

RDD.prototype.leftJoinBy = function (this: RDD<unknown>, other: unknown, key: unknown, otherKey: unknown) {
  return joined(this, 'leftJoinBy', other as RDD<unknown>, [key, otherKey], true);
} as RDD<object>['leftJoinBy'];
