// What a session is told of the state of its server: its running jobs, the executors, and the sizes of persisted datasets.
import type { JobStatus, StageStatus } from '../../runtime/scheduler/dag-status';
import type { ExecutorStatus } from '../../runtime/scheduler/executor-table';
import { decode, encode } from '../../runtime/wire/codec';
import { Fields, readBoolean, refuse } from '../link/fields';

export interface SessionState {
  /** Those of the session that run. */
  readonly jobs: readonly JobStatus[];
  readonly executors: readonly ExecutorStatus[];
  /** Records that each of these jobs has read so far. */
  readonly records: readonly (readonly [job: number, records: number])[];
  /** Persisted datasets of the session, and published ones that it uses. */
  readonly stored: readonly (readonly [dataset: number, partitions: number, bytes: number, diskBytes: number])[];
}

const textLength = 1 << 20;
const most = 1_000_000;

export const encodeState = (state: SessionState): Uint8Array => encode(state);

/** Throws PROTOCOL. */
export function decodeState(bytes: Uint8Array): SessionState {
  const state = new Fields('state', decode(bytes));
  const read = {
    jobs: state.list('jobs', most, readJob),
    executors: state.list('executors', most, readExecutor),
    records: state.list('records', most, readNumbers(2)) as [number, number][],
    stored: state.list('stored', most, readNumbers(4)) as [number, number, number, number][],
  };
  state.end();
  return read;
}

function readJob(value: unknown, what: string): JobStatus {
  const job = new Fields(what, value);
  const read = {
    jobId: job.integer('jobId'),
    pool: job.string('pool', textLength),
    running: job.integer('running'),
    stages: job.list('stages', most, readStage),
  };
  job.end();
  return read;
}

function readStage(value: unknown, what: string): StageStatus {
  const stage = new Fields(what, value);
  const read = {
    stageId: stage.integer('stageId'),
    title: stage.string('title', textLength),
    attempt: stage.integer('attempt'),
    submitted: readBoolean(stage, 'submitted'),
    tasks: stage.integer('tasks'),
    running: stage.integer('running'),
    done: stage.integer('done'),
    failed: stage.integer('failed'),
    waiting: stage.integer('waiting'),
  };
  stage.end();
  return read;
}

function readExecutor(value: unknown, what: string): ExecutorStatus {
  const executor = new Fields(what, value);
  const read = {
    id: executor.string('id', 256),
    host: executor.string('host', 256),
    slots: executor.integer('slots'),
    free: executor.integer('free'),
    excluded: readBoolean(executor, 'excluded'),
  };
  executor.end();
  return read;
}

const readNumbers =
  (length: number) =>
  (value: unknown, what: string): number[] => {
    if (!Array.isArray(value) || value.length !== length) return refuse(`${what} is no list of ${length} numbers`);
    return value.map((n) => (Number.isSafeInteger(n) && n >= 0 ? n : refuse(`${what} has something else than a count`)));
  };
