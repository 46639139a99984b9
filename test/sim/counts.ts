// How often each fault and each way around it happened in simulated clusters: faults that do not happen prove nothing.

export interface Counts {
  losses: number;
  fetchFailures: number;
  doubled: number;
  stale: number;
  copies: number;
  cancels: number;
  evictions: number;
  /** Kept partitions that served a task. */
  hits: number;
  /** Times that a kept dataset was dropped because its rows were made again. */
  drops: number;
  /** Kept partitions that moved to another executor after a loss. */
  moves: number;
  /** Jobs of which stages were left out, and times that some of these were planned after all. */
  deferred: number;
  behind: number;
}

export const noCounts = (): Counts => {
  const faults = { losses: 0, fetchFailures: 0, doubled: 0, stale: 0, copies: 0, cancels: 0, evictions: 0 };
  return { ...faults, hits: 0, drops: 0, moves: 0, deferred: 0, behind: 0 };
};
