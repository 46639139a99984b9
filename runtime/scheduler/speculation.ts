// Which tasks run so much longer than the others of their stage that a copy of them is worth a slot. As Spark's speculation.
import type { SpeculationOptions } from '../base/config';
import type { Stage } from './running-stage';

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How long a task of a stage may run before it is slow; infinite while too few others are done. */
export function slowAfterMs(stage: Stage, options: SpeculationOptions): number {
  const enough = Math.max(1, Math.floor(options.speculationQuantile * stage.spec.partitions.length));
  // Partitions that were done before the stage began say nothing of how long one takes.
  if (stage.spec.barrier || stage.done.size < enough || stage.durations.length === 0) return Number.POSITIVE_INFINITY;
  return Math.max(options.speculationMinMs, options.speculationMultiplier * median(stage.durations));
}
