// Masters and options of a backend: what is accepted, and what is refused before anything starts.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { executorsOf, readMachine } from '../../../cluster/base/machine';
import { ExecutorProcess, type ProcessEnd } from '../../../cluster/driver/executor-process';
import { parseMaster } from '../../../cluster/driver/master-url';
import { Backoff } from '../../../cluster/driver/restart-backoff';
import { startBackend } from '../../../cluster/index';
import { ReceiverProcess } from '../../../cluster/receivers/receiver-process';
import { MillraceError } from '../../../runtime/base/errors';
import { watchLeaks } from '../../helpers/leaks';
import { typescript } from '../../helpers/preload';

const spawning = path.join(__dirname, '../../helpers/spawn-driver.ts');
const test = suite('masters');
let leaks: ReturnType<typeof watchLeaks>;

test.before(() => {
  leaks = watchLeaks();
});

test('local, local[N] and local[*] are accepted', () => {
  assert.equal(parseMaster('local'), { kind: 'inProcess' });
  assert.equal(parseMaster('local[1]'), { kind: 'pool', executors: 1 });
  assert.equal(parseMaster('local[256]'), { kind: 'pool', executors: 256 });
  assert.equal(parseMaster('local[*]'), { kind: 'pool', executors: executorsOf(readMachine()) });
});

test('the masters of Spark go by its own names', () => {
  assert.equal(parseMaster('spark-local[2]'), { kind: 'spark', url: 'local[2]', slots: 2 });
  assert.equal(parseMaster('spark-local[*]'), {
    kind: 'spark',
    url: `local[${executorsOf(readMachine())}]`,
    slots: executorsOf(readMachine()),
  });
  assert.equal(parseMaster('spark://host-1.example:7077'), { kind: 'spark', url: 'spark://host-1.example:7077' });
  for (const url of ['spark://a:1,b:2', 'yarn', 'k8s://host:6443', 'k8s://https://host', 'k8s://http://127.0.0.1:8001'])
    assert.equal(parseMaster(url), { kind: 'spark', url });
  assert.throws(() => parseMaster('spark-local[0]'), refused('BAD_OPTION'));
});

const refused = (code: string) => (error: unknown) => error instanceof MillraceError && error.code === code;

test('any other master is refused by name', () => {
  for (const master of [
    '',
    'Local',
    'local[]',
    'local[-1]',
    'local[1.5]',
    'local[2',
    'local[1e3]',
    ' local',
    'spark://h',
    'spark://h:1:2',
    'spark-local',
    'spark-local[2',
    'spark-local[a]',
    'YARN',
    'k8s',
    'k8s://',
    'mesos://h:1',
    'local[*,2]',
    'local[٣]',
  ]) {
    assert.throws(() => parseMaster(master), refused('BAD_MASTER'), master);
  }
});

test('what was probably meant is offered', () => {
  const meant: Record<string, string> = {
    Local: 'local',
    locale: 'local',
    'local[]': 'local[*]',
    'local[2': 'local[2]',
    'local(3)': 'local[3]',
    'local *': 'local[*]',
    'spark-local[*': 'spark-local[*]',
    'spark-local': 'spark-local[*]',
    'spark_local[2]': 'spark-local[2]',
    'Spark-Local[4]': 'spark-local[4]',
    'spark://host': 'spark://host:7077',
    'spark:host:7078': 'spark://host:7078',
    'spark//host': 'spark://host:7077',
    'host:7077': 'spark://host:7077',
  };
  for (const [master, name] of Object.entries(meant)) {
    const begins = `Did you mean ${name}? Use local, `;
    assert.throws(
      () => parseMaster(master),
      (error: MillraceError) => refused('BAD_MASTER')(error) && error.remedy.startsWith(begins),
      master,
    );
  }
  assert.throws(
    () => parseMaster('somewhere'),
    (error: MillraceError) => error.remedy.startsWith('Use local, '),
  );
});

test('a number of executors out of range is refused with the range', () => {
  for (const master of ['local[0]', 'local[257]', 'local[999999999]']) {
    assert.throws(
      () => parseMaster(master),
      (error: Error) => refused('BAD_OPTION')(error) && /from 1 to 256/.test(error.message),
    );
  }
});

test('bad options are refused before a process or a folder is made', async () => {
  const bad = [
    { storageBytes: -1 },
    { storageBytes: 1.5 },
    { storageBytes: 1, executorMemory: 1 },
    { storageBytes: 1, executorMemory: Number.NaN },
  ];
  for (const options of bad) {
    const error = await startBackend('local[2]', options).catch((thrown) => thrown);
    assert.ok(refused('BAD_OPTION')(error), JSON.stringify(options));
  }
});

test('dead executors are replaced at once, until too many die in a short time', () => {
  const backoff = new Backoff(2);
  const waits = Array.from({ length: 14 }, () => backoff.died(1000));
  assert.equal(waits.slice(0, 8), [0, 0, 0, 0, 0, 0, 0, 0]);
  assert.equal(waits.slice(8), [50, 100, 200, 400, 800, 1000]);
  assert.is(backoff.died(10_000), 0, 'old deaths are forgotten');
});

test('failed starts are tried again for ever, and only a program that cannot run is hopeless', () => {
  const backoff = new Backoff(1);
  const tries = (n: number, isUnable: boolean) => Array.from({ length: n }, () => backoff.startFailed(isUnable));
  assert.equal(tries(8, false), [50, 100, 200, 400, 800, 1000, 1000, 1000]);
  assert.is(backoff.isHopeless, false);
  backoff.joined();
  assert.equal(tries(4, true), [50, 100, 200, 400]);
  assert.is(backoff.isHopeless, false);
  assert.equal(tries(6, true), [800, 1600, 3200, 6400, 10_000, 10_000]);
  assert.is(backoff.isHopeless, true);
  backoff.joined();
  assert.is(backoff.isHopeless, false);
  assert.equal(tries(1, true), [50]);
});

test('a spawn for which descriptors are missing may succeed later; a program that is missing may not', async () => {
  const args = ['-c', 'ulimit -n 40; exec "$@"', 'sh', process.execPath, ...typescript, spawning];
  const env = { ...process.env, DISABLE_V8_COMPILE_CACHE: '1' };
  const short = JSON.parse(spawnSync('/bin/sh', args, { encoding: 'utf8', env }).stdout) as ProcessEnd;
  assert.match(short.reason, /could not be started: .*EMFILE/);
  assert.is(short.isUnable, false);
  const handover = { executorId: 'e1', socket: '', token: '', folder: '', storageBytes: 0, executionBytes: 0, stores: '' };
  const missing = await new Promise<ProcessEnd>(
    (onExit) => new ExecutorProcess({ program: '/missing.js', handover, holds: true, onOutput: () => {}, onExit }),
  );
  assert.match(missing.reason, /exited with code 1/);
  assert.is(missing.isUnable, true);
});

test('a spawn that throws ends like one that fails, for executors and receivers', async () => {
  const { LANG } = process.env;
  // More than the system takes as one variable.
  process.env.LANG = 'x'.repeat(200_000);
  const handover = { executorId: 'e1', socket: '', token: '', folder: '', storageBytes: 0, executionBytes: 0, stores: '' };
  const executor = new Promise<ProcessEnd>(
    (onExit) => new ExecutorProcess({ program: 'any.js', handover, holds: true, onOutput: () => {}, onExit }),
  );
  const receiver = new Promise<string>(
    (onExit) => new ReceiverProcess({ program: 'any.js', onOutput: () => {}, onMessage: () => {}, onExit }),
  );
  if (LANG === undefined) delete process.env.LANG;
  else process.env.LANG = LANG;
  assert.equal(await executor, { reason: 'it could not be started: spawn E2BIG', isUnable: false });
  assert.is(await receiver, 'it could not be started: spawn E2BIG');
});

test('leaves nothing behind', () => leaks.check());

test.run();
