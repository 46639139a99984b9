// All messages between the driver and its executors: closed unions, checked field by field on receipt.
//
// A message is a control text (superjson) and a binary tail in one frame (runtime/wire/frame.ts). The user's values are never in the
// control text. They are in the tail, encoded by the binary codec, which refuses what it cannot carry instead of changing it.

import { maxFetchReason, maxPartitions } from '../../runtime/base/limits';
import type { BlockId, CachedBlock, MapOutput, TaskMetrics } from '../../runtime/plan/end';
import type { Forget, TaskSpec } from '../../runtime/plan/task';
import { maxTaskBlobs } from '../base/limits';
import { countItem, Fields, refuse, textItem } from './fields';

/** Both sides must have the same version. */
export const protocolVersion = 1;

/** A task without its split, which is the tail. */
export type LaunchedTask = Omit<TaskSpec, 'split'>;

export type ToExecutor =
  /** Run a task; the tail is its split. */
  | { readonly kind: 'launch'; readonly task: LaunchedTask }
  /** Store a blob; the tail is its bytes. */
  | { readonly kind: 'blob'; readonly id: string }
  | { readonly kind: 'cancel'; readonly taskId: number }
  | { readonly kind: 'forget'; readonly what: Forget };

/** How a task ended, without the tail. The tail of `success` holds accumulator updates and then the value; that of `userError` the error. */
export type SentEnd =
  | {
      readonly kind: 'success';
      readonly accumulatorBytes: number;
      readonly output?: MapOutput;
      readonly cached: readonly CachedBlock[];
      readonly evicted: readonly BlockId[];
      readonly metrics: TaskMetrics;
    }
  | {
      readonly kind: 'fetchFailed';
      readonly shuffleId: number;
      readonly mapIndex: number;
      readonly writer: number;
      readonly reason: string;
    }
  | { readonly kind: 'userError' }
  | { readonly kind: 'tooBig'; readonly bytes: number; readonly limit: number }
  | { readonly kind: 'cancelled' };

export type ToDriver =
  /** The executor is ready to run tasks. */
  | { readonly kind: 'ready'; readonly pid: number }
  | { readonly kind: 'ended'; readonly taskId: number; readonly end: SentEnd }
  /** Functions have used up what the process may hold: replace it. */
  | { readonly kind: 'exhausted' }
  | { readonly kind: 'progress'; readonly taskId: number; readonly records: number };

const idLength = 256;

/** Checks a message that an executor got from its driver. Throws PROTOCOL. */
export function checkToExecutor(value: unknown): ToExecutor {
  const message = new Fields('message', value);
  const checked = readToExecutor(message);
  message.end();
  return checked;
}

function readToExecutor(message: Fields): ToExecutor {
  const kind = message.string('kind', idLength);
  switch (kind) {
    case 'launch':
      return { kind, task: readTask(message.object('task')) };
    case 'blob':
      return { kind, id: message.string('id', idLength) };
    case 'cancel':
      return { kind, taskId: message.integer('taskId') };
    case 'forget':
      return { kind, what: readForget(message.object('what')) };
    default:
      return refuse(`unknown message kind ${kind.slice(0, 40)}`);
  }
}

function readTask(task: Fields): LaunchedTask {
  const read: LaunchedTask = {
    taskId: task.integer('taskId'),
    jobId: task.integer('jobId'),
    stageId: task.integer('stageId'),
    stageAttempt: task.integer('stageAttempt'),
    partition: task.integer('partition'),
    attempt: task.integer('attempt'),
    programId: task.string('programId', idLength),
    ...(task.has('environmentId') ? { environmentId: task.string('environmentId', idLength) } : {}),
    needs: task.list('needs', maxTaskBlobs, textItem(idLength)),
    ...(task.has('handsOver') ? { handsOver: task.yes('handsOver') } : {}),
    maxResultBytes: task.integer('maxResultBytes'),
  };
  task.end();
  return read;
}

function readForget(what: Fields): Forget {
  const read = readForgetKind(what);
  what.end();
  return read;
}

const readPriority = (value: unknown): number =>
  Number.isSafeInteger(value) ? (value as number) : refuse('a priority that is no whole number');

function readForgetKind(what: Fields): Forget {
  const kind = what.string('kind', idLength);
  switch (kind) {
    case 'rdd':
      return { kind, rddId: what.integer('rddId') };
    case 'priority':
      return { kind, rddId: what.integer('rddId'), priority: readPriority(what.take('priority')) };
    case 'copies': {
      const [rddId, partition] = [what.integer('rddId'), what.integer('partition')];
      return { kind, rddId, partition, keeper: what.string('keeper', idLength) };
    }
    case 'checkpoint':
      return { kind, rddId: what.integer('rddId') };
    case 'shuffle':
      return { kind, shuffleId: what.integer('shuffleId') };
    case 'state':
      return { kind, id: what.integer('id') };
    case 'blob':
      return { kind, id: what.string('id', idLength) };
    default:
      return refuse(`unknown kind of forget ${kind.slice(0, 40)}`);
  }
}

/** Checks a message that the driver got from the executor `executorId`. Throws PROTOCOL. */
export function checkToDriver(value: unknown, executorId: string, tailBytes: number): ToDriver {
  const message = new Fields('message', value);
  const checked = readToDriver(message, executorId, tailBytes);
  message.end();
  return checked;
}

function readToDriver(message: Fields, executorId: string, tailBytes: number): ToDriver {
  const kind = message.string('kind', idLength);
  switch (kind) {
    case 'ready':
      return { kind, pid: message.integer('pid') };
    case 'exhausted':
      return { kind };
    case 'progress':
      return { kind, taskId: message.integer('taskId'), records: message.integer('records') };
    case 'ended': {
      const taskId = message.integer('taskId');
      const end = message.object('end');
      const read = readEnd(end, executorId, tailBytes);
      end.end();
      return { kind, taskId, end: read };
    }
    default:
      return refuse(`unknown message kind ${kind.slice(0, 40)}`);
  }
}

function readEnd(end: Fields, executorId: string, tailBytes: number): SentEnd {
  const kind = end.string('kind', idLength);
  switch (kind) {
    case 'success':
      return {
        kind,
        accumulatorBytes: end.integer('accumulatorBytes', tailBytes),
        output: end.has('output') ? readOutput(end.object('output'), executorId) : undefined,
        cached: end.list('cached', maxPartitions, readCached),
        evicted: end.list('evicted', maxPartitions, readEvicted),
        metrics: readMetrics(end.object('metrics')),
      };
    case 'fetchFailed':
      return {
        kind,
        shuffleId: end.integer('shuffleId'),
        mapIndex: end.position('mapIndex'),
        writer: end.position('writer'),
        reason: end.string('reason', maxFetchReason),
      };
    case 'tooBig':
      return { kind, bytes: end.integer('bytes'), limit: end.integer('limit') };
    case 'userError':
    case 'cancelled':
      return { kind };
    default:
      return refuse(`unknown kind of task end ${kind.slice(0, 40)}`);
  }
}

function readOutput(output: Fields, executorId: string): MapOutput {
  const read: MapOutput = {
    shuffleId: output.integer('shuffleId'),
    mapIndex: output.integer('mapIndex'),
    executorId: output.string('executorId', idLength),
    writer: output.integer('writer'),
    sizes: output.list('sizes', maxPartitions, countItem),
  };
  output.end();
  if (read.executorId !== executorId) refuse(`${executorId} reports a map output of ${read.executorId}`);
  return read;
}

function readCached(value: unknown, what: string): CachedBlock {
  const cached = new Fields(what, value);
  const read = {
    rddId: cached.integer('rddId'),
    partition: cached.integer('partition'),
    bytes: cached.integer('bytes'),
    diskBytes: cached.integer('diskBytes'),
  };
  cached.end();
  return read;
}

function readEvicted(value: unknown, what: string): BlockId {
  const evicted = new Fields(what, value);
  const read = { rddId: evicted.integer('rddId'), partition: evicted.integer('partition') };
  evicted.end();
  return read;
}

function readMetrics(metrics: Fields): TaskMetrics {
  const read: TaskMetrics = {
    runMs: metrics.amount('runMs'),
    recordsRead: metrics.integer('recordsRead'),
    shuffleBytesWritten: metrics.integer('shuffleBytesWritten'),
    shuffleBytesRead: metrics.integer('shuffleBytesRead'),
  };
  metrics.end();
  return read;
}
