// What datasets need of the context that they belong to.
import type { EngineFiles } from '../plan/engine';
import type { DatasetNode } from '../plan/node';
import type { Sink } from '../plan/program';
import type { CaptureHost } from './function-argument';
import type { FunctionTable } from './function-table';
import type { InputCopies } from './inputs/input-copies';

/** The sink of a job: functions are taken into the job's own table. */
export type SinkMaker = (functions: FunctionTable) => Sink;

/** How a job is run: on which partitions, under which name, and what stops it. */
export interface JobOptions {
  readonly title: string;
  readonly partitions?: readonly number[];
  readonly signal?: AbortSignal;
  /** False for a job that must not write the checkpoints of its datasets first: a sample at the prompt, and the writing itself. */
  readonly writesCheckpoints?: boolean;
}

/** A dataset of the context. */
export interface Hosted {
  readonly id: number;
}

export interface DatasetHost extends CaptureHost {
  /** Partitions of a dataset where none are asked for. */
  readonly defaultParallelism: number;
  /** File systems that the engine reads and writes by itself. */
  readonly engineFiles: EngineFiles | undefined;
  /** Copies what can be read only once, and tells what is not read. */
  readonly inputs: InputCopies;
  nextRddId(): number;
  nextShuffleId(): number;
  /** Throws BAD_ARGUMENT unless `n` can be a number of partitions. */
  checkPartitions(operation: string, n: number): number;
  /** Throws BAD_ARGUMENT unless `other` is a dataset of this context. */
  checkDataset(operation: string, other: unknown): void;
  /** The files of a shuffle live as long as this dependency on it. */
  noteShuffle(dependency: { readonly shuffleId: number }): void;
  notePersisted(dataset: Hosted): void;
  forgetPersisted(dataset: Hosted): void;
  noteCheckpoint(dataset: Hosted, isLocal: boolean): void;
  /** A dataset that engines know already has changed: its level, its name, its lineage. */
  redefine(node: DatasetNode): void;
  /** Runs a sink on partitions of a dataset, all of them by default; `take` gets each decoded answer as it comes. */
  runSink(
    dataset: Hosted,
    sink: SinkMaker,
    options: JobOptions,
    take: (partition: number, value: unknown) => void,
  ): Promise<void>;
  /** Resolves when the jobs that run now have ended, well or not. */
  endOfRunningJobs(): Promise<unknown>;
}

/** How a dataset was, or is to be, written to files that stand for its lineage. */
export interface CheckpointMark {
  readonly isWritten: boolean;
  /** Where the files are; undefined of a local checkpoint, and before it is written. */
  readonly path: string | undefined;
  /** Writes the partitions by a job of its own, once. */
  write(): Promise<void>;
}
