// Checkpoint folders: one program at a time, wherever they are moved, and trusted with nothing that they say.
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DStream, ManualClock, StreamingContext } from '../../../runtime/index';
import { Lease } from '../../../runtime/streaming/recovery/lease';
import { LineServer, quietDisplay, StreamTests } from '../../helpers/streams';
import { until } from '../../helpers/within';

const test = suite('checkpoint folders');
const given = new StreamTests(test);

/** One run of a program on a folder. */
class Run {
  readonly clock: ManualClock;
  readonly notices: string[] = [];
  readonly rows: unknown[] = [];
  readonly streaming: StreamingContext;

  constructor(folder: string, source: (s: StreamingContext) => DStream<unknown>, from = 1_000_000, pauseMs = 0) {
    this.clock = new ManualClock(from);
    const display = quietDisplay((text) => this.notices.push(text));
    const program = (s: StreamingContext) =>
      void source(s)
        .setName('source')
        .foreachRDD(async (rdd) => {
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
          this.rows.push(...(await rdd.collect()));
        });
    const options = { sc: given.sc, interval: '1s', clock: this.clock, display, blockInterval: '20ms' };
    this.streaming = StreamingContext.getOrCreate(folder, program, options);
  }

  async batches(count: number): Promise<this> {
    this.streaming.start();
    for (let i = 0; i < count; i++) {
      this.clock.advance('1s');
      await this.streaming.idle();
    }
    return this;
  }
}

const numbers = (s: StreamingContext) => s.generatorStream(2, (i) => i);
const codeOf = (f: () => unknown): string => {
  try {
    f();
  } catch (e) {
    return `${(e as { code: string }).code} ${(e as Error).message}`;
  }
  return 'nothing thrown';
};

test('what was received outlives the move of a checkpoint folder, and a copy of it leaves the original alone', async () => {
  const [first, second, copy] = ['first', 'second', 'copy'].map((name) => join(given.folder, name));
  const server = await LineServer.open();
  const lines = (s: StreamingContext) => s.socketTextStream('127.0.0.1', server.port);
  const before = new Run(first, lines, 1_000_000, 200);
  before.streaming.start();
  await server.connected();
  const blocks = () =>
    readdirSync(first, { recursive: true }).filter((name) => /received\/\w+\/0\/\d+$/.test(String(name))).length;
  server.send('one\n');
  await until(10_000, () => blocks() === 1, 'a block');
  const hasBatch = () => {
    before.clock.advance('1s');
    return before.streaming.inputs[0].inputOf(before.clock.now())?.records === 1;
  };
  await until(10_000, hasBatch, 'its batch');
  server.send('two\n');
  await until(10_000, () => blocks() === 2, 'another block');
  await before.streaming.stop();
  assert.equal(before.rows, []);
  renameSync(first, second);
  cpSync(second, copy, { recursive: true });
  const again = await new Run(second, lines, before.clock.now()).batches(2);
  await again.streaming.stop();
  assert.equal([again.rows, existsSync(first)], [['one', 'two'], false], again.notices.join());
  const listed = readdirSync(second, { recursive: true }).length;
  const other = await new Run(copy, lines, before.clock.now()).batches(2);
  await other.streaming.stop();
  assert.equal([other.rows, readdirSync(second, { recursive: true }).length], [['one', 'two'], listed]);
  await server.close(true);
});

test('a second program on the folder is refused while the first one lives', async () => {
  const folder = join(given.folder, 'checkpoint');
  const first = await new Run(folder, numbers).batches(1);
  const second = new Run(folder, numbers, 1_001_000);
  assert.match(
    codeOf(() => second.streaming.start()),
    /^CHECKPOINT_IN_USE .*checkpoint is the checkpoint folder of a program that runs: process \d+ on /,
  );
  await first.streaming.stop();
  assert.equal((await second.batches(1)).rows, [2, 3]);
  await second.streaming.stop();
  const owner = join(folder, 'owner');
  const [name] = readdirSync(owner);
  const held = JSON.parse(readFileSync(join(owner, name), 'utf8'));
  writeFileSync(join(owner, name), JSON.stringify({ ...held, started: '1', isReleased: false }));
  assert.is(Lease.take(folder).number, Number(name) + 1, 'a dead process');
  const elsewhere = JSON.stringify({ ...held, namespace: 'another host', isReleased: false });
  writeFileSync(join(owner, String(Number(name) + 1)), elsewhere);
  assert.match(
    codeOf(() => Lease.take(folder)),
    /^CHECKPOINT_IN_USE .* on another/,
  );
});

test('an owner that stalled while another program took the folder writes no more, and ends', async () => {
  const folder = join(given.folder, 'checkpoint');
  const stalled = await new Run(folder, numbers).batches(2);
  const newest = () =>
    join(folder, 'batches', String(Math.max(...readdirSync(join(folder, 'batches')).map((name) => Number(name) || 0))));
  await until(10_000, () => readFileSync(newest(), 'latin1').includes('"lastDone":1002000'), 'the last write');
  const last = newest();
  writeFileSync(join(folder, 'owner', '7'), readFileSync(join(folder, 'owner', '1')));
  await stalled.batches(1);
  await stalled.streaming.awaitTermination();
  assert.match(stalled.notices.join(), /the streams end: .* was taken over by another program/);
  assert.is(newest(), last);
});

test('a batch that waited while the folder was taken over does not run', async () => {
  const folder = join(given.folder, 'checkpoint');
  const stalled = await new Run(folder, numbers, 1_000_000, 200).batches(1);
  const { clock, streaming } = stalled;
  // Two batches are made and in the checkpoint; the second waits for the first.
  clock.advance('1s');
  clock.advance('1s');
  const written = (text: string) =>
    readdirSync(join(folder, 'batches')).some((name) => readFileSync(join(folder, 'batches', name), 'latin1').includes(text));
  await until(10_000, () => written('"lastMade":1003000'), 'the write of both');
  writeFileSync(join(folder, 'owner', '7'), readFileSync(join(folder, 'owner', '1')));
  await streaming.awaitTermination();
  assert.match(stalled.notices.join(), /the streams end: .* was taken over by another program/);
  assert.ok(stalled.rows.length <= 4, `the rows of two batches at most: ${stalled.rows}`);
});

/** Writes the checkpoints of a folder anew, as somebody who knows the format may. */
function craft(
  folder: string,
  change: (checkpoint: Record<string, unknown> & { inputs: Record<string, unknown>[] }) => void,
): void {
  for (const name of readdirSync(join(folder, 'batches'))) {
    const path = join(folder, 'batches', name);
    const bytes = readFileSync(path);
    const checkpoint = JSON.parse(bytes.subarray(20).toString());
    change(checkpoint);
    const text = Buffer.from(JSON.stringify(checkpoint));
    bytes.writeDoubleLE(text.length, 8);
    bytes.writeUInt32LE(crc32(text, crc32(bytes.subarray(0, 16))), 16);
    writeFileSync(path, Buffer.concat([bytes.subarray(0, 20), text]));
  }
}

test('a crafted checkpoint reads, removes and moves nothing outside', async () => {
  const victim = join(given.folder, 'victim');
  mkdirSync(victim);
  writeFileSync(join(victim, '1'), 'secret\n');
  const files = (s: StreamingContext) => s.textFileStream(victim.replace('victim', 'data'), { settle: '1ms' });
  mkdirSync(join(given.folder, 'data'));
  const log = { log: '../../victim', runs: [[0, 5]] };
  const received = (s: StreamingContext) => s.socketTextStream('127.0.0.1', 9);
  const batch = (reads: unknown) => [[1_001_000, { reads }]];
  const state = { name: 'source', isNamed: true, operation: 'x', version: 0, first: 0, numPartitions: 1, folder: '../../victim' };
  const version = { size: 7, mtimeMs: 0, ctimeMs: 0, ino: 0, sample: 0 };
  const cases: [(s: StreamingContext) => DStream<unknown>, (c: Parameters<Parameters<typeof craft>[1]>[0]) => void][] = [
    [files, (c) => (c.inputs[0].batches = batch([['../victim/1', version]]))],
    [files, (c) => (c.inputs[0].batches = batch([{ path: join(victim, '1'), version }]))],
    [received, (c) => (c.inputs[0].position = log)],
    [received, (c) => (c.inputs[0].position = { home: victim, runs: [[0, 5]] })],
    [received, (c) => (c.inputs[0].batches = batch([{ path: join(victim, '1'), bytes: 1, records: 1 }]))],
    [received, (c) => (c.inputs[0].batches = batch([['../../../victim', 1, 1, 1]]))],
    [numbers, (c) => (c.states = [state])],
    [numbers, (c) => (c.unfinished = ['../victim'])],
    [numbers, (c) => (c.inputs[0].position = { next: 'x', due: 0 })],
  ];
  for (const [i, [source, change]] of cases.entries()) {
    const folder = join(given.folder, `checkpoint${i}`);
    await (await new Run(folder, source).batches(1)).streaming.stop();
    craft(folder, change);
    const run = new Run(folder, source, 1_002_000);
    assert.match(
      codeOf(() => run.streaming.start()),
      /^CHECKPOINT_UNREADABLE .* is damaged: .* is not /,
      `case ${i}`,
    );
    await run.streaming.stop();
  }
  assert.is(readFileSync(join(victim, '1'), 'utf8'), 'secret\n');
});

test('links and what belongs to others are refused for what they are, and not changed', () => {
  const [real, folder] = [join(given.folder, 'real'), join(given.folder, 'checkpoint')];
  const open = () => new StreamingContext(given.sc, '1s', { display: quietDisplay() }).checkpoint(folder);
  mkdirSync(real);
  chmodSync(real, 0o755);
  symlinkSync(real, folder);
  assert.match(codeOf(open), /^CHECKPOINT_UNSAFE The checkpoint folder cannot be trusted: .*checkpoint is a symbolic link/);
  assert.is(statSync(real).mode & 0o777, 0o755);
  rmSync(folder);
  mkdirSync(join(folder, 'state'), { recursive: true });
  symlinkSync(real, join(folder, 'state', 'a'));
  assert.match(codeOf(open), /^CHECKPOINT_UNSAFE .*state\/a is a symbolic link/);
  rmSync(join(folder, 'state', 'a'));
  open();
  // Only root can give a folder away.
  if (process.getuid?.() !== 0) return;
  chownSync(folder, 12_345, 12_345);
  assert.match(codeOf(open), /^CHECKPOINT_UNSAFE .*checkpoint belongs to another user \(12345\)/);
});

test('a named source that has become one of another kind starts anew, and is told', async () => {
  const folder = join(given.folder, 'checkpoint');
  await (await new Run(folder, numbers).batches(1)).streaming.stop();
  const run = await new Run(folder, (s) => s.queueStream([[7]]), 1_002_000).batches(1);
  await run.streaming.stop();
  assert.match(
    run.notices.join('\n'),
    /the saved source source \(generatorStream\) is of another kind than source \(queueStream\) every 1s: it starts anew/,
  );
  assert.equal(run.rows, [7]);
});

test.run();
