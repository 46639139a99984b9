// Published streams: other sessions read their last batches, exact and in step, also when executors and the publisher are killed.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Context,
  HashPartitioner,
  type PaneUpdate,
  type PublishedStream,
  type StreamDisplay,
  StreamingContext,
} from '../../../runtime/index';
import { sessionOutputs } from '../../../runtime/streaming/graph/session-display';
import { errorOf } from '../../helpers/errors';
import { parentOf, processesOf } from '../../helpers/processes';
import { Server } from '../../helpers/server';
import { until } from '../../helpers/within';

const test = suite('windows');
let server: Server;
let reader: Context;

test.before(async () => {
  server = await Server.start();
  reader = await server.session({ name: 'a reader' });
});

test.after(async () => {
  await server.stop();
});

type Count = [string, number];

/** Counts of three words, a batch each 100 ms. */
const countsOf = (streaming: StreamingContext) =>
  streaming
    .generatorStream(100, (i) => `word ${i % 3}`)
    .map((word): Count => [word, 1])
    .reduceByKey((a, b) => a + b, 2);

const streamOf = async <T>(sc: Context, name: string): Promise<PublishedStream<T>> => {
  await until(10_000, () => sc.publishedStreams().some((one) => one.name === name), `${name} in the list`);
  return sc.stream<T>(name);
};

const totalOf = (rows: readonly Count[]): number => rows.reduce((sum, [, n]) => sum + n, 0);

test('another session reads the last batches, joins with them, and watches them', async () => {
  const publisher = await server.session({ name: 'a publisher' });
  const streaming = new StreamingContext(publisher, '100ms');
  const own: Record<number, number> = {};
  const stream = countsOf(streaming);
  stream.foreachRDD(async (rdd, time) => {
    own[time] = totalOf(await rdd.collect());
  });
  const handle = stream.publish('top pages', { last: '1s', description: 'by page' }, '[string, number]');
  streaming.start();
  const top = await streamOf<Count>(reader, 'top pages');
  const [{ owner, type, description, last, slide }] = reader.publishedStreams();
  assert.match(owner, /^a publisher/);
  assert.equal([type, description, last, slide], ['[string, number]', 'by page', 1000, 100]);
  await until(20_000, () => top.times.length === 10, 'a full window');
  const read = top.latest()!;
  assert.ok(read.partitioner instanceof HashPartitioner);
  const names = reader
    .parallelize([['word 0', 'zero'] as [string, string]], 2)
    .partitionBy(new HashPartitioner(2))
    .cache();
  await names.count();
  assert.is((await names.join(read).collect()).length, 1);
  assert.is(reader.jobs().at(-1)!.stageIds.length, 1);
  // The same rows as those of the publisher, batch by batch.
  const times = top.times.slice(-5);
  const slices = top.slice(times[0], times[4]);
  assert.is(slices.length, 5);
  const sums = await Promise.all(slices.map(async (rdd) => totalOf(await rdd.collect())));
  await until(10_000, () => times.every((time) => own[time] !== undefined), 'the output of the publisher');
  assert.equal(
    sums,
    times.map((time) => own[time]),
  );
  assert.is(
    totalOf(await top.between(times[0], times[4]).collect()),
    sums.reduce((a, b) => a + b, 0),
  );
  // The window moves on, and holds no more than that.
  await until(10_000, () => top.times[0] > times[4], 'later batches');
  assert.ok(top.times.length <= 10);
  // What was opened is read although its batch has left.
  assert.is(totalOf(await slices[0].collect()), sums[0]);
  handle.stop();
  await until(10_000, () => top.endedAt !== undefined, 'the end');
  await streaming.stop();
  await reader.unpublish('top pages');
  await until(10_000, () => reader.publishedStreams().length === 0, 'the removal');
  await publisher.stop();
});

test('a pane follows a published stream, and says when it has ended', async () => {
  const publisher = await server.session();
  const streaming = new StreamingContext(publisher, '100ms');
  countsOf(streaming).publish('watched');
  streaming.start();
  const panes: PaneUpdate[] = [];
  const closed: number[] = [];
  const display: StreamDisplay = {
    printed: () => {},
    pane: (_, update) => panes.push(update),
    paneClosed: (id) => closed.push(id),
    notice: (message, error) => assert.unreachable(`${message} ${error?.message}`),
  };
  sessionOutputs.set(reader, { display, startsOnWatch: () => false, opened: () => {} });
  const watched = await streamOf<Count>(reader, 'watched');
  const handle = watched.watch({ rows: 2 });
  await until(10_000, () => panes.length > 2, 'three batches');
  const [{ stream, rows, total, endedAt }] = panes;
  assert.equal([stream, rows.length, total, endedAt], ['watched', 2, 3, undefined]);
  await streaming.stop();
  await until(10_000, () => panes.at(-1)!.endedAt !== undefined, 'the end');
  assert.is(panes.at(-1)!.endedAt, watched.endedAt);
  assert.match(String(watched), /^watched \(stream\) every 100ms, the last 100ms, ended at /);
  handle.stop();
  assert.is(closed.length, 1);
  sessionOutputs.delete(reader);
  await publisher.stop();
});

test('a publisher and all executors are killed: the window stays at its last whole batch, and goes on when it is published again', async () => {
  const code = `
    const streaming = new StreamingContext(sc, '200ms');
    streaming.generatorStream(1000, i => 'word ' + i % 3).map(word => [word, 1] as [string, number])
      .reduceByKey((a, b) => a + b, 2).publish('lasting', { last: '60s' });
    streaming.start();
    await streaming.awaitTermination();
  `;
  server.script(code);
  const lasting = await streamOf<Count>(reader, 'lasting');
  assert.is(reader.publishedStreams().find(({ name }) => name === 'lasting')!.type, '[string, number]');
  await until(20_000, () => lasting.times.length > 4, 'some batches');
  const { pid } = (await server.info()).sessions.find(({ name }) => name !== 'a reader')!;
  process.kill(pid, 'SIGKILL');
  await until(10_000, () => lasting.endedAt !== undefined, 'the end of the window');
  const endedAt = lasting.endedAt!;
  const { times } = lasting;
  assert.is(times.at(-1), endedAt);
  const before = await Promise.all(lasting.slice(times[0], endedAt).map((rdd) => rdd.collect()));
  const executors = processesOf('executor.js').filter((one) => parentOf(one) === server.pid);
  for (const one of executors) process.kill(one, 'SIGKILL');
  const after = await Promise.all(lasting.slice(times[0], endedAt).map((rdd) => rdd.collect()));
  const sorted = (batches: Count[][]) => batches.map((rows) => [...rows].sort());
  assert.equal(sorted(after), sorted(before));
  assert.is((await lasting.latest()!.collect()).length, 3);
  server.script(code);
  await until(20_000, () => lasting.endedAt === undefined && lasting.times.at(-1)! > endedAt, 'a batch of the next publisher');
  assert.ok(lasting.times.includes(endedAt));
});

test('names of streams and datasets are one; streams of others are not ended, and what is wrong has one message', async () => {
  const publisher = await server.session({ name: 'the first' });
  const streaming = new StreamingContext(publisher, '100ms');
  countsOf(streaming).publish('taken');
  streaming.start();
  await streamOf(reader, 'taken');
  const other = new StreamingContext(reader, '100ms');
  const inUse = await errorOf('NAME_IN_USE', () => countsOf(other).publish('taken'));
  assert.match(inUse.message, /taken is published already, by the first/);
  await errorOf('NAME_IN_USE', () => countsOf(other).publish('taken', { replace: true }));
  await errorOf('NAME_IN_USE', () => reader.range(3).cache().publish('taken'));
  await errorOf('NOT_THE_PUBLISHER', () => reader.unpublish('taken'));
  await errorOf('NOT_A_MULTIPLE', () => countsOf(other).publish('x', { last: '150ms' }));
  await errorOf('BAD_ARGUMENT', () => countsOf(other).publish('x', { last: '1000h' }));
  await errorOf('BAD_ARGUMENT', () => countsOf(other).publish(''));
  const unknown = await errorOf('NOT_PUBLISHED', () => reader.stream('takem'));
  assert.match(unknown.remedy, /^Did you mean taken\?/);
  countsOf(streaming).publish('taken', { replace: true });
  await streaming.stop();
  await publisher.stop();
});

test.run();
