// Streams that go on from a checkpoint: what is found again, what is told, and what a damaged file does.
// time limit: 300 s
import { mkdtempSync, readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock, StreamingContext } from '../../../runtime/index';
import { collect, type Rows, runner } from '../../helpers/stream-runs';
import { StreamTests } from '../../helpers/streams';
import { within } from '../../helpers/within';

const test = suite('stream recovery');
const given = new StreamTests(test);
const { notices, display } = given;

const run = runner(given);

/** Counts of numbers by their rest, two a second. */
const totals = (s: StreamingContext, out: Rows) =>
  collect(
    s
      .generatorStream(2, (i) => i)
      .map((i) => [i % 2 === 0 ? 'even' : 'odd', 1])
      .runningReduce((a, b) => a + b),
    out,
  );

const both = (n: number) => [
  ['even', n],
  ['odd', n],
];

test('state, sources and the series of batches resume; missed batches become catch-up batches', async () => {
  assert.equal(await run(totals, { from: 0, until: 3000 }), [
    [1000, both(1)],
    [2000, both(2)],
    [3000, both(3)],
  ]);
  assert.equal(await run(totals, { from: 5500, until: 6500 }), [
    [4000, both(4)],
    [5000, both(5)],
    [6000, both(6)],
  ]);
  assert.match(notices.join(), /^resumes after the batch of .*: no batch was interrupted, 2 catch-up batches$/);
});

test('files are private, two are kept, and hold no code', async () => {
  await run(totals, { from: 0, until: 5000 });
  const batches = join(given.folder, 'checkpoint', 'batches');
  const names = readdirSync(batches);
  assert.is(names.length, 2);
  assert.is(statSync(batches).mode & 0o777, 0o700);
  for (const name of names) {
    assert.is(statSync(join(batches, name)).mode & 0o777, 0o600);
    assert.not.match(readFileSync(join(batches, name), 'utf8'), /=>|function|even/);
  }
});

test('an interrupted batch runs again on what it read', async () => {
  let isBroken = true;
  let reach = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const program = (s: StreamingContext, out: Rows) => {
    const stream = s.generatorStream(1, (i) => i).map((i) => [i, 1]);
    stream
      .runningReduce((a, b) => a + b)
      .foreachRDD(async (rdd, time) => {
        // The crash: this batch never ends.
        if (isBroken && time === 2000) {
          reach();
          await new Promise(() => {});
        }
        out.push([
          time,
          await rdd
            .keys()
            .sortBy((x) => x)
            .collect(),
        ]);
      });
  };
  const clock = new ManualClock(0);
  const first: Rows = [];
  const options = { sc: given.sc, interval: '1s', clock, display };
  const streaming = StreamingContext.getOrCreate(join(given.folder, 'checkpoint'), (s) => program(s, first), options);
  streaming.start();
  clock.advance('1s');
  await streaming.idle();
  clock.advance('2s');
  // Its jobs run once what it reads is on the disk.
  await within(5000, reached, 'the interrupted batch');
  isBroken = false;
  // Its process is said to have died.
  const owner = join(given.folder, 'checkpoint', 'owner', '1');
  writeFileSync(owner, readFileSync(owner, 'utf8').replace(/"started":"\d*"/, '"started":"1"'));
  const again = await run(program, { from: 3000, until: 4000 });
  assert.equal(again, [
    [2000, [0, 1]],
    [3000, [0, 1, 2]],
    [4000, [0, 1, 2, 3]],
  ]);
});

test('windows are made of what their batches read', async () => {
  const program = (s: StreamingContext, out: Rows) => {
    const pairs = s.generatorStream(1, (i) => i).map((i) => ['all', i] as [string, number]);
    collect(
      pairs.reduceByKeyAndWindow(
        (a, b) => a + b,
        (a, b) => a - b,
        '3s',
      ),
      out,
    );
    collect(pairs.window('2s').values(), out);
  };
  await run(program, { from: 0, until: 4000 });
  assert.equal(await run(program, { from: 4000, until: 6000 }), [
    [5000, [['all', 2 + 3 + 4]]],
    [5000, [3, 4]],
    [6000, [['all', 3 + 4 + 5]]],
    [6000, [4, 5]],
  ]);
});

test('changed code goes on with old state; what cannot be matched is told', async () => {
  const first = (s: StreamingContext, out: Rows) => {
    const numbers = s.generatorStream(1, (i) => i).setName('numbers');
    collect(
      numbers
        .map((i) => ['a', i] as [string, number])
        .runningReduce((a, b) => a + b)
        .setName('sum'),
      out,
    );
    collect(
      numbers
        .map((i) => ['a', i] as [string, number])
        .runningReduce((a, b) => a + b)
        .setName('gone'),
      out,
    );
  };
  await run(first, { from: 0, until: 3000 });
  const second = (s: StreamingContext, out: Rows) => {
    const numbers = s.generatorStream(1, (i) => i).setName('numbers');
    // Steps that were not there before change no name, and the function is another one.
    const sums = numbers.filter(() => true).map((i) => ['a', i] as [string, number]);
    collect(sums.runningReduce((a, b) => a * 100 + b).setName('sum'), out);
    collect(sums.runningReduce((a, b) => a + b).setName('new'), out);
  };
  assert.equal(await run(second, { from: 3000, until: 4000 }), [
    [4000, [['a', 303]]],
    [4000, [['a', 3]]],
  ]);
  assert.match(notices.join('\n'), /no stream claims the state of gone \(runningReduce\)/);
  assert.match(notices.join('\n'), /new \(runningReduce\) every 1s has no state in the checkpoint: it starts empty/);
});

test('streams without names are found by their order; where that is unclear, it is asked for', async () => {
  await run(totals, { from: 0, until: 2000 });
  const more = (s: StreamingContext, out: Rows) => {
    const ones = s
      .generatorStream(2, (i) => i)
      .filter(() => true)
      .map((i) => [i % 2 === 0 ? 'even' : 'odd', 1] as [string, number]);
    collect(
      ones.runningReduce((a, b) => a + b),
      out,
    );
    return ones;
  };
  assert.equal(await run(more, { from: 2000, until: 3000 }), [[3000, both(3)]]);
  const twice = (s: StreamingContext, out: Rows) =>
    collect(
      more(s, out).runningReduce((a, b) => a - b),
      out,
    );
  const error = await run(twice, { from: 3000, until: 4000 }).catch((e) => e);
  assert.is(error.code, 'STREAMS_AMBIGUOUS');
  assert.match(error.message, /1 unnamed streams of runningReduce \(runningReduce#\d+\), the program has 2/);
});

test('another interval: state goes on, windows start empty', async () => {
  await run(totals, { from: 0, until: 4000 });
  assert.equal(await run(totals, { from: 4000, until: 8000, interval: '2s' }), [
    [6000, both(6)],
    [8000, both(8)],
  ]);
  assert.match(notices.join('\n'), /the interval was 1s and is 2s/);
});

test('another number of partitions: state keeps its own', async () => {
  const program = (partitions: number) => (s: StreamingContext, out: Rows) =>
    collect(
      s
        .generatorStream(3, (i) => i)
        .map((i) => [i % 3, 1])
        .runningReduce((a, b) => a + b, partitions)
        .setName('n'),
      out,
    );
  await run(program(2), { from: 0, until: 2000 });
  const out = await run(program(5), { from: 2000, until: 3000 });
  assert.equal(out, [
    [
      3000,
      [
        [0, 3],
        [1, 3],
        [2, 3],
      ],
    ],
  ]);
  assert.match(notices.join('\n'), /keeps its 2 partitions, although the program asks for 5/);
});

test("a partitioner of the program's own with another number is refused, and nothing is lost", async () => {
  const program = (numPartitions: number) => (s: StreamingContext, out: Rows) => {
    const own = { numPartitions, getPartition: (key: number) => key % numPartitions };
    collect(
      s
        .generatorStream(3, (i) => i)
        .map((i) => [i % 3, 1])
        .runningReduce((a, b) => a + b, own),
      out,
    );
  };
  await run(program(2), { from: 0, until: 1000 });
  const error = await run(program(3), { from: 1000, until: 2000 }).catch((e) => e);
  assert.match(`${error.code} ${error.message}`, /^STATE_PARTITIONS .*has 2 partitions, but its partitioner has 3/);
  assert.is((await run(program(2), { from: 1000, until: 2000 })).length, 1);
});

test('a long downtime gives a bounded number of catch-up batches, and the skipped ones are reported', async () => {
  await run(totals, { from: 0, until: 1000 });
  const out = await run(totals, { from: 1_000_000, until: 1_000_000 });
  assert.is(out.length, 600);
  assert.equal(out.at(-1), [1_000_000, both(601)]);
  assert.match(notices.join(), /600 catch-up batches, 399 missed batches skipped/);
});

test('with the clock set back an hour between two runs batches go on at once, from the last one', async () => {
  const hour = 3_600_000;
  await run(totals, { from: hour, until: hour + 2000 });
  assert.equal(await run(totals, { from: 2500, until: 4500 }), [
    [hour + 3000, both(3)],
    [hour + 4000, both(4)],
  ]);
  assert.match(notices.join('\n'), /the last batch is of .*, and the clock says .*: batch times continue from the last one/);
  // Set right again.
  assert.equal(await run(totals, { from: hour + 4500, until: hour + 5500 }), [[hour + 5000, both(5)]]);
});

test('a damaged checkpoint: the one before it is used; two of them: a clear end', async () => {
  await run(totals, { from: 0, until: 3000 });
  const batches = join(given.folder, 'checkpoint', 'batches');
  const [older, newer] = readdirSync(batches).sort((a, b) => Number(a) - Number(b));
  const bytes = readFileSync(join(batches, newer));
  bytes[bytes.length - 5] ^= 1;
  writeFileSync(join(batches, newer), bytes);
  const again = await run(totals, { from: 3000, until: 4000 });
  assert.equal(again.at(-1), [4000, both(4)]);
  assert.match(notices[0], new RegExp(`batches/${newer}.*its checksum is wrong.*batches/${older}, is used`));
  for (const name of readdirSync(batches)) writeFileSync(join(batches, name), 'x');
  const error = await run(totals, { from: 4000, until: 5000 }).catch((e) => e);
  assert.match(
    `${error.code} ${error.message}`,
    /^CHECKPOINT_UNREADABLE No checkpoint in .*batches can be read\..*ends too early/,
  );
});

test('a folder with a checkpoint is not taken by accident', async () => {
  await run(totals, { from: 0, until: 1000 });
  const streaming = new StreamingContext(given.sc, '1s', { clock: new ManualClock(), display });
  streaming.checkpoint(join(given.folder, 'checkpoint'));
  totals(streaming, []);
  assert.throws(
    () => streaming.start(),
    (e: { code: string; message: string }) =>
      e.code === 'CHECKPOINT_EXISTS' && /is the checkpoint of an earlier run/.test(e.message),
  );
  await streaming.stop();
});

test('a graceful end loses nothing and leaves nothing to run again', async () => {
  const first = await run(totals, { from: 0, until: 2500, graceful: true });
  assert.equal(first.at(-1), [4000, both(4)]);
  assert.equal(await run(totals, { from: 4000, until: 5000 }), [[5000, both(5)]]);
  assert.match(notices.join(), /no batch was interrupted/);
});

test('files that came while nothing ran come in the batches of their time', async () => {
  const incoming = mkdtempSync(join(given.folder, 'incoming-'));
  const program = (s: StreamingContext, out: Rows) => collect(s.textFileStream(incoming, { newFilesOnly: false }), out);
  const moveIn = (name: string) => {
    writeFileSync(join(given.folder, name), `${name}\n`);
    utimesSync(join(given.folder, name), 1, 1);
    renameSync(join(given.folder, name), join(incoming, name));
    return statSync(join(incoming, name)).ctimeMs;
  };
  const start = Math.floor(Date.now() / 1000) * 1000;
  moveIn('early');
  const rowsOf = (out: Rows) => out.flatMap(([, rows]) => rows);
  assert.equal(rowsOf(await run(program, { from: start + 2000, until: start + 3000 })), ['early']);
  moveIn('late');
  const out = await run(program, { from: start + 8000, until: start + 9000 });
  assert.equal(rowsOf(out), ['late']);
});

test.run();
