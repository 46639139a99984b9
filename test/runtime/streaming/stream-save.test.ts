// Streams saved to files: what lies where, and that a batch that is run again is written once.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DStream, ManualClock, StreamingContext } from '../../../runtime/index';
import { StreamTests } from '../../helpers/streams';

const test = suite('saved streams');
const given = new StreamTests(test);
const { notices, display } = given;

/** Runs batches through an output, from the same time each time. */
async function run<T>(batches: readonly (readonly T[])[], output: (stream: DStream<T>) => unknown): Promise<void> {
  const clock = new ManualClock(0);
  const streaming = new StreamingContext(given.sc, '1s', { clock, display });
  output(streaming.queueStream([...batches]).setName('rows'));
  streaming.start();
  for (let i = 0; i < batches.length; i++) {
    clock.advance('1s');
    await streaming.idle();
  }
  await streaming.stop();
}

test('each batch has a folder of its own, empty batches and empty parts have none', async () => {
  await run([['a', 'b'], [], ['c']], (s) => s.repartition(3).save(join(given.folder, 'out')));
  assert.equal(readdirSync(join(given.folder, 'out')).sort(), ['1000', '3000']);
  assert.equal((await given.sc.textFile(join(given.folder, 'out', '*')).collect()).sort(), ['a', 'b', 'c']);
  assert.is(readdirSync(join(given.folder, 'out', '3000')).filter((name) => name.startsWith('part-')).length, 1);
  assert.equal(notices, []);
});

test('formats: lines, JSON lines, packed, objects', async () => {
  const rows = [[['x', 1], 'plain']];
  const text = (name: string) => readFileSync(join(given.folder, name, '1000', 'part-00000'), 'utf8');
  await run(rows, (s) => s.coalesce(1).save(join(given.folder, 'text')));
  assert.is(text('text'), '["x",1]\nplain\n');
  await run(rows, (s) => s.coalesce(1).save(join(given.folder, 'jsonl'), { format: 'jsonl' }));
  assert.is(text('jsonl'), '["x",1]\n"plain"\n');
  await run([['a'], []], (s) => s.save(join(given.folder, 'packed'), { compression: 'gzip' }));
  assert.equal(await given.sc.textFile(join(given.folder, 'packed', '*')).collect(), ['a']);
  await run([[new Date(5)], []], (s) => s.save(join(given.folder, 'objects'), { format: 'objects' }));
  assert.equal(await given.sc.objectFile(join(given.folder, 'objects', '*')).collect(), [new Date(5)]);
  assert.equal([readdirSync(join(given.folder, 'packed')), readdirSync(join(given.folder, 'objects'))], [['1000'], ['1000']]);
});

test("Spark's names", async () => {
  await run([['a'], ['b']], (s) => s.saveAsTextFiles(join(given.folder, 'batch'), 'txt'));
  await run([[1]], (s) => s.saveAsObjectFiles(join(given.folder, 'numbers')));
  assert.equal(readdirSync(given.folder).sort(), ['batch-1000.txt', 'batch-2000.txt', 'numbers-1000']);
  assert.equal(await given.sc.objectFile(join(given.folder, 'numbers-1000')).collect(), [1]);
});

test('a batch that is run again neither doubles its output nor leaves half of it', async () => {
  const out = join(given.folder, 'out');
  // What a run left that was killed in the middle of the second batch.
  await run([['a']], (s) => s.save(out));
  mkdirSync(join(out, '.2000.writing'));
  writeFileSync(join(out, '.2000.writing', 'part-00000'), 'ha');
  await run([['a'], ['b']], (s) => s.save(out));
  assert.equal(readdirSync(out).sort(), ['1000', '2000']);
  assert.equal(await given.sc.textFile(join(out, '*')).collect(), ['a', 'b']);
  assert.equal(notices, []);
});

test('a folder of somebody else is not touched', async () => {
  mkdirSync(join(given.folder, 'out', '1000'), { recursive: true });
  writeFileSync(join(given.folder, 'out', '1000', 'mine'), 'mine');
  await run([['a'], ['b']], (s) => s.save(join(given.folder, 'out')));
  assert.match(notices.join(), /^save of rows failed: The output folder .*1000 already exists/);
  assert.is(readFileSync(join(given.folder, 'out', '1000', 'mine'), 'utf8'), 'mine');
  assert.ok(existsSync(join(given.folder, 'out', '2000', '_SUCCESS')));
});

test('wrong arguments are refused where they are written', () => {
  const stream = new StreamingContext(given.sc, '1s', { clock: new ManualClock() }).queueStream([['a']]);
  assert.throws(() => stream.save(''), /save: the folder is ""/);
  assert.throws(() => stream.save('out', { format: 'csv' as never }), /the format is "csv".*'text' or 'jsonl' or 'objects'/);
  assert.throws(() => stream.save('out', { format: 'objects', compression: 'gzip' }), /the compression is "gzip"/);
  assert.throws(() => stream.saveAsTextFiles(5 as never), /saveAsTextFiles: the prefix is 5/);
});

test.run();
