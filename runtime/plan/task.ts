// What a task is: plain data, the same for every engine. Its size does not grow with the dataset.

export interface TaskSpec {
  /** Unique in the session; an end names it. */
  readonly taskId: number;
  readonly jobId: number;
  readonly stageId: number;
  /** Which run of the stage this task belongs to: an end of an older run is stale. */
  readonly stageAttempt: number;
  readonly partition: number;
  readonly attempt: number;
  /** The blob that holds the stage's program (an encoded `Program`, see program.ts). */
  readonly programId: string;
  /** The blob with what the task sees of its job (an encoded `TaskEnvironment`), where there is anything to see. */
  readonly environmentId?: string;
  /** The encoded `Split`: what this partition reads, for each source of the program. */
  readonly split: Uint8Array;
  /** Blobs that must be there before the task starts, the program included. */
  readonly needs: readonly string[];
  /** What it keeps is written to files too, whatever its level, so that another executor can take it over. */
  readonly handsOver?: true;
  /** The largest encoded result that the driver takes from one task, in bytes. */
  readonly maxResultBytes: number;
}

/** How the runner of a task is watched and stopped from outside while user code holds the thread. */
export interface TaskControl {
  /** True once the task was cancelled; the program asks at every chunk. */
  cancelled(): boolean;
  /** Told the number of records read so far, at every chunk. */
  progress(records: number): void;
}

/** What an executor is asked to drop. */
export type Forget =
  | { readonly kind: 'rdd'; readonly rddId: number }
  /** From now on the partitions of a dataset make room for those of higher priorities only. */
  | { readonly kind: 'priority'; readonly rddId: number; readonly priority: number }
  /** A persisted partition in memory, for it has moved to the executor `keeper`. */
  | { readonly kind: 'copies'; readonly rddId: number; readonly partition: number; readonly keeper: string }
  | { readonly kind: 'shuffle'; readonly shuffleId: number }
  /** The local checkpoint of a dataset that nobody refers to any more. */
  | { readonly kind: 'checkpoint'; readonly rddId: number }
  /** The state of a stream that has ended, as far as it lies in the session's folder. */
  | { readonly kind: 'state'; readonly id: number }
  | { readonly kind: 'blob'; readonly id: string };
