// One stage of a job as the scheduler sees it: how many tasks, what must come before, and where data lies.

/** A persisted dataset on the way to a stage, with the number of its partitions: where all of them are there, the stage need not run. */
export type Guard = readonly [dataset: number, partitions: number];

/** A persisted partition. */
export type Block = readonly [dataset: number, partition: number];

export interface StageSpec {
  readonly stageId: number;
  /** The shuffle that this stage writes; undefined for the stage that answers the job. */
  readonly shuffleId?: number;
  /** The partitions to run: all of them for a map stage, those asked for in the result stage. */
  readonly partitions: readonly number[];
  readonly parents: readonly StageParent[];
  /**
   * Set where parents are not planned yet: none at all, for the outputs were there, where the list is empty; else those behind persisted
   * datasets that were there as a whole.
   */
  readonly deferred?: readonly Guard[];
  /** For each partition the persisted ones that it would read: where it prefers to run. */
  readonly blocks: readonly (readonly Block[])[];
  /** For each partition the executors or hosts that it prefers; left out where no dataset names any. */
  readonly locations?: readonly (readonly string[])[];
  /** All its tasks are launched together, and run again together. */
  readonly barrier?: boolean;
  /** Another run may give other rows: then everything made from the old ones must be recomputed too. */
  readonly indeterminate?: boolean;
  /** What the user sees: the operator and the dataset's name. */
  readonly title: string;
}

export interface StageParent {
  readonly stageId: number;
  readonly guards: readonly Guard[];
}
