// What is remembered of a job, for `.jobs` and the progress line.
import type { CallSite } from '../base/flow';

/** A job that runs or has run: a row of `.jobs`. */
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
  /** Parents before children; the last one answers. */
  readonly stageIds: readonly number[];
  readonly group?: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly pool?: string;
  /** The output of a stream for which it runs: `print of counts`. */
  readonly output?: string;
  /** The background entry on whose behalf it runs: nobody waits for it at the prompt. */
  readonly background?: string;
  /** The entry of the prompt, or the statement of a script, that started it. */
  readonly callSite?: CallSite;
}

/** The local properties that the engine itself reads, by Spark's names. */
export const propertyNames = {
  group: 'spark.jobGroup.id',
  description: 'spark.job.description',
  tags: 'spark.job.tags',
  pool: 'spark.scheduler.pool',
  output: 'millrace.stream.output',
  background: 'millrace.background',
} as const;

/** What local properties say of a job. */
export function labelsOf(properties: Readonly<Record<string, string>>): Pick<JobRecord, keyof typeof propertyNames> {
  const of = (name: string) => (Object.hasOwn(properties, name) ? properties[name] : undefined);
  const tags = of(propertyNames.tags);
  return {
    group: of(propertyNames.group),
    description: of(propertyNames.description),
    tags: tags ? tags.split(',') : [],
    pool: of(propertyNames.pool),
    output: of(propertyNames.output),
    background: of(propertyNames.background),
  };
}

/** A running job as the progress line shows it. */
export interface JobProgress {
  readonly jobId: number;
  readonly title: string;
  /** The number of the running stage among `stages`, from 1. */
  readonly stage: number;
  readonly stages: number;
  /** Finished tasks of the stage, of `total`. */
  readonly done: number;
  readonly total: number;
  readonly running: number;
  /** Records read so far. */
  readonly records: number;
  readonly seconds: number;
}
