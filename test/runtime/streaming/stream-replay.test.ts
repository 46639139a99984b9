// Old files as a stream: a program gives on them what it gives live, batch by batch.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, type DStream, StreamCheck, StreamingContext } from '../../../runtime/index';
import { masterOf } from '../../helpers/master';
import { quietDisplay } from '../../helpers/streams';
import { within } from '../../helpers/within';

const test = suite('replayed streams');
let sc: Context;
let folder: string;

test.before(async () => {
  sc = await connect(masterOf('local'));
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
});
test.after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await sc.stop();
});

const windowed = (lines: DStream<string>) =>
  lines
    .map((line) => [line.split(' ')[1], 1] as [string, number])
    .reduceByKey((a, b) => a + b)
    .window('2s')
    .reduceByKey((a, b) => a + b);

/** Batches of a replay, each with its time. */
async function replayed(options: Parameters<StreamingContext['replay']>[1], files: string): Promise<[number, unknown[]][]> {
  const streaming = new StreamingContext(sc, '1s');
  const out: [number, unknown[]][] = [];
  windowed(streaming.replay(files, options)).foreachRDD(async (rdd, time) => {
    out.push([time, (await rdd.collect()).sort()]);
  });
  streaming.start();
  await within(20_000, streaming.awaitTermination(), 'the replay');
  return out;
}

test('by the times of lines: what live batches give, whatever the order in the files', async () => {
  const batches = [['1100 a', '1900 b'], ['2000 a'], [], ['4500 b', '4600 b', '4700 a']];
  const live = await new StreamCheck(sc).outputOf(batches, windowed);
  writeFileSync(join(folder, 'late.log'), '4700 a\n4500 b\n4600 b\n');
  writeFileSync(join(folder, 'early.log'), '1900 b\n1100 a\n');
  writeFileSync(join(folder, 'middle.log'), '2001 a\n');
  const got = await replayed({ timeOf: (line) => Number(line.split(' ')[0]) }, join(folder, '*.log'));
  assert.equal(
    got.map(([time]) => time),
    [2000, 3000, 4000, 5000],
  );
  assert.equal(
    got.map(([, rows]) => rows),
    live.map((rows) => rows.sort()),
  );
});

test('by the order of lines, so many a batch', async () => {
  writeFileSync(join(folder, 'lines'), Array.from({ length: 5 }, (_, i) => `${i} x\n`).join(''));
  assert.equal(await replayed({ recordsPerBatch: 2 }, join(folder, 'lines')), [
    [1000, [['x', 2]]],
    [2000, [['x', 4]]],
    [3000, [['x', 3]]],
  ]);
});

test('an empty file ends at once; wrong arguments are refused', async () => {
  writeFileSync(join(folder, 'empty'), '');
  assert.equal(await replayed({}, join(folder, 'empty')), []);
  const streaming = new StreamingContext(sc, '1s');
  assert.throws(() => streaming.replay(''), /replay: the path is ""/);
  assert.throws(() => streaming.replay('x', { recordsPerBatch: 0 }), /recordsPerBatch is 0/);
});

test('a line whose time cannot be read is named', async () => {
  writeFileSync(join(folder, 'bad.log'), '{"at":1}\nno JSON\n');
  const notices: string[] = [];
  const streaming = new StreamingContext(sc, '1s', { display: quietDisplay((text) => notices.push(text)) });
  streaming.replay(join(folder, 'bad.log'), { timeOf: (line) => JSON.parse(line).at }).foreachRDD(() => {});
  streaming.start();
  await streaming.awaitTermination();
  assert.match(notices.join(), /replay failed: replay: what timeOf gives for the line "no JSON" is an error: .*JSON/);
});

test.run();
