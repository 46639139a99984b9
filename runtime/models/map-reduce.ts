// MapReduce (Dean and Ghemawat, OSDI 2004) as Hadoop has it: mappers, combiners, partitioners, sorted keys, secondary sort, counters.
import { type Accumulator, type Context, type CustomPartitioner, HashPartitioner, type RDD } from '../index';
import { checkCount, checkDataset, checkFunction, refuse } from './arguments';

/** Gives a pair on. */
export type Emit<K, V> = (key: K, value: V) => void;
/** Adds to a counter; without a number 1. */
export type Count = (name: string, by?: number) => void;

/** Pairs that a function returns are emitted as well, so that `(k, v) => [[v, 1]]` is a mapper. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that only emits returns nothing.
type Pairs<K, V> = Iterable<readonly [K, V]> | void;

/** A job without reducers: the mappers' pairs, as they come. */
export interface MapOnlyJob<K1, V1, K2, V2> {
  /** Emits pairs of one input pair, or returns them. */
  map(key: K1, value: V1, emit: Emit<K2, V2>, count: Count): Pairs<K2, V2>;
  readonly counters?: Counters;
}

/** A job: its functions run on executors and are captured when the job is written. */
export interface MapReduceJob<K1, V1, K2, V2, K3, V3> extends MapOnlyJob<K1, V1, K2, V2> {
  /** Merges two values of a key where they are mapped, so that less moves; must be associative and commutative. */
  combine?(a: V2, b: V2): V2;
  /** Called once for each key, keys in ascending order within a reducer. `values` can be iterated once and need not fit into memory. */
  reduce(key: K2, values: Iterable<V2>, emit: Emit<K3, V3>, count: Count): Pairs<K3, V3>;
  /** Reducers; as many as the input has partitions if left out. */
  readonly numReducers?: number;
  /** The reducer of a key, from 0 to numReducers - 1; by hash if left out. */
  partition?(key: K2, numReducers: number): number;
  /** Secondary sort: the values of a key come in the ascending order of what this gives. They are sorted by the shuffle, not in memory. */
  orderValuesBy?(value: V2): unknown;
}

type Tally = Accumulator<[string, number][]>;

/**
 * Named counters of a job, read in the session. Each task counts once for each job run over the output: keep an output that is used
 * by several actions with `cache()`.
 */
export class Counters {
  /** @internal */ readonly accumulator: Tally;

  constructor(sc: Context, name = 'counters') {
    const merge = (a: [string, number][], b: [string, number][]) => {
      const sums = new Map(a);
      for (const [key, n] of b) sums.set(key, (sums.get(key) ?? 0) + n);
      return [...sums];
    };
    this.accumulator = sc.accumulator<[string, number][]>([], merge, name);
  }

  /**
   * What was counted so far by tasks that ended well.
   * @example new Counters(sc).value.size // 0
   */
  get value(): Map<string, number> {
    return new Map(this.accumulator.value);
  }

  /**
   * One count; 0 for a name that nobody has counted.
   * @example new Counters(sc).get('lines') // 0
   */
  get(name: string): number {
    return this.value.get(name) ?? 0;
  }
}

/**
 * A MapReduce job as a lazy dataset of the reducers' pairs, or of the mappers' where there is no `reduce`. Reducer i writes partition i.
 * Keys are those of datasets, compare by value, and must have an order. Throws BAD_ARGUMENT.
 * @example await mapReduce(sc.parallelize([[0, 'a b'], [1, 'a']]), { map: (_, line, emit) => line.split(' ').forEach(w => emit(w, 1)), reduce: (w, ones) => [[w, [...ones].length]] }).collectAsMap() // Map { 'a' => 2, 'b' => 1 }
 */
export function mapReduce<K1, V1, K2, V2, K3, V3>(input: RDD<[K1, V1]>, job: MapReduceJob<K1, V1, K2, V2, K3, V3>): RDD<[K3, V3]>;
export function mapReduce<K1, V1, K2, V2>(input: RDD<[K1, V1]>, job: MapOnlyJob<K1, V1, K2, V2>): RDD<[K2, V2]>;
export function mapReduce(input: RDD<[any, any]>, job: any): RDD<any> {
  checkJob(input, job);
  // Not `job.map` itself: the rest of the job's object need not be shipped.
  const { map, reduce, combine, orderValuesBy } = job as MapReduceJob<any, any, any, any, any, any>;
  const tally = job.counters?.accumulator;
  const mapped = input.mapPartitions((pairs) => mapping(pairs, map, tally));
  if (!reduce) return mapped;
  const n = job.numReducers ?? Math.max(1, input.numPartitions);
  if (orderValuesBy) {
    const composite = mapped.map(([key, value]) => [[key, orderValuesBy(value)], value]);
    const partitioner = compositePartitioner(n, job.partition);
    const sorted = composite.repartitionAndSortWithinPartitions(partitioner);
    return sorted.mapPartitions((rows) => reducing(rows, ([key]) => key, reduce, tally));
  }
  const partitioner = job.partition ? userPartitioner(n, job.partition) : new HashPartitioner(n);
  const combined = combine ? mapped.reduceByKey(combine, partitioner) : mapped;
  const sorted = combined.repartitionAndSortWithinPartitions(partitioner);
  return sorted.mapPartitions((rows) => reducing(rows, (key) => key, reduce, tally));
}

function checkJob(input: unknown, job: MapReduceJob<unknown, unknown, unknown, unknown, unknown, unknown>): void {
  const operation = 'mapReduce';
  const remedy = 'Write mapReduce(pairs, { map: (key, value, emit) => …, reduce: (key, values, emit) => … }).';
  checkDataset(input, { operation, argument: 'the input', remedy });
  if (typeof job !== 'object' || job === null)
    refuse({ operation, argument: 'the job', remedy }, job, 'an object with a function map');
  checkFunction(job.map, { operation, argument: 'map', remedy });
  for (const argument of ['reduce', 'combine', 'partition', 'orderValuesBy'] as const)
    checkFunction(job[argument], { operation, argument, remedy }, true);
  checkCount(job.numReducers, 1, { operation, argument: 'numReducers', remedy: 'Leave reduce out for a job without reducers.' });
  if (job.counters !== undefined && !(job.counters instanceof Counters))
    refuse({ operation, argument: 'counters', remedy: 'Write new Counters(sc).' }, job.counters, 'made by new Counters(sc)');
  if (job.combine && job.orderValuesBy) {
    const reason = 'Leave one of them out: a combiner leaves one value of each key, which needs no order.';
    refuse({ operation, argument: 'orderValuesBy', remedy: reason }, 'given with combine', 'given without combine');
  }
}

// ---- what runs on executors; none of these is exported, so that they are shipped as text and not by the name of a module

/** Pairs that a function emits and returns, one call after the other; what it counted is reported when the partition ends. */
function* mapping(
  pairs: Iterable<[unknown, unknown]>,
  map: (key: unknown, value: unknown, emit: Emit<unknown, unknown>, count: Count) => Pairs<unknown, unknown>,
  tally: Tally | undefined,
): Generator<[unknown, unknown]> {
  const counts = new Map<string, number>();
  const count: Count = (name, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by);
  let emitted: [unknown, unknown][] = [];
  const emit = (key: unknown, value: unknown) => void emitted.push([key, value]);
  try {
    for (const [key, value] of pairs) {
      const returned = map(key, value, emit, count);
      yield* emitted;
      emitted = [];
      if (returned) for (const [k, v] of returned) yield [k, v];
    }
  } finally {
    if (counts.size > 0) tally?.add([...counts]);
  }
}

/** Calls the reducer once for each run of rows with equal keys; rows that it does not read are passed over. */
function* reducing(
  rows: Iterable<[any, unknown]>,
  keyOf: (sortKey: any) => unknown,
  reduce: (key: unknown, values: Iterable<unknown>, emit: Emit<unknown, unknown>, count: Count) => Pairs<unknown, unknown>,
  tally: Tally | undefined,
): Generator<[unknown, unknown]> {
  const iterator = rows[Symbol.iterator]();
  let next = iterator.next();
  const groups = function* () {
    while (!next.done) {
      const key = keyOf(next.value[0]);
      const isSame = () => !next.done && sameValue(keyOf(next.value[0]), key);
      const values = (function* () {
        while (isSame()) {
          const value = next.value[1];
          next = iterator.next();
          yield value;
        }
      })();
      yield [key, values] as [unknown, Iterable<unknown>];
      while (isSame()) next = iterator.next();
    }
  };
  yield* mapping(groups(), reduce as never, tally);
}

/** Whether two keys are equal by value. */
function sameValue(a: any, b: any): boolean {
  if (a === b || (typeof a === 'number' && Number.isNaN(a) && Number.isNaN(b))) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Date || b instanceof Date) return a instanceof Date && b instanceof Date && sameValue(+a, +b);
  const names = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameValue(a[name], b[name]))
  );
}

/** A hash that is the same for keys that are equal by value (FNV-1a over their text, object keys in order). */
function hashOf(value: any): number {
  const textOf = (v: any): string => {
    if (v instanceof Date) return `date ${+v}`;
    if (typeof v !== 'object' || v === null) return `${typeof v} ${v}`;
    const names = Object.keys(v).sort();
    return `${Array.isArray(v)} ${names.length} ${names.map((name) => `${name}:${textOf(v[name])}`).join()}`;
  };
  const text = textOf(value);
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  // The low bits of FNV alone are poor: equal low bits of all characters stay equal.
  return (hash ^ (hash >>> 15)) >>> 0;
}

type Partition = (key: any, numReducers: number) => number;

const userPartitioner = (numPartitions: number, partition: Partition): CustomPartitioner => ({
  numPartitions,
  getPartition: (key) => partition(key, numPartitions),
});

/** For keys with the order of their value beside them: by the key alone. */
const compositePartitioner = (numPartitions: number, partition?: Partition): CustomPartitioner => ({
  numPartitions,
  getPartition: ([key]) => (partition ? partition(key, numPartitions) : hashOf(key) % numPartitions),
});
