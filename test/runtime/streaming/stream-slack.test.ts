// Slack of streams: which batch has a record by its own time, what is late, how totals are corrected, and what is refused.
import { rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DStream, ManualClock, StreamingContext } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { quietDisplay, StreamTests } from '../../helpers/streams';

const test = suite('stream slack');
const given = new StreamTests(test);

/** Seconds after the start of StreamCheck's clock: the first batch ends at 1. */
const second = (n: number) => 1_000_000 + n * 1000;
type Event = [at: number, name: string];
const slacked = (s: DStream<Event>) => s.slack('2s', ([at]) => second(at));
const named = (s: DStream<Event>) => slacked(s).map(([, name]) => name);

test('a batch has the records of the interval that ended the slack before', async () => {
  const input: Event[][] = [
    [
      [0.5, 'at once'],
      [0, 'before the start'],
    ],
    [
      [1, 'border'],
      [1.001, 'next'],
    ],
    [[0.25, 'just in time']],
    [[1.9, 'after two seconds']],
  ];
  await given.check.batches(input, named, [
    [],
    ['before the start'],
    ['at once', 'border', 'just in time'],
    ['next', 'after two seconds'],
    [],
  ]);
});

test('times ahead of the clock wait for their interval, as far as the slack reaches', async () => {
  const input: Event[][] = [
    [
      [2.5, 'ahead'],
      [3, 'at the border'],
      [3.001, 'too far'],
    ] as Event[],
  ];
  await given.check.batches(input, named, [[], [], [], [], ['ahead', 'at the border'], [], []]);
  await given.check.batches(input, (s) => slacked(s).late(), [[[second(4), [3.001, 'too far']]], [], [], [], [], [], []] as [
    number,
    Event,
  ][][]);
});

test('late has what missed its batch, under the end of its interval', async () => {
  const input: Event[][] = [[], [], [[0.5, 'in time']], [[0.5, 'late']], [[-7, 'very late']]];
  await given.check.batches(input, named, [[], [], ['in time'], [], []]);
  await given.check.batches(input, (s) => slacked(s).late(), [
    [],
    [],
    [],
    [[second(1), [0.5, 'late']]],
    [[second(-7), [-7, 'very late']]],
  ] as [number, Event][][]);
});

test('totals come when their interval closes, and again when late records change them', async () => {
  const input: Event[][] = [
    [
      [0.5, 'a'],
      [0.6, 'a'],
      [0.7, 'b'],
    ],
    [],
    [[0.8, 'a']],
    [
      [0.9, 'a'],
      [0.9, 'a'],
      [0.9, 'new'],
    ],
    [],
    [[0.2, 'b']],
    [[0.3, 'dropped']],
  ];
  const totals = (s: DStream<Event>) =>
    slacked(s).correctedReduceByKey(
      ([, name]) => [name, 1],
      (a, b) => a + b,
      { keep: '3s' },
    );
  const interval = (name: string, total: number): [[number, string], number] => [[second(1), name], total];
  const expected = [
    [],
    [],
    [interval('a', 3), interval('b', 1)],
    [interval('a', 5), interval('new', 1)],
    [],
    [interval('b', 2)],
    [],
  ];
  await given.check.batches(input, totals, expected, { checkpoint: given.folder });
});

test('records that are pairs are reduced as they are; totals that change in place keep what was given', async () => {
  const input = [[['a', [1]]], [['a', [2]]], [['a', [3]]], [], []] as [string, number[]][][];
  const gathered = (s: DStream<[string, number[]]>) =>
    s
      .slack('1s', () => second(1))
      .correctedReduceByKey(
        (a, b) => {
          a.push(...b);
          return a;
        },
        { keep: '5s', partitioning: 2 },
      );
  const rows = (...values: number[]) => [[[second(1), 'a'], values]] as [[number, string], number[]][];
  await given.check.batches(input, gathered, [[], rows(1, 2), rows(1, 2, 3), [], []], { checkpoint: given.folder });
});

test('what is too late for a correction is counted and told, at most every ten seconds', async () => {
  const clock = new ManualClock(second(0));
  const notices: string[] = [];
  const display = quietDisplay((text) => notices.push(text));
  const streaming = new StreamingContext(given.sc, '1s', { clock, display });
  streaming.checkpoint(given.folder);
  const ancient: Event[] = [
    [-60, 'a'],
    [-61, 'b'],
  ];
  const totals = slacked(streaming.queueStream([ancient, ancient.slice(1), [], ancient.slice(1)], true))
    .correctedReduceByKey(
      ([, name]) => [name, 1],
      (a, b) => a + b,
      { keep: '1s' },
    )
    .setName('totals');
  const out: unknown[] = [];
  totals.foreachRDD(async (rdd) => out.push(...(await rdd.collect())));
  streaming.start();
  for (let i = 0; i < 4; i++) {
    clock.advance('1s');
    await streaming.idle();
  }
  const rest = 'dropped, too late for a correction or too far ahead of time';
  assert.equal(notices, [`totals: 2 records were ${rest}`]);
  await streaming.stop();
  assert.equal(notices, [`totals: 2 records were ${rest}`, `totals: 2 records were ${rest}`]);
  assert.is(totals.dropped, 4);
  assert.equal(out, []);
});

test('durations must be multiples of the slide, functions functions, and times numbers', async () => {
  const streaming = new StreamingContext(given.sc, '2s', { clock: new ManualClock(0) });
  const source = streaming.queueStream<Event>([]);
  const slack = await errorOf('NOT_A_MULTIPLE', () => source.slack('3s', ([at]) => at));
  assert.match(slack.message, /^slack: the duration is 3s.*slide of 2s/);
  await errorOf('BAD_ARGUMENT', () => source.slack('soon', ([at]) => at));
  await errorOf('BAD_ARGUMENT', () => source.slack('2s', 5 as never));
  const pairs = source.slack('2s', ([at]) => at);
  const keep = await errorOf('NOT_A_MULTIPLE', () => pairs.correctedReduceByKey((a) => a, { keep: '5s' }));
  assert.match(keep.message, /^correctedReduceByKey: keep is 5s.*slide of 2s/);
  const none = await errorOf('BAD_ARGUMENT', () => pairs.correctedReduceByKey((a) => a, undefined as never));
  assert.match(none.remedy, /\{ keep: '1m' \}/);
  pairs.correctedReduceByKey((a) => a, { keep: '4s' }).print();
  await errorOf('STATE_NEEDS_CHECKPOINT', () => streaming.start());
  for (const time of [Number.NaN, '12:00', undefined, new Date(0)]) {
    const wrong = await given.check
      .batches([['the record']], (s) => s.slack('1s', () => time as number), [[]])
      .then(
        () => assert.unreachable('no time, and no error'),
        (error: Error) => error,
      );
    assert.match(`${wrong?.message}`, /the time of "the record" is .* but must be milliseconds since the epoch/);
  }
});

test('what timeOf throws names the record', async () => {
  const throwing = (s: DStream<Event>) =>
    s.slack('1s', (): number => {
      throw new Error('no clock');
    });
  const error = await given.check.outputOf([[[0.5, 'a']]] as Event[][], throwing, { batches: 2 }).then(
    () => assert.unreachable('nothing was thrown'),
    (e: Error) => e as Error & { details?: { element?: string } },
  );
  assert.match(`${error?.message} ${JSON.stringify(error)}`, /no clock/);
  assert.match(JSON.stringify(error), /\[0\.5,/);
});

test('records that are no pairs are named', async () => {
  const wrong = (s: DStream<Event>) =>
    slacked(s).correctedReduceByKey((() => 'no pair') as never, (a: number) => a, { keep: '1s' });
  const error = await given.check.outputOf([[[0.5, 'a']]] as Event[][], wrong, { batches: 3, checkpoint: given.folder }).then(
    () => assert.unreachable('no pair, and no error'),
    (e: Error) => e,
  );
  assert.match(`${error?.message}`, /correctedReduceByKey.*"no pair"/);
});

/** Six records a second, up to five seconds late: of each six some are in time, some correct, some are dropped. */
const lateRecords = (i: number) => ({ at: (Math.floor(i / 6) + 1 - ((i * i + (i >> 3)) % 6)) * 1000, key: i % 2, value: i });

/** All that slack gives from one time to another, by the time of the batch and the output. */
async function runFrom(from: number, until: number): Promise<[time: number, output: string, rows: unknown[]][]> {
  const clock = new ManualClock(from);
  const out: [number, string, unknown[]][] = [];
  const display = quietDisplay();
  const create = (streaming: StreamingContext) => {
    const records = streaming.generatorStream(6, lateRecords).slack('2s', ({ at }) => at);
    const totals = records.correctedReduceByKey(
      ({ key, value }) => [key, value],
      (a, b) => a + b,
      { keep: '2s' },
    );
    for (const [name, stream] of Object.entries({ records, late: records.late(), totals }))
      (stream as DStream<unknown>).foreachRDD(async (rdd, time) => {
        out.push([time, name, (await rdd.collect()).map((row) => JSON.stringify(row)).sort()]);
      });
  };
  const streaming = StreamingContext.getOrCreate(given.folder, create, { sc: given.sc, interval: '1s', clock, display });
  streaming.start();
  while (clock.now() < until) {
    clock.advance('1s');
    await streaming.idle();
  }
  await streaming.stop();
  return out;
}

test('a restart at any time changes nothing: open intervals, late records and totals go on', async () => {
  const whole = await runFrom(0, 9000);
  assert.ok(whole.filter(([, name, rows]) => name === 'totals' && rows.length > 2).length > 2, 'there are corrections');
  for (const cut of [1000, 2000, 4000, 5000, 8000]) {
    rmSync(given.folder, { recursive: true });
    const halves = [...(await runFrom(0, cut)), ...(await runFrom(cut, 9000))];
    assert.equal(halves, whole, `cut at ${cut}`);
  }
});

test.run();
