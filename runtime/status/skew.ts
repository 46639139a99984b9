// Skew: whether the slowest task of a stage takes many times as long as most, and whether what it read explains that.
import type { StageStatus } from './stage-status';
import type { RunningRow, TaskRow } from './stage-tasks';

/** So many times the median is skew. */
const skewFactor = 5;
/** Below this a slow task holds nothing up. */
const leastSlowMs = 500;
/** Of fewer tasks the median says nothing. */
const leastTasks = 4;
/** A slow task that read so many times the median is slow by what it read, and not by its executor or single elements. */
const explainingFactor = 3;

export interface Skew {
  readonly partition: number;
  readonly executorId: string;
  /** How long the slowest task took, or has run so far. */
  readonly ms: number;
  readonly medianMs: number;
  /** How many times the median that is. */
  readonly factor: number;
  readonly isRunning: boolean;
  /** Rows and bytes of shuffles that it read, where they are known, and the medians of all. */
  readonly rows?: number;
  readonly bytesRead?: number;
  readonly medianRows: number;
  readonly medianBytesRead: number;
  /** What it read far more of than most, if anything. */
  readonly explainedBy?: 'rows' | 'bytes';
}

/** The skew of a stage, if its slowest task takes at least five times as long as its median one. */
export function skewOf(stage: StageStatus, now: number): Skew | undefined {
  const { tasks } = stage;
  // What still runs of a stage that is done are copies that nobody waits for.
  const running = stage.state === 'running' ? [...stage.running.values()] : [];
  if (tasks.succeeded + running.length < leastTasks || tasks.succeeded < leastTasks / 2) return undefined;
  const slow = slowerOf(tasks.slowest(), running, now);
  const medianMs = tasks.quantiles('ms')![2];
  if (!slow || slow.ms < leastSlowMs || slow.ms < skewFactor * medianMs) return undefined;
  const medians = { medianMs, medianRows: tasks.quantiles('rows')![2], medianBytesRead: tasks.quantiles('bytesRead')![2] };
  const explainedBy = exceeds(slow.rows, medians.medianRows)
    ? 'rows'
    : exceeds(slow.bytesRead, medians.medianBytesRead)
      ? 'bytes'
      : undefined;
  return { ...slow, ...medians, factor: slow.ms / Math.max(1, medianMs), explainedBy };
}

type Slow = Pick<Skew, 'partition' | 'executorId' | 'ms' | 'isRunning' | 'rows' | 'bytesRead'>;

/** The slowest of those that ended, or the oldest of those that run, if that has taken longer so far. */
function slowerOf(ended: TaskRow | undefined, running: readonly RunningRow[], now: number): Slow | undefined {
  const oldest = running.reduce<RunningRow | undefined>((a, b) => (a && a.started <= b.started ? a : b), undefined);
  const endedMs = ended ? ended.ended - ended.started : 0;
  const runningMs = oldest ? now - oldest.started : 0;
  if (oldest && runningMs > endedMs)
    return { partition: oldest.partition, executorId: oldest.executorId, ms: runningMs, isRunning: true };
  if (!ended) return undefined;
  const { partition, executorId, rows, bytesRead } = ended;
  return { partition, executorId, ms: endedMs, isRunning: false, rows, bytesRead };
}

const exceeds = (read: number | undefined, median: number): boolean =>
  read !== undefined && read >= explainingFactor * Math.max(1, median);
