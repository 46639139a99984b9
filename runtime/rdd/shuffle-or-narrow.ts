// Makes dependencies on other datasets: narrow ones, and a shuffle only where keys do not lie as wanted already.
import { callOf } from '../base/call';
import type { Partitioner } from '../keys/partitioner';
import type { Dependency, NarrowDependency, RDD, ShuffleDependency } from './rdd';

export const narrow = (rdd: RDD<unknown>): NarrowDependency => ({ kind: 'narrow', rdd });

/** Depends on a dataset narrowly where its keys already lie as wanted, else by a shuffle. */
export function dependOn(
  rdd: RDD<unknown>,
  partitioner: Partitioner,
  operation: string,
  combine?: ShuffleDependency['combine'],
): Dependency {
  if (rdd.partitioner?.equals(partitioner)) return { kind: 'narrow', rdd };
  const shuffle: ShuffleDependency = {
    kind: 'shuffle',
    rdd,
    shuffleId: rdd.context.nextShuffleId(),
    partitioner,
    operation,
    call: callOf(dependOn),
    combine,
  };
  rdd.context.noteShuffle(shuffle);
  return shuffle;
}
