// Skew: a stage whose slowest task takes many times as long as most, and whether its rows explain that.
import type { StageStatus } from './stage-status';
import type { RunningTask } from './stage-tasks';

/** So many times the median is skew. */
const skewFactor = 5;

/** Below this a slow task holds nothing up. */
const leastSlowMs = 500;
/** Of fewer tasks the median says nothing. */
const leastTasks = 4;

export interface Skew {
  readonly partition: number;
  /** How long the slowest task took, or has run so far. */
  readonly ms: number;
  readonly medianMs: number;
  readonly isRunning: boolean;
  /** Rows that it read, where they are known, and the median of all. */
  readonly rows?: number;
  readonly medianRows: number;
}

/** The skew of a stage, if its slowest task takes at least five times as long as its median one. */
export function skewOf(stage: StageStatus, now: number): Skew | undefined {
  const { tasks, running } = stage;
  if (tasks.succeeded + running.size < leastTasks || tasks.succeeded < leastTasks / 2) return undefined;
  const medianMs = tasks.quantiles('ms')![2];
  const medianRows = tasks.quantiles('rows')![2];
  const ended = tasks.slowest();
  const oldest = [...running.values()].reduce(
    (a, b) => (a && a.started <= b.started ? a : b),
    undefined as RunningTask | undefined,
  );
  const endedMs = ended ? ended.ended - ended.started : 0;
  const runningMs = oldest ? now - oldest.started : 0;
  const ms = Math.max(endedMs, runningMs);
  if (ms < leastSlowMs || ms < skewFactor * medianMs) return undefined;
  if (oldest && runningMs > endedMs) return { partition: oldest.partition, ms, medianMs, isRunning: true, medianRows };
  return ended && { partition: ended.partition, ms, medianMs, isRunning: false, rows: ended.rows, medianRows };
}

/** Where the rows of a slow task are many times the median too, its keys are the cause and not its machine. */
export const rowsExplain = ({ rows, medianRows }: Skew): boolean => rows !== undefined && rows >= 2 * Math.max(1, medianRows);
