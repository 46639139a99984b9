// What the driver ships for a job: the bytes of its stages' programs and of its tasks' splits, as the scheduler makes them.

import type { RDD } from '../../runtime/index';
import { encodeSplit } from '../../runtime/plan/encode';
import { SplitBuilder } from '../../runtime/planner/plan-builder';
import { planJob, programOf } from '../../runtime/planner/stages';
import { encode } from '../../runtime/wire/codec';

/** Bytes of the lineage of a collection of `rdd`, before any of its map outputs is there. */
export function lineageBytes(rdd: RDD<unknown>): number {
  let stage = 0;
  const all = Array.from({ length: rdd.numPartitions }, (_, i) => i);
  const { spec, sources } = planJob(
    0,
    rdd,
    () => ({ kind: 'collect' }),
    all,
    () => stage++,
  );
  const splits = new SplitBuilder(
    0,
    () => [],
    () => false,
  );
  let bytes = 0;
  for (const { stageId, partitions } of spec.stages) {
    const source = sources.get(stageId)!;
    const bulk = (_: string, value: unknown) => {
      bytes += encode(value).length;
    };
    bytes += programOf(0, source, bulk, () => undefined).bytes.length;
    for (const partition of partitions) bytes += encodeSplit(splits.split(source.rdd, partition)).length;
  }
  return bytes;
}
