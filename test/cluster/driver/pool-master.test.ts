// Masters and options of a backend: what is accepted, and what is refused before anything starts.

import os from 'node:os';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Backoff } from '../../../cluster/driver/backoff';
import { parseMaster } from '../../../cluster/driver/master-url';
import { startBackend } from '../../../cluster/index';
import { MillraceError } from '../../../runtime/base/errors';
import { watchLeaks } from '../../helpers/leaks';

const test = suite('masters');
let leaks: ReturnType<typeof watchLeaks>;

test.before(() => {
  leaks = watchLeaks();
});

test('local, local[N] and local[*] are accepted', () => {
  assert.equal(parseMaster('local'), { kind: 'inProcess' });
  assert.equal(parseMaster('local[1]'), { kind: 'pool', executors: 1 });
  assert.equal(parseMaster('local[256]'), { kind: 'pool', executors: 256 });
  assert.equal(parseMaster('local[*]'), { kind: 'pool', executors: os.availableParallelism() });
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
    'spark://h:1',
    'local[*,2]',
    'local[٣]',
  ]) {
    assert.throws(() => parseMaster(master), refused('BAD_MASTER'), master);
  }
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

test('failed starts are retried a bounded number of times in a row', () => {
  const backoff = new Backoff(1);
  const tries = () => Array.from({ length: 5 }, () => backoff.startFailed());
  assert.equal(tries(), [50, 100, 200, 400, undefined]);
  backoff.joined();
  assert.equal(tries(), [50, 100, 200, 400, undefined]);
});

test('leaves nothing behind', () => leaks.check());

test.run();
