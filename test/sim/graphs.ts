// Random graphs of stages for the simulated clusters.

import type { Random } from '../../runtime/base/time';
import type { StageSpec } from '../../runtime/planner/stage-spec';

/** A graph of at most five stages: each reads some earlier ones, and the last reads all that no other reads. */
export function randomStages(random: Random, ids: { stage(): number; shuffle(): number }, wide: boolean): StageSpec[] {
  const chance = (p: number) => random.next() < p;
  const count = 1 + random.below(5);
  const stages: StageSpec[] = [];
  const unread = new Set<number>();
  let indeterminate = false;
  for (let i = 0; i < count; i++) {
    const isLast = i === count - 1;
    const read = stages.filter(({ stageId }) => (isLast ? unread.has(stageId) : chance(0.5)));
    for (const { stageId } of read) unread.delete(stageId);
    const stageId = ids.stage();
    if (!isLast) unread.add(stageId);
    indeterminate ||= chance(0.3);
    const width = (wide ? 5 : 1) + random.below(4);
    const partitions = Array.from({ length: width }, (_, p) => p);
    const persisted = read.length > 0 && chance(wide ? 0.9 : 0.5) ? 1000 + stageId : undefined;
    stages.push({
      stageId,
      shuffleId: isLast ? undefined : ids.shuffle(),
      partitions,
      parents: read.map((parent) => ({ stageId: parent.stageId, guards: persisted === undefined ? [] : [[persisted, width]] })),
      blocks: persisted === undefined ? [] : partitions.map((p) => [[persisted, p]]),
      barrier: width <= 2 && chance(0.2),
      indeterminate,
      title: `stage ${stageId}`,
    });
  }
  return stages;
}
