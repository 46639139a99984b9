// Why Spark gave a job up: the end of the task that failed for good, which its message carries, or Spark's own words.
import { MillraceError } from '../../runtime/base/errors';
import { bytesText } from '../../runtime/base/units';
import type { TaskEnd } from '../../runtime/plan/end';
import { errorOf } from '../../runtime/scheduler/job-error';
import { unpackEnd } from '../link/task-end';
import type { Definition } from './definitions';
import { MessageReader } from './message';

/** As `TaskFailed.java` writes it. */
const record = /<millrace ([A-Za-z0-9+/=]+)>/g;

interface FailedTask {
  readonly programId: string;
  readonly stageId: number;
  readonly partition: number;
  readonly attempts: number;
  readonly end: TaskEnd;
}

/** The task that the last record of a text is about. */
export function failedTask(text: string): FailedTask | undefined {
  const found = [...text.matchAll(record)].at(-1)?.[1];
  if (found === undefined) return undefined;
  const message = new MessageReader(Buffer.from(found, 'base64'));
  const isLost = message.byte() === 1;
  const programId = message.text();
  const where = { programId, stageId: message.int(), partition: message.int(), attempts: message.int() + 1 };
  const what = message.bytes();
  if (isLost) return { ...where, end: { kind: 'lost', executorId: 'a worker', reason: what.toString() } };
  const packed = new MessageReader(what);
  const end = JSON.parse(packed.text());
  return { ...where, end: unpackEnd(end, packed.rest()) };
}

/** The error of a job that Spark gave up; `definitionOf` tells what a program was made for. */
export function jobError(text: string, definitionOf: (programId: string) => Definition | undefined): MillraceError {
  const failed = failedTask(text);
  if (failed) {
    const { programId, stageId, partition, attempts, end } = failed;
    if (end.kind === 'tooBig')
      return new MillraceError('RESULT_TOO_BIG', { bytes: bytesText(end.bytes), limit: bytesText(end.limit) });
    if (end.kind === 'userError' || end.kind === 'lost')
      return errorOf({ kind: 'task', end, stageId, partition, attempts }, () => definitionOf(programId)?.steps);
  }
  return new MillraceError('SPARK_FAILED', { reason: reasonOf(text) });
}

/** Spark's sentence, without its traces. */
export function reasonOf(text: string): string {
  const [first] = text.split(/\n\s*at |\nDriver stacktrace|\ncaused by /, 1);
  return first.replace(/^[\w.$]+(Exception|Error): /, '').trim();
}
