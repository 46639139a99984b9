// Iterative MapReduce (HaLoop, Bu et al., VLDB 2010; Twister): rounds over persisted data, until nothing changes any more.
import { HashPartitioner, type JobPromise, MillraceError, type RDD, StorageLevel } from '../index';
import { checkCheckpointEvery, checkCount, checkDataset, checkFunction, cutLineage, refuse } from './arguments';

/** What a round does, and when the last one is reached. */
export interface IterationOptions<K, V, W> {
  /** Data that each round reads and none changes: partitioned as the state is and persisted, once. */
  readonly invariant?: RDD<[K, W]>;
  /**
   * One round: the next state from this one. Runs in the session, and builds datasets there (with operators or `mapReduce`); what it
   * makes is partitioned as the state is and persisted; the state before it is unpersisted.
   */
  body(state: RDD<[K, V]>, invariant: RDD<[K, W]>, round: number): RDD<[K, V]> | Promise<RDD<[K, V]>>;
  /** How far the values of a key are apart, summed over all keys; undefined where a state has no such key. */
  distance?(before: V | undefined, after: V | undefined): number;
  /** The loop ends when the distance of two states is at most this. */
  readonly threshold?: number;
  /** Ends the loop when it holds; runs in the session. */
  until?(state: RDD<[K, V]>, before: RDD<[K, V]>, round: number): boolean | Promise<boolean>;
  /** Rounds at most. */
  readonly maxIterations?: number;
  /** Rounds between two checkpoints in the folder of `sc.setCheckpointDir`; if left out every tenth, there or in the session's own. */
  readonly checkpointEvery?: number;
  /** Partitions of state and invariant; those of the initial state if left out. */
  readonly numPartitions?: number;
}

/** The state after the last round. */
export interface IterationResult<K, V> {
  /** The last state, partitioned by key and persisted. */
  readonly state: RDD<[K, V]>;
  /** Rounds that were run. */
  readonly iterations: number;
  /** Whether the loop came to its end, rather than to `maxIterations`. */
  readonly converged: boolean;
  /** Between the last two states, where a distance was given. */
  readonly distance: number | undefined;
}

const operation = 'iterate';

/**
 * Repeats `body` until the state is a fixpoint. State and invariant are partitioned alike, so that a body that joins them shuffles
 * neither. A key of the state should stand once where distances are asked for; further values of it are not compared.
 * Throws BAD_ARGUMENT, NO_CHECKPOINT_DIR.
 * @example await (await iterate(sc.parallelize([['x', 40]]), { body: s => s.mapValues(x => x / 2), distance: (a, b) => a - b, threshold: 5 })).state.collect() // [['x', 5]]
 */
export function iterate<K, V, W = never>(
  initial: RDD<[K, V]>,
  options: IterationOptions<K, V, W>,
): JobPromise<IterationResult<K, V>>;
export async function iterate<K, V, W = never>(
  initial: RDD<[K, V]>,
  options: IterationOptions<K, V, W>,
): Promise<IterationResult<K, V>> {
  checkOptions(initial, options as never);
  const { body, distance, threshold = 0, until, maxIterations = Number.POSITIVE_INFINITY } = options;
  const partitioner = new HashPartitioner(options.numPartitions ?? Math.max(1, initial.numPartitions));
  const keep = <T>(rdd: RDD<[K, T]>, name: string) =>
    ownDataset(rdd.partitionBy(partitioner)).setName(name).persist(StorageLevel.MEMORY_AND_DISK);
  const invariant = keep(options.invariant ?? (initial.context.parallelize<[K, W]>([], 1) as RDD<[K, W]>), 'invariant');
  let state = keep(initial, 'state at the start');
  let apart: number | undefined;
  let iterations = 0;
  let converged = false;
  try {
    while (!converged && iterations < maxIterations) {
      const made: unknown = await body(state, invariant, iterations);
      checkDataset(made, { operation, argument: 'what body returned', remedy: 'Return the next state.' }, initial);
      const before = state;
      state = keep(made as RDD<[K, V]>, 'state');
      iterations++;
      cutLineage(state, iterations, options.checkpointEvery);
      if (distance) apart = await distanceOf(before, state, distance, partitioner);
      // Persisted before its inputs are unpersisted.
      else await state.count();
      converged = (apart !== undefined && apart <= threshold) || (await until?.(state, before, iterations - 1)) === true;
      before.unpersist();
    }
    return { state, iterations, converged, distance: apart };
  } catch (error) {
    state.unpersist();
    throw error;
  } finally {
    invariant.unpersist();
  }
}

/** A dataset of the loop's own, so that keeping it and giving it up leaves those of the user as they are. */
const ownDataset = <K, T>(rdd: RDD<[K, T]>): RDD<[K, T]> => rdd.filter(() => true);

async function distanceOf<K, V>(
  before: RDD<[K, V]>,
  after: RDD<[K, V]>,
  distance: (before: V | undefined, after: V | undefined) => number,
  partitioner: HashPartitioner,
): Promise<number> {
  const distances = before.cogroup(after, partitioner).map(([, [olds, news]]) => distance(olds[0], news[0]));
  const sum = await distances.sum();
  if (!Number.isNaN(sum)) return sum;
  const remedy = 'Say how far a key without a value is: before === undefined ? 1 : …';
  throw new MillraceError('BAD_ARGUMENT', { operation, argument: 'the distance', value: 'NaN', rule: 'a number', remedy });
}

function checkOptions(initial: unknown, options: IterationOptions<unknown, unknown, unknown>): void {
  const remedy = 'Write iterate(state, { body: (state) => …, distance: (before, after) => … }).';
  checkDataset(initial, { operation, argument: 'the initial state', remedy });
  if (typeof options !== 'object' || options === null)
    refuse({ operation, argument: 'the options', remedy }, options, 'an object with a function body');
  checkFunction(options.body, { operation, argument: 'body', remedy });
  checkFunction(options.distance, { operation, argument: 'distance', remedy }, true);
  checkFunction(options.until, { operation, argument: 'until', remedy }, true);
  if (options.invariant !== undefined)
    checkDataset(options.invariant, { operation, argument: 'the invariant', remedy }, initial as RDD<unknown>);
  const number = 'Leave it out, or write a number such as 20.';
  checkCount(options.maxIterations, 0, { operation, argument: 'maxIterations', remedy: number });
  checkCount(options.numPartitions, 1, { operation, argument: 'numPartitions', remedy: number });
  const { threshold } = options;
  if (threshold !== undefined && !(typeof threshold === 'number' && threshold >= 0))
    refuse({ operation, argument: 'threshold', remedy: 'Leave it out for 0.' }, threshold, 'a number from 0 on');
  if (!options.distance && !options.until && options.maxIterations === undefined)
    refuse({ operation, argument: 'the end', remedy: 'Give distance, until or maxIterations.' }, 'missing', 'given');
  checkCheckpointEvery(options.checkpointEvery, initial as RDD<unknown>, operation);
}
