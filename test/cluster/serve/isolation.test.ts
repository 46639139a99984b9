// What sessions of one server may not do to each other, and what they leave behind: nothing but what they published.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { attach, type ServerLink } from '../../../cluster/serve/attach';
import { placeOf } from '../../../cluster/serve/place';
import type { Question, ToServer } from '../../../cluster/serve/protocol';
import type { ErrorCode } from '../../../runtime/base/errors';
import { idsPerSession } from '../../../runtime/base/limits';
import type { Job } from '../../../runtime/plan/job';
import type { DatasetNode, FunctionNode } from '../../../runtime/plan/node';
import { encodeDatasets, encodeJob } from '../../../runtime/plan/transfer';

import { errorOf } from '../../helpers/errors';
import { parentOf, processesOf } from '../../helpers/processes';
import { Server } from '../../helpers/server';
import { readDocument } from '../../helpers/sources';
import { until, within } from '../../helpers/within';

const test = suite('isolation');
let server: Server;

test.before(async () => {
  server = await Server.start();
});

test.after(async () => {
  await server.stop();
});

/** A session that says what it likes. */
async function raw(): Promise<{ link: ServerLink; first: number; gone: Promise<string> }> {
  const link = await attach(placeOf(server.socket), { name: 'a stranger', holds: true });
  const gone = new Promise<string>((resolve) =>
    link.listen({ message: () => {}, gone: (error) => resolve(error.message), notice: () => {} }),
  );
  return { link, first: link.welcome.session * idsPerSession, gone };
}

const range = (id: number, changes: Partial<DatasetNode> = {}): DatasetNode => ({
  id,
  operation: 'range',
  dependencies: [],
  partitions: 1,
  splits: { kind: 'range', start: 0, step: 1, length: 3 },
  fragment: { op: 'range' },
  functions: [],
  ...changes,
});

const count = (root: number, changes: Partial<Job> = {}): Job => ({
  root,
  sink: { kind: 'count' },
  functions: [],
  partitions: [0],
  title: 'count',
  properties: {},
  files: {},
  ...changes,
});

const needing = (blob: string): FunctionNode => ({
  closure: `closure-${'0'.repeat(40)}`,
  instance: 0,
  operation: 'map',
  place: { file: 'x', line: 1, column: 1 },
  needs: [blob],
  bulk: [],
});

/** Messages that no session of ours sends, by what is wrong; `others` is a number of another session. */
const wrong: Readonly<Record<string, (first: number, others: number) => readonly [ToServer | object, Uint8Array?]>> = {
  'no message': () => [{}],
  'an unknown kind': () => [{ kind: 'evaluate', text: '1' }],
  'a field too many': () => [{ kind: 'cancel', job: 0, reason: '', force: true }],
  'a second attach': () => [{ kind: 'attach', visitor: { protocol: 1, version: '', pid: 1, name: '' } }],
  'bytes that are no datasets': () => [{ kind: 'define' }, new Uint8Array(9)],
  'bytes that are no job': () => [{ kind: 'run', job: 0, heard: false }, new Uint8Array(9)],
  'a dataset of another session': (_, others) => [{ kind: 'define' }, encodeDatasets([range(others)])],
  'a parent of another session': (first, others) => [
    { kind: 'define' },
    encodeDatasets([range(first, { dependencies: [{ kind: 'narrow', dataset: others }] })]),
  ],
  'a shuffle of another session': (first, others) => [
    { kind: 'define' },
    encodeDatasets([
      range(first),
      range(first + 1, {
        dependencies: [
          {
            kind: 'shuffle',
            dataset: first,
            shuffleId: others,
            partitioner: { kind: 'hash', partitions: 1 },
            operation: 'partitionBy',
            functions: [],
          },
        ],
      }),
    ]),
  ],
  'rows of another session': (first, others) => [
    { kind: 'define' },
    encodeDatasets([range(first, { splits: { kind: 'values', blobs: `dataset-${others}` }, fragment: { op: 'values' } })]),
  ],
  'a step that reads what is persisted': (first, others) => [
    { kind: 'define' },
    encodeDatasets([range(first, { fragment: { op: 'stored', rddId: others } })]),
  ],
  'a step that reads a shuffle': (first, others) => [
    { kind: 'define' },
    encodeDatasets([range(first, { fragment: { op: 'shuffleRead', shuffleId: others } })]),
  ],
  'a job on a dataset of another session': (_, others) => [{ kind: 'run', job: 0, heard: false }, encodeJob(count(others))],
  'a checkpoint of another session': (first, others) => [
    { kind: 'run', job: 0, heard: false },
    encodeJob(count(first, { sink: { kind: 'checkpoint', rddId: others } })),
  ],
  'a release of what another session persisted': (_, others) => [{ kind: 'release', what: { kind: 'persisted', id: others } }],
  'a release of a broadcast of another session': (_, others) => [
    { kind: 'release', what: { kind: 'blob', id: `broadcast-${others}` } },
  ],
  'a broadcast of another session': (_, others) => [{ kind: 'blob', id: `broadcast-${others}` }, new Uint8Array(1)],
  'a batch for a stream that nobody publishes': (first) => [
    {
      kind: 'ask',
      number: 1,
      question: { kind: 'addBatch', window: 9, time: 1, dataset: first, code: { modules: '', classes: [] } },
    },
  ],
  'a function that needs a broadcast of another session': (first, others) => [
    { kind: 'define' },
    encodeDatasets([range(first, { functions: [needing(`broadcast-${others}`)] })]),
  ],
  'a job whose function needs a broadcast of another session': (first, others) => [
    { kind: 'run', job: 0, heard: false },
    encodeJob(count(first, { functions: [needing(`broadcast-${others}`)] })),
  ],
  'a dataset beside one of another session': (first, others) => [
    { kind: 'define' },
    encodeDatasets([range(first, { besides: others })]),
  ],
  'a job that writes a shuffle': (first) => [
    { kind: 'run', job: 0, heard: false },
    encodeJob(count(first, { sink: { kind: 'shuffle' } as unknown as Job['sink'] })),
  ],
  ...Object.fromEntries(
    (['dataset', 'shuffle', 'checkpoint', 'state'] as const).map((kind) => [
      `a release of a ${kind} of ${kind === 'dataset' ? 'no session' : 'another session'}`,
      (_: number, others: number) =>
        [{ kind: 'release', what: { kind, id: kind === 'dataset' ? -1 : others } }] as readonly [ToServer],
    ]),
  ),
  'an open of no number': () => [{ kind: 'open', dataset: -1, name: 'pages' }],
  'the end of a stream that nobody publishes': () => [{ kind: 'ask', number: 1, question: { kind: 'endWindow', window: 9 } }],
  'a question that is none': () => [{ kind: 'ask', number: 1, question: { kind: 'shell', text: 'ls' } }],
  'going on within a session': () => [{ kind: 'resume', session: 1, key: '', read: 0 }],
  'more read than was sent': () => [{ kind: 'read', messages: 1_000_000 }],
  'names of blobs that are none': () => [{ kind: 'dropBlobs', ids: [1] }],
  'a cancel without a number': () => [{ kind: 'cancel', job: 'all', reason: '' }],
  'a terminal that is neither there nor gone': () => [{ kind: 'terminal', isThere: 'perhaps' }],
  'a closure with other bytes': () => [{ kind: 'blob', id: `closure-${'0'.repeat(40)}` }, new Uint8Array(1)],
};

for (const [what, message] of Object.entries(wrong)) {
  test(`${what} ends the connection of its sender, and no other`, async () => {
    const sc = await server.session();
    const kept = sc.range(0, 5, 1, 2).cache();
    await kept.count();
    const { link, first, gone } = await raw();
    const [control, tail] = message(first, kept.id);
    link.send(control as ToServer, tail);
    assert.match(await within(10_000, gone, 'the end of the connection'), /is gone/);
    assert.is(await kept.count(), 5);
    assert.is(sc.storageOf(kept).partitions, 2);
    await sc.stop();
  });
}

test('each kind of message, and each question, is among those that are refused', () => {
  const source = readDocument('cluster/serve/protocol.ts');
  const kindsOf = (type: string) =>
    [...new RegExp(`export type ${type} =([^;]|;(?! *\\n\\n))*?;\\n\\n`).exec(source)![0].matchAll(/kind: '(\w+)'/g)].map(
      ([, kind]) => kind,
    );
  const sent = Object.values(wrong).map(
    (message) => message(idsPerSession, 0)[0] as { kind?: string; question?: { kind: string } },
  );
  const refused = new Set(sent.map(({ kind }) => kind));
  assert.equal(
    kindsOf('ToServer').filter((kind) => !refused.has(kind)),
    [],
  );
  assert.equal(kindsOf('Question'), ['sessions', 'uses', 'publish', 'unpublish', 'beginWindow', 'addBatch', 'endWindow', 'stop']);
});

test('what others made is neither published nor let go of, whatever the question', async () => {
  const sc = await server.session();
  const text = 'x'.repeat(100_000);
  const kept = sc.parallelize([text], 1).cache();
  await kept.count();
  await kept.publish('kept here');
  const { link, first } = await raw();
  const code = { modules: '', classes: [] };
  const publication = { type: '', description: '', replace: false, code };
  const stream = { name: 'kept here', type: '', description: '', slide: 1, last: 1, replace: true };
  const refused: readonly (readonly [ErrorCode, Question])[] = [
    ['NOT_PUBLISHABLE', { kind: 'publish', what: { ...publication, name: 'stolen', dataset: kept.id } }],
    ['NOT_PUBLISHABLE', { kind: 'publish', what: { ...publication, name: 'unknown', dataset: first } }],
    ['NOT_THE_PUBLISHER', { kind: 'publish', what: { ...publication, name: 'kept here', dataset: first, replace: true } }],
    ['NOT_THE_PUBLISHER', { kind: 'unpublish', name: 'kept here' }],
    ['NAME_IN_USE', { kind: 'beginWindow', what: stream }],
  ];
  for (const [code, question] of refused) await errorOf(code, () => link.ask(question));
  // Blobs that a session names and has not sent stay with their sender.
  link.send({ kind: 'dropBlobs', ids: [`dataset-${kept.id}.0`] });
  link.send({ kind: 'release', what: { kind: 'dataset', id: kept.id } });
  await link.ask({ kind: 'uses' });
  for (const pid of processesOf('executor.js').filter((one) => parentOf(one) === server.pid)) process.kill(pid, 'SIGKILL');
  assert.equal(await kept.map((row) => row.length).collect(), [100_000]);
  link.close();
  await sc.unpublish('kept here');
  await sc.stop();
});

test('nobody cancels a job of another session', async () => {
  const sc = await server.session();
  const slow = sc.parallelize([1], 1).map(async (x) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return x;
  });
  const answer = slow.collect();
  const { link } = await raw();
  for (let job = 0; job < 20; job++) link.send({ kind: 'cancel', job, reason: 'not mine' });
  await link.ask({ kind: 'sessions' });
  assert.equal(await answer, [1]);
  link.close();
  await sc.stop();
});

test('a session that is killed leaves no job, no rows and no session', async () => {
  const sc = await server.session();
  const script = server.script(`
    const kept = sc.range(0, 1000, 1, 4).cache();
    console.log('kept', await kept.count());
    await sc.parallelize([1, 2], 2).foreach(() => { for (;;); });
  `);
  await until(30_000, () => /kept 1000/.test(script.output), 'the first job of the script');
  const busy = await until(
    10_000,
    async () => (await server.info()).sessions.find(({ running }) => running === 1),
    'its endless job',
  );
  assert.ok(busy);
  // The process of the script holds the session; its launcher ends with it.
  for (const pid of processesOf('script.js').filter((one) => one === busy.pid)) process.kill(pid, 'SIGKILL');
  await until(10_000, async () => (await server.info()).sessions.length === 1, 'the end of its session');
  assert.is(await sc.range(0, 10, 1, 4).count(), 10);
  await sc.stop();
});

test('sessions share the slots: a small job does not wait for the long ones of another session', async () => {
  const [greedy, modest] = [await server.session(), await server.session()];
  const pause = async (x: number): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return x;
  };
  let isOver = false;
  const long = greedy
    .range(0, 60, 1, 60)
    .map(pause)
    .count()
    .then((n) => {
      isOver = true;
      return n;
    });
  await until(10_000, () => greedy.progress() !== undefined, 'the start of the long job');
  assert.is(await modest.range(0, 2, 1, 2).count(), 2);
  assert.not(isOver);
  assert.is(await long, 60);
  await greedy.stop();
  await modest.stop();
});

test('executors that are killed cost no session an answer', async () => {
  const sessions = [await server.session(), await server.session()];
  const answers = sessions.map(async (sc, n) => {
    const found: number[] = [];
    for (let round = 0; round < 12; round++) {
      const sums = await sc
        .range(0, 200, 1, 4)
        .map((x): [number, number] => [x % 5, x + n])
        .reduceByKey((a, b) => a + b)
        .collect();
      found.push(sums.reduce((sum, [, value]) => sum + value, 0));
    }
    return found;
  });
  let killed = 0;
  const all = Promise.all(answers);
  const killer = (async () => {
    for (let i = 0; i < 3; i++) {
      const pid = await until(
        20_000,
        () => processesOf('executor.js').find((one) => parentOf(one) === server.pid),
        'an executor',
      );
      process.kill(pid!, 'SIGKILL');
      killed++;
      await until(20_000, () => sessions[0].executors().length === 2, 'the replacement');
    }
  })();
  const [first, second] = await all;
  await killer;
  assert.equal(first, Array(12).fill(19_900));
  assert.equal(second, Array(12).fill(20_100));
  assert.is(killed, 3);
  for (const sc of sessions) await sc.stop();
});

test('a job whose number was used ends the connection', async () => {
  const { link, first, gone } = await raw();
  link.send({ kind: 'define' }, encodeDatasets([range(first)]));
  link.send({ kind: 'run', job: 3, heard: false }, encodeJob(count(first)));
  // Numbers of jobs only rise.
  link.send({ kind: 'run', job: 3, heard: false }, encodeJob(count(first)));
  assert.match(await within(10_000, gone, 'the end of the connection'), /is gone/);
});

test.run();
