export declare const a: string;
declare class RDD<T> {
  t: T;
  map<U extends {} | null | undefined | [unknown, ...unknown[]]>(f: (x: T) => U): RDD<U>;
  flatMap<U extends {} | null | undefined | [unknown, ...unknown[]]>(f: (x: T) => Iterable<U>): RDD<U>;
  reduceByKey<K, V>(this: RDD<[K, V]>, f: (a: V, b: V) => V): RDD<[K, V]>;
}
export declare function zz(r: RDD<string>): readonly [
  RDD<[string, number]>,
  RDD<[string, number]>,
  RDD<any>,
  RDD<number>,
  RDD<string>,
  RDD<unknown>,
  RDD<{
    w: string;
    n: number;
    p: (string | number)[];
  }>,
  RDD<string[]>,
  RDD<[string, number]>,
  RDD<[string, number] | null>,
  RDD<string | number>,
  RDD<string>,
  RDD<[string, (string | number)[]]>,
  RDD<[string, boolean]>,
];
