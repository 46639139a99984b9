// The messages between the session and a page: plain data over one WebSocket. Types only: the session process imports them too.

/** All views; `job` and `stage` have a number. */
export type Wanted =
  | { readonly page: 'jobs' | 'datasets' | 'executors' | 'streams' }
  | { readonly page: 'job' | 'stage'; readonly id: number };

/** A piece of the user's text and where it is. */
export interface Site {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** The line of the call, if the text has several lines. */
  readonly at?: number;
}

/** A position in the user's text, with the text of that line if known. */
export interface PlaceInText {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text?: string;
}

export interface Failure {
  readonly message: string;
  readonly remedy?: string;
  readonly place?: PlaceInText;
  readonly stageId?: number;
}

export interface SkewView {
  readonly partition: number;
  readonly ms: number;
  readonly medianMs: number;
  readonly isRunning: boolean;
  readonly factor: number;
  readonly rows?: number;
  readonly bytesRead?: number;
  readonly medianRows: number;
  readonly medianBytesRead: number;
  /** What the slow task read far more of than the median task. */
  readonly explainedBy?: 'rows' | 'bytes';
}

export interface StageView {
  readonly id: number;
  readonly jobId: number;
  readonly title: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' | 'skipped' | 'neverRan';
  readonly attempt: number;
  readonly tasks: number;
  readonly done: number;
  readonly running: number;
  readonly failures: number;
  readonly submitted?: number;
  readonly completed?: number;
  readonly rows: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly failure?: string;
  readonly skew?: SkewView;
}

export interface JobView {
  readonly id: number;
  readonly title: string;
  readonly site?: Site;
  readonly status: 'running' | 'done' | 'failed' | 'cancelled';
  readonly started: number;
  readonly ended?: number;
  readonly stages: readonly StageView[];
  readonly rows: number;
  readonly failure?: Failure;
  /** Why no task of it runs. */
  readonly waits?: string;
  readonly group?: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly pool?: string;
  /** The stream output that it runs for. */
  readonly output?: string;
}

/** Something that the user should look at, with the page that shows it. */
export interface Notice {
  readonly kind: 'failed' | 'skew' | 'lost' | 'behind' | 'output' | 'waits';
  readonly text: string;
  readonly detail?: string;
  readonly href: string;
}

/** The content of the header of every page. */
export interface Head {
  readonly master: string;
  readonly version: string;
  readonly started: number;
  readonly jobsRunning: number;
  readonly executors: number;
  readonly slots: number;
  readonly busy: number;
  readonly datasets: number;
  readonly streams: number;
  readonly notices: readonly Notice[];
}

export interface GraphDataset {
  readonly id: number;
  readonly operation: string;
  readonly name?: string;
  readonly partitions: number;
  readonly level?: string;
  /** Partitions that are persisted now. */
  readonly persisted: number;
  readonly parents: readonly number[];
  /** The stages whose output it reads. */
  readonly reads: readonly number[];
  readonly site?: Site;
}

export interface GraphStage extends StageView {
  readonly parents: readonly number[];
  readonly datasets: readonly GraphDataset[];
}

export interface TaskView {
  readonly id: number;
  readonly partition: number;
  readonly attempt: number;
  readonly executor: string;
  readonly copy: boolean;
  readonly started: number;
  /** Undefined while it runs. */
  readonly ended?: number;
  readonly end?: string;
  readonly rows: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly reason?: string;
  readonly place?: PlaceInText;
}

/** Minimum, quartiles and maximum. */
export type Five = readonly [number, number, number, number, number];

export interface DatasetView {
  readonly id: number;
  readonly operation: string;
  readonly name?: string;
  readonly level: string;
  readonly site?: Site;
  readonly persisted: number;
  /** The number of all partitions; undefined until a job has used the dataset. */
  readonly partitions?: number;
  readonly memory: number;
  readonly disk: number;
  readonly holders: readonly { readonly executor: string; readonly partitions: number; readonly bytes: number }[];
}

export interface ExecutorView {
  readonly id: string;
  readonly host: string;
  readonly pid?: number;
  readonly slots: number;
  readonly running: number;
  readonly excluded: boolean;
  readonly memory: number;
  readonly memoryLimit?: number;
  readonly done: number;
  readonly failed: number;
  readonly taskMs: number;
  readonly added: number;
  readonly removed?: number;
  readonly reason?: string;
}

export interface BatchPoint {
  readonly time: number;
  readonly records: number;
  readonly processing: number;
  readonly delay: number;
  readonly failed: number;
}

export interface StreamView {
  readonly state: 'initialized' | 'active' | 'stopped';
  readonly interval: number;
  readonly batches: number;
  readonly waiting: number;
  readonly behind: number;
  readonly points: readonly BatchPoint[];
  readonly sources: readonly {
    readonly name: string;
    readonly operation: string;
    readonly records: number;
    readonly rate?: number;
    /** Records that wait for later batches. */
    readonly behind?: number;
    readonly notes?: string;
    readonly receiver?: string;
  }[];
  readonly outputs: readonly {
    readonly name: string;
    readonly site?: Site;
    readonly batches: number;
    readonly failures: number;
    readonly lastFailure?: string;
    readonly lastMs?: number;
  }[];
}

export type PageData =
  | {
      readonly page: 'jobs';
      readonly running: readonly JobView[];
      readonly ended: readonly JobView[];
      readonly ofStreams: readonly JobView[];
    }
  | { readonly page: 'job'; readonly job: JobView; readonly stages: readonly GraphStage[] }
  | {
      readonly page: 'stage';
      readonly stage: StageView;
      readonly job: JobView;
      readonly tasks: readonly TaskView[];
      /** Tasks that ended, of which `tasks` has some. */
      readonly ended: number;
      readonly quantiles: readonly { readonly metric: 'ms' | 'rows' | 'bytesRead' | 'bytesWritten'; readonly five: Five }[];
    }
  | { readonly page: 'datasets'; readonly datasets: readonly DatasetView[] }
  | {
      readonly page: 'executors';
      readonly alive: readonly ExecutorView[];
      readonly lost: readonly ExecutorView[];
      readonly losses: number;
    }
  | { readonly page: 'streams'; readonly contexts: readonly StreamView[] }
  /** A job or stage that never existed, or that the session no longer remembers. */
  | { readonly page: 'missing'; readonly wanted: 'job' | 'stage'; readonly id: number };

/** The state that is sent after a change, at most a few times a second. */
export interface Snapshot {
  /** The session's clock. All times here are milliseconds since the epoch. */
  readonly now: number;
  readonly head: Head;
  readonly data: PageData;
}
