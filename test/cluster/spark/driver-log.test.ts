// What the log of Spark's driver says of masters that refuse a session, of executors that end as they begin, and of full disks.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DriverLog, sparkEnded } from '../../../cluster/spark/driver-log';
import { ExecutorWatch } from '../../../cluster/spark/executor-watch';
import { jobError } from '../../../cluster/spark/task-failure';
import { ManualClock } from '../../../runtime/index';

const test = suite("the log of Spark's driver");
let folder: string;

test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'driver-log-'));
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

function logOf(url: string, text?: string): DriverLog {
  const file = join(folder, 'spark.log');
  rmSync(file, { force: true });
  if (text !== undefined) writeFileSync(file, text);
  return new DriverLog(file, url);
}

const failed = (master: string, cause: string) =>
  `03:08:05.158 WARN StandaloneAppClient$ClientEndpoint: Failed to connect to master ${master}\norg.apache.spark.SparkException: Exception thrown in awaitResult: \n\tat a.b.C\nCaused by: ${cause}\n\tat d.e.F\n03:08:06.000 INFO X: next\n`;

test('a refusal is certain once every master has refused for good', () => {
  const sasl = 'java.lang.RuntimeException: java.lang.IllegalStateException: Expected SaslMessage, received something else';
  const two = 'spark://a:1,b:2';
  assert.is(logOf(two).refusal(), undefined);
  assert.is(logOf(two, failed('a:1', sasl)).refusal(), undefined);
  const slow = 'java.util.concurrent.TimeoutException: slow';
  assert.is(logOf(two, failed('a:1', slow) + failed('b:2', slow)).refusal(), undefined);
  // Told before the connection failed, by a trace of its own.
  const wrong =
    '03:11 ERROR TransportClientFactory: Exception while bootstrapping client\nCaused by: javax.security.sasl.SaslException: no\n';
  assert.match(logOf('spark://a:1', wrong + failed('a:1', slow)).refusal()!.message, 'the master at a:1 does not take');
  const { message, remedy } = logOf(two, failed('a:1', sasl) + failed('b:2', sasl)).refusal()!;
  assert.match(message, 'the master at a:1, b:2 does not take this session: the secrets of the two differ');
  assert.match(remedy, /^Set spark\.authenticate/);
  const version = 'java.io.InvalidClassException: org.apache.spark.deploy.X; local class incompatible: serialVersionUID';
  assert.match(logOf('spark://a:1', failed('a:1', version)).refusal()!.remedy, /^Give the Spark of its version by --spark-home/);
});

test('an end has the words of Spark, or those of executors where none has joined', () => {
  const killed =
    '03:09 ERROR StandaloneSchedulerBackend: Application has been killed. Reason: Master removed our application: FAILED\n';
  const exited = (id: number) =>
    `03:09:0${id}.000 INFO StandaloneAppClient$ClientEndpoint: Executor updated: app-1/${id} is now EXITED (Command exited with code 1)\n`;
  assert.match(logOf('spark://a:1', killed).end(false).message, 'Spark has stopped: Master removed our application: FAILED');
  assert.match(logOf('spark://a:1').end(false).message, /Spark has stopped\.$/);
  const both = logOf('spark://a:1', exited(1) + exited(2) + killed);
  assert.match(both.end(false).message, 'has started 2 executors, and each ended before it joined (Command exited with code 1)');
  assert.match(both.end(false).remedy, 'set spark.driver.host');
  assert.match(both.end(true).message, 'Master removed our application');
});

test('executors that end as they begin fail the jobs that wait after some in a row; a task that ends well begins the count again', () => {
  const watch = new ExecutorWatch(
    new ManualClock(0),
    () => {},
    () => undefined,
  );
  const added = { kind: 'executorAdded', executorId: '1', host: 'node-1', slots: 1 } as const;
  const reason = 'Unable to create executor due to No space left on device';
  const removed = { kind: 'executorRemoved', executorId: '1', reason } as const;
  const task = { taskId: 1, stageId: 1, failure: '', runMs: 1, shuffleBytesWritten: 0, shuffleBytesRead: 0 };
  const begins = () => [added, removed].map((event) => watch.unmade(event, 2)).at(-1);
  assert.is(begins(), undefined);
  assert.is(watch.unmade({ kind: 'taskEnded', ...task }, 2), undefined);
  assert.is(begins(), undefined);
  assert.is(watch.unmade({ kind: 'executorRemoved', executorId: '1', reason: 'Command exited with code 137' }, 2), undefined);
  const error = begins()!;
  assert.is(error.code, 'NO_WORKER');
  assert.match(error.message, 'Spark on node-1 cannot run functions: its executor could not be made: No space left on device.');
  assert.match(error.remedy, /^Make room on the disk of that executor/);
  assert.is(begins(), undefined);
});

test('a driver that ends for want of room or memory says what to do', () => {
  const remedy = (words: string) => sparkEnded(words).remedy;
  assert.match(remedy('java.io.IOException: No space left on device'), /^Make room on the disk of spark\.local\.dir/);
  assert.match(remedy('Spark has ended: its driver ran out of memory'), /^Give it more by --spark-conf spark\.driver\.memory=4g/);
  assert.match(remedy('File /no/such.zip does not exist'), /^Mend what it names/);
});

test('a job that fails for want of room says where to make it', () => {
  const text = 'org.apache.spark.SparkException: Job aborted: java.io.IOException: No space left on device\n\tat a.b.C';
  const { message, remedy } = jobError(text, { widest: undefined, slots: 2, definitionOf: () => undefined });
  assert.match(message, /^Spark gave the job up: Job aborted/);
  assert.match(remedy, /^Make room on the disk of that executor, where spark\.local\.dir/);
});

test.run();
