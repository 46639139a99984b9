// The naive twin of operators over several datasets and of what is done within partitions; a part of the judge in model.ts.
import { canonical, compare, groupByKey, keys, Model } from './model';

type Pairs<K, V> = Model<[K, V]>;

const textsOf = (values: readonly unknown[]) => new Set(values.map(canonical));

/** Each common element once. */
export function intersection<T>(left: Model<T>, right: Model<T>): Model<T> {
  const found = textsOf(right.collect());
  return left.distinct().filter((value) => found.has(canonical(value)));
}

/** Duplicates of the left stay. */
export function subtract<T>(left: Model<T>, right: Model<T>): Model<T> {
  const found = textsOf(right.collect());
  return left.filter((value) => !found.has(canonical(value)));
}

export function subtractByKey<K, V>(left: Pairs<K, V>, right: Pairs<K, unknown>): Pairs<K, V> {
  const found = textsOf(keys(right).collect());
  return left.filter(([key]) => !found.has(canonical(key)));
}

/** Partition i · n + j pairs partition i of the left with j of the right's n. */
export function cartesian<T, U>(left: Model<T>, right: Model<U>): Model<[T, U]> {
  return new Model(
    left.partitions.flatMap((xs) => right.partitions.map((ys) => xs.flatMap((x) => ys.map((y): [T, U] => [x, y])))),
  );
}

export function zip<T, U>(left: Model<T>, right: Model<U>): Model<[T, U]> {
  return new Model(left.partitions.map((xs, p) => xs.map((x, i): [T, U] => [x, right.partitions[p][i]])));
}

export function zipPartitions<T, R>(inputs: readonly Model<T>[], f: (...sides: (readonly T[])[]) => readonly R[]): Model<R> {
  return new Model(inputs[0].partitions.map((_, p) => f(...inputs.map((input) => input.partitions[p]))));
}

/** Element k of partition p of n gets k · n + p. */
export function zipWithUniqueId<T>(model: Model<T>): Model<[T, number]> {
  const n = model.partitions.length;
  return new Model(model.partitions.map((part, p) => part.map((value, k): [T, number] => [value, k * n + p])));
}

/** The keys of all inputs with the values that each input has, in the order of the inputs. */
export function cogroup<K>(inputs: readonly Pairs<K, unknown>[]): Model<[K, unknown[][]]> {
  const [first, ...others] = inputs.map((input, i) => input.map(([key, value]): [K, [number, unknown]] => [key, [i, value]]));
  const all = others.reduce((sum, input) => sum.union(input), first);
  return groupByKey(all).map(([key, tagged]) => [
    key,
    inputs.map((_, i) => tagged.filter(([side]) => side === i).map(([, value]) => value)),
  ]);
}

export const filterByRange = <K, V>(pairs: Pairs<K, V>, lower: K, upper: K): Pairs<K, V> =>
  pairs.filter(([key]) => compare(lower, key) <= 0 && compare(key, upper) <= 0);

/** Partition p holds the pairs that `partitionOf` sends there, in the order of their keys; equal keys keep their order. */
export function sortedWithin<V>(pairs: Pairs<number, V>, count: number, partitionOf: (key: number) => number): Pairs<number, V> {
  const parts = Array.from({ length: count }, (_, p) => pairs.collect().filter(([key]) => partitionOf(key) === p));
  return new Model(parts.map((part) => part.sort(([a], [b]) => a - b)));
}

/** Counts between edges: closed on the left, the last bucket on both sides. */
export function histogram(numbers: readonly number[], edges: readonly number[]): number[] {
  const last = edges.length - 2;
  return edges.slice(0, -1).map((low, i) => {
    const high = edges[i + 1];
    return numbers.filter((x) => x >= low && (x < high || (i === last && x === high))).length;
  });
}

/** Of the population. */
export function variance(numbers: readonly number[]): number {
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
  return numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length;
}
