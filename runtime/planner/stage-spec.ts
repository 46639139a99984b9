// One stage of a job as the scheduler sees it: how many tasks, what must come before, and where data lies.

export interface StageSpec {
  readonly stageId: number;
  /** The shuffle that this stage writes; undefined for the stage that answers the job. */
  readonly shuffleId?: number;
  /** The partitions to run: all of them for a map stage, those asked for in the result stage. */
  readonly partitions: readonly number[];
  readonly parents: readonly StageParent[];
  /** For each partition the cached blocks that it would read, as [dataset, partition]: where it likes to run. */
  readonly blocks: readonly (readonly (readonly [number, number])[])[];
  /** For each partition the executors or hosts that it likes to run on; left out where no dataset names any. */
  readonly locations?: readonly (readonly string[])[];
  /** All its tasks are launched together, and run again together. */
  readonly barrier?: boolean;
  /** Another run may give other rows: then what was made of the old ones must be made again too. */
  readonly indeterminate?: boolean;
  /** What the user sees: the operator and the dataset's name. */
  readonly title: string;
}

export interface StageParent {
  readonly stageId: number;
  /** Cached datasets on the way to the parent, as [dataset, partitions]: where one is wholly in memory the parent need not run. */
  readonly guards: readonly (readonly [number, number])[];
}
