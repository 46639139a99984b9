// What is remembered of a job, for `.jobs` and the progress line.
export interface JobRecord {
  readonly jobId: number;
  /** The action, and the dataset it ran on: `count of textFile`. */
  readonly title: string;
  /** Milliseconds since the epoch. */
  readonly started: number;
  ended?: number;
  status: 'running' | 'done' | 'failed' | 'cancelled';
  /** Records read so far by all tasks. */
  records: number;
}

/** A running job as the progress line shows it. */
export interface JobProgress {
  readonly jobId: number;
  readonly title: string;
  readonly stage: number;
  readonly stages: number;
  readonly done: number;
  readonly total: number;
  readonly running: number;
  readonly records: number;
  readonly seconds: number;
}
