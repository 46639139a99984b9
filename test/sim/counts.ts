// Counts how often each fault and each recovery happened in simulated clusters: faults that do not happen prove nothing.

export interface Counts {
  losses: number;
  fetchFailures: number;
  doubled: number;
  stale: number;
  copies: number;
  cancels: number;
  evictions: number;
  /** Persisted partitions that served a task. */
  hits: number;
  /** Times that a persisted dataset was dropped because its rows were recomputed. */
  drops: number;
  /** Persisted partitions that moved to another executor after a loss. */
  moves: number;
  /** Jobs with stages that were not planned at first, and how often some of these were planned later. */
  deferred: number;
  behind: number;
}

export const noCounts = (): Counts => {
  const faults = { losses: 0, fetchFailures: 0, doubled: 0, stale: 0, copies: 0, cancels: 0, evictions: 0 };
  return { ...faults, hits: 0, drops: 0, moves: 0, deferred: 0, behind: 0 };
};
