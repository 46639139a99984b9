// In which order jobs get free slots: one after the other, or pools side by side by weight and minimum share. As Spark's FIFO and FAIR.
import type { PoolOptions } from '../base/config';

/** The pool of jobs that name none. */
export const defaultPool = 'default';

/** What is shared between: a pool, or a job inside one. */
interface Share {
  readonly running: number;
  readonly weight: number;
  readonly minShare: number;
}

/** What is to be put in order. */
export interface Schedulable {
  readonly jobId: number;
  readonly pool: string;
  /** Tasks that run now. */
  readonly running: number;
}

/** Below its minimum share first, the needier first; then by running tasks for each unit of weight. */
function byNeed(a: Share, b: Share): number {
  const [aNeedy, bNeedy] = [a.running < a.minShare, b.running < b.minShare];
  if (aNeedy !== bNeedy) return aNeedy ? -1 : 1;
  if (aNeedy) return a.running / Math.max(1, a.minShare) - b.running / Math.max(1, b.minShare);
  return a.running / a.weight - b.running / b.weight;
}

/** The jobs in the order in which they get the next free slot: pools by need, and inside each by its mode. */
export function fairOrder<J extends Schedulable>(jobs: readonly J[], options: Readonly<Record<string, PoolOptions>>): J[] {
  const pools = new Map<string, J[]>();
  for (const job of jobs) pools.set(job.pool, [...(pools.get(job.pool) ?? []), job]);
  const shares = [...pools].map(([name, members]) => {
    const { weight = 1, minShare = 0, schedulingMode = 'FIFO' } = Object.hasOwn(options, name) ? options[name] : {};
    return { name, members, schedulingMode, weight, minShare, running: members.reduce((n, job) => n + job.running, 0) };
  });
  shares.sort((a, b) => byNeed(a, b) || (a.name < b.name ? -1 : 1));
  return shares.flatMap(({ members, schedulingMode }) => {
    const byAge = members.sort((a, b) => a.jobId - b.jobId);
    return schedulingMode === 'FIFO' ? byAge : byAge.sort((a, b) => a.running - b.running);
  });
}
