// What comes while nothing runs, and what the end of a run cuts off: after the restart files are in the batch in which they would have been.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, ManualClock, StreamingContext } from '../../../runtime/index';
import { BlockLog } from '../../../runtime/streaming/sources/block-log';
import { masterOf } from '../../helpers/master';
import { quietDisplay } from '../../helpers/streams';
import { until } from '../../helpers/within';

const test = suite('files of a downtime');
const interval = 100;
let sc: Context;
let root: string;
let incoming: string;

test.before(async () => {
  sc = await connect(masterOf('local'));
});
test.before.each(() => {
  root = mkdtempSync(join(tmpdir(), 'downtime-'));
  incoming = join(root, 'incoming');
  mkdirSync(incoming);
});
test.after.each(() => rmSync(root, { recursive: true, force: true }));
test.after(() => sc.stop());

/** The files of each batch. */
type Batches = Map<number, readonly string[]>;

/** One run, from a time on for so many batches; then an end as sudden as a crash. */
async function run(from: number, batches: number, settle = '50ms'): Promise<Batches> {
  const clock = new ManualClock(from);
  const out: Batches = new Map();
  const create = (s: StreamingContext) => {
    s.fileStream(incoming, { settle }).foreachRDD(async (rdd, time) => {
      out.set(time, (await rdd.keys().collect()).map((path) => basename(path)).sort());
    });
  };
  const display = quietDisplay();
  const streaming = StreamingContext.getOrCreate(join(root, 'checkpoint'), create, { sc, interval, clock, display });
  streaming.addStreamingListener({ onBatchCompleted: () => out.size >= batches && void streaming.stop() });
  streaming.start();
  for (await streaming.idle(); streaming.state === 'active'; await streaming.idle()) clock.advance(interval);
  await streaming.awaitTermination();
  return out;
}

/** Moves a whole file in and answers when that was. */
function moveIn(name: string): number {
  const beside = join(root, name);
  writeFileSync(beside, name);
  utimesSync(beside, new Date(1e9), new Date(1e9));
  renameSync(beside, join(incoming, name));
  return statSync(join(incoming, name)).ctimeMs;
}

const batchOf = (time: number) => Math.ceil(time / interval) * interval;
const filesOf = (out: Batches) => [...out].flatMap(([time, names]) => names.map((name) => [name, time] as const));

test('each file is in the catch-up batch of its time', async () => {
  const before = Date.now() - 300;
  await run(before, 1);
  const came = new Map<string, number>();
  for (let i = 0; i < 4; i++) {
    // One is written in place: it was whole once it had settled.
    const name = `file-${i}`;
    if (i === 2) writeFileSync(join(incoming, name), name);
    came.set(name, i === 2 ? statSync(join(incoming, name)).mtimeMs + 50 : moveIn(name));
    const next = batchOf(Date.now()) + interval;
    await until(5000, () => Date.now() > next, 'a later batch');
  }
  const now = Date.now();
  const out = await run(now, Math.ceil((now - before) / interval) + 3);
  assert.equal(
    filesOf(out),
    [...came].map(([name, at]) => [name, batchOf(at)]),
  );
});

test('files of skipped batches go evenly into all catch-up batches; a crash in between doubles none', async () => {
  await run(Date.now() - 300, 1);
  const names = Array.from({ length: 12 }, (_, i) => `file-${String(i).padStart(2, '0')}`);
  for (const name of names) moveIn(name);
  // 600 catch-up batches cover a minute, and none of them has the time in which the files arrived.
  const later = Date.now() + 100_000;
  const first = await run(later, 160);
  assert.equal(
    filesOf(first).map(([name]) => name),
    names.slice(0, 4),
  );
  const times = filesOf(first).map(([, time]) => time);
  assert.equal(
    times.map((time) => time - times[0]),
    [0, 50 * interval, 100 * interval, 150 * interval],
  );
  const rest = filesOf(await run(later, 440));
  assert.equal(
    rest.map(([name]) => name),
    names.slice(4),
  );
});

test('a file whose time is of another clock is in the first batch', async () => {
  await run(0, 1);
  moveIn('a');
  assert.equal(filesOf(await run(5 * interval, 4)), [['a', 2 * interval]]);
});

test("what a receiver of one's own had not ended is counted and not taken over: its source sends it again", () => {
  const log = new BlockLog(root, 'mine', undefined);
  writeFileSync(join(log.folder, '0'), 'a block');
  writeFileSync(join(log.folder, '1.part'), 'rows');
  const next = new BlockLog(root, 'mine', log.position());
  assert.match(
    next.endEarlierRuns('sent again').join(),
    /^4 bytes of elements that were stored when an earlier run died were not acknowledged/,
  );
  assert.equal(readdirSync(log.folder), ['0']);
  assert.equal(next.endEarlierRuns('sent again'), [], 'told once');
});

test.run();
