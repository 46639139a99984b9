// The boundary between a session and what runs its jobs: datasets, jobs and answers go over it as plain data.

import type { RemoteReader } from '../base/remote/remote-files';
import type { RemoteFolders } from '../base/remote/remote-folders';
import type { Job } from './job';
import type { DatasetNode } from './node';
import type { SharedDatasets } from './sharing/shared-datasets';

/** Where an engine gets the bytes of a blob that a dataset or a job names. */
export interface BlobSource {
  /** Throws MISSING_BLOB. */
  blob(id: string): Uint8Array;
}

/** What a session needs no longer: engines and executors drop what they hold for it. */
export type Release =
  /** A dataset on which, and on whose children, no job will run. */
  | { readonly kind: 'dataset'; readonly id: number }
  /** The persisted partitions of a dataset. */
  | { readonly kind: 'persisted'; readonly id: number }
  | { readonly kind: 'shuffle'; readonly id: number }
  /** The local checkpoint of a dataset. */
  | { readonly kind: 'checkpoint'; readonly id: number }
  /** The state of a stream that has ended, as far as it lies in the session's folder. */
  | { readonly kind: 'state'; readonly id: number }
  | { readonly kind: 'blob'; readonly id: string };

/** What a session does with a job's answers. */
export interface JobHandlers {
  /**
   * Called for each partition, in the order in which they end; again where a stage runs again as a whole. What it throws fails the job.
   */
  take(partition: number, value: Uint8Array): void;
  /** Gives an error of the job the stack of the user's call. */
  blame(error: Error): Error;
}

/** A job that was handed over. */
export interface StartedJob {
  readonly id: number;
  /** Resolves when every partition has answered; rejects with the error that the user sees. */
  readonly done: Promise<void>;
}

/**
 * What runs jobs. `S` is how it tells its state: jobs, stages, executors, persisted partitions. A session calls `start` once, defines
 * datasets before the first job that needs them, and `stop` in the end.
 */
export interface Engine<S> {
  /** Begins to come up; jobs wait. `blobs` is asked for the bytes of blobs as long as the engine runs. */
  start(blobs: BlobSource): Promise<void>;
  /** Defines datasets, parents first; one that is known is replaced for the jobs that begin later. Throws UNKNOWN_DATASET. */
  define(nodes: readonly DatasetNode[]): void;
  release(what: Release): void;
  /** Runs a job. Throws UNKNOWN_DATASET, or NO_EXECUTORS where nothing can run any more. */
  run(job: Job, handlers: JobHandlers): StartedJob;
  /** Stops a job soon; its promise rejects with JOB_CANCELLED. */
  cancel(jobId: number, reason: string): void;
  readonly status: S;
  /** Datasets that several sessions share, where the engine has several. */
  readonly shared?: SharedDatasets;
  /** File systems that it reads and writes by itself, where there are any. */
  readonly files?: EngineFiles;
  /** Ends all jobs and executors. */
  stop(): Promise<void>;
}

/** What one task reads of a file, and the hosts that have it. */
export interface FilePart {
  readonly path: string;
  readonly start: number;
  readonly length: number;
  readonly hosts: readonly string[];
}

/** Files whose lines are read, cut into at least so many parts; or files that are read whole. */
export interface WantedFiles {
  readonly kind: 'lines' | 'files';
  readonly paths: readonly string[];
  readonly least: number;
}

/** A folder that a job writes, and a name of that writing. */
export interface WrittenFolder {
  readonly folder: string;
  readonly jobTag: string;
}

export interface EngineFiles extends RemoteReader {
  /** Small files there. */
  readonly folders: RemoteFolders;
  /** Whether a path is on such a file system. */
  has(path: string): boolean;
  /** The parts of files, while the thread waits. Throws UNREADABLE_FILE, NO_FILES. */
  listNow(wanted: WantedFiles): readonly FilePart[];
  /** The same while other work goes on. */
  list(wanted: WantedFiles): Promise<readonly FilePart[]>;
  /** Makes a folder; with `replaces` one beside that earlier save. Throws OUTPUT_EXISTS, DISK. */
  begin(written: WrittenFolder, replaces?: string): Promise<void>;
  /** What tasks have written is there from now on, in place of the save that it replaces. Throws DISK. */
  commit(written: WrittenFolder, replaces?: string): Promise<void>;
  /** Leaves nothing of the folder. Throws DISK. */
  abort(written: WrittenFolder): Promise<void>;
}
