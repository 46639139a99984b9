// Why Spark gave a job up: the end of the task that failed for good, which its message carries, or Spark's own words.
import { existsSync } from 'node:fs';
import { asError, MillraceError } from '../../runtime/base/errors';
import { bytesText } from '../../runtime/base/units';
import type { TaskEnd } from '../../runtime/plan/end';
import type { JobHandlers } from '../../runtime/plan/engine';
import { errorOf } from '../../runtime/scheduler/job-error';
import { unpackEnd } from '../link/task-end';
import { type BarrierStage, type Definition, tooWide } from './definitions';
import { unwrittenFolder } from './files/hadoop-files';
import { MessageReader } from './message';
import { leastNode } from './worker-settings';

/** As `TaskFailed.java` writes it. */
const record = /<millrace ([A-Za-z0-9+/=]+)>/g;

/** Kinds of records. */
const kinds = { ended: 0, lost: 1, unusable: 2, unwritten: 3 } as const;

const installNode = `Install Node ${leastNode} or newer there, name its path by --spark-conf spark.millrace.node=PATH, or start with --spark-ship-node.`;

interface FailedTask {
  readonly programId: string;
  readonly stageId: number;
  readonly partition: number;
  readonly attempts: number;
  readonly end: TaskEnd;
  /** What it saved through Hadoop could not be written. */
  readonly unwritten?: MillraceError;
  /** No worker could begin the task. */
  readonly unusable?: { readonly host: string; readonly reason: string; readonly remedy: string };
}

/** The task that the last record of a text is about. */
export function failedTask(text: string): FailedTask | undefined {
  const found = [...text.matchAll(record)].at(-1)?.[1];
  if (found === undefined) return undefined;
  const message = new MessageReader(Buffer.from(found, 'base64'));
  const kind = message.byte();
  const programId = message.text();
  const where = { programId, stageId: message.int(), partition: message.int(), attempts: message.int() + 1 };
  const what = message.bytes();
  if (kind === kinds.lost) return { ...where, end: { kind: 'lost', executorId: 'a worker', reason: what.toString() } };
  if (kind === kinds.unusable) {
    const [host, reason, remedy] = what.toString().split('\n');
    return {
      ...where,
      end: { kind: 'lost', executorId: host, reason },
      unusable: { host, reason, remedy: remedy || installNode },
    };
  }
  if (kind === kinds.unwritten) {
    const [failure, folder, words] = what.toString().split('\n');
    const error = unwrittenFolder(folder, failure, words);
    return { ...where, end: { kind: 'lost', executorId: 'a worker', reason: error.message }, unwritten: error };
  }
  const packed = new MessageReader(what);
  const end = JSON.parse(packed.text());
  return { ...where, end: unpackEnd(end, packed.rest()) };
}

/** What Spark says of a barrier stage whose tasks give the answer. */
export const barrierGivenUp = 'Could not recover from a failed barrier ResultStage';

/** Its number of the error for a barrier stage with more tasks than there are slots. */
const needsSlots = 'SPARK-24819';

/** What is known of a job that Spark gave up. */
interface GivenUp {
  readonly widest: BarrierStage | undefined;
  readonly slots: number;
  /** What a program was made for. */
  readonly definitionOf: (programId: string) => Definition | undefined;
}

/** The error of a job that Spark gave up, by what it says. */
export function jobError(text: string, { widest, slots, definitionOf }: GivenUp): MillraceError {
  if (widest && text.includes(needsSlots)) return tooWide(widest, slots);
  const failed = failedTask(text);
  if (failed?.unusable) return new MillraceError('NO_WORKER', { ...failed.unusable });
  if (failed?.unwritten) return failed.unwritten;
  if (failed) {
    const { programId, stageId, partition, attempts, end } = failed;
    if (end.kind === 'tooBig')
      return new MillraceError('RESULT_TOO_BIG', { bytes: bytesText(end.bytes), limit: bytesText(end.limit) });
    // As on our own executors: a break hit the task, or its function threw what a break throws.
    if (end.kind === 'cancelled')
      return new MillraceError('JOB_CANCELLED', { reason: `: a task was interrupted ${attempts} times` });
    if (end.kind === 'userError' || end.kind === 'lost')
      return withRemedy(errorOf({ kind: 'task', end, stageId, partition, attempts }, () => definitionOf(programId)?.steps));
  }
  const remedy = isFull(text) ? fullDisk : '';
  return new MillraceError('SPARK_FAILED', { reason: reasonOf(text), trace: text, remedy });
}

/** No room on a disk of an executor. */
export const isFull = (words: string): boolean => /No space left on device|Disk quota exceeded/.test(words);

const fullDisk =
  'Make room on the disk of that executor, where spark.local.dir (SPARK_LOCAL_DIRS) and the folder of its worker lie, or name a larger one. What is sent to each executor takes room too: archives and files of spark.archives and spark.files, and with --spark-ship-node a Node, which can be installed there instead.';

/** The error of an executor that ended as it began, by what Spark says of its end; undefined for one that ended otherwise. */
export function unmadeExecutor(host: string, ended: string): MillraceError | undefined {
  const words = /Unable to create executor due to (.*)/.exec(ended)?.[1];
  if (words === undefined) return undefined;
  const remedy = isFull(words) ? fullDisk : 'The page of the master has the logs of its executors.';
  return new MillraceError('NO_WORKER', { host, reason: `its executor could not be made: ${words}`, remedy });
}

/** A job whose error cannot be made ends with the reason for that: it must end. */
export function blamed({ blame }: JobHandlers, make: () => Error): Error {
  try {
    return blame(make());
  } catch (e) {
    return asError(e);
  }
}

/** A function that reads a file of the session's machine, which executors have not, is told how to give it to them. */
function withRemedy(error: MillraceError): MillraceError {
  const path =
    error.code === 'TASK_FAILED' ? /ENOENT: no such file or directory, \w+ '(.+)'$/.exec(error.message)?.[1] : undefined;
  if (path === undefined || !existsSync(path)) return error;
  const remedy = `Executors do not see ${path}, a file of the machine and folder of this session. Read it here and capture what it says, send it by sc.addFile and read SparkFiles.get, or read it as a dataset from a disk that all nodes see.`;
  return new MillraceError('TASK_FAILED', { ...error.details, error: error.message, remedy });
}

/** Spark's sentence, without its traces. */
export function reasonOf(text: string): string {
  const [first] = text.split(/\n\s*at |\nDriver stacktrace|\ncaused by /, 1);
  return first
    .replace(record, '')
    .replace(/^[\w.$]+(Exception|Error): /, '')
    .trim();
}
