// Windows by gaps: what is in one session, when it is emitted, what joins two, what comes too late, and what is refused.
import { rmSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DStream, ManualClock, type Session, StreamingContext } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { quietDisplay, StreamTests } from '../../helpers/streams';

const test = suite('stream sessions');
const given = new StreamTests(test);

/** Seconds after the start of StreamCheck's clock: the first batch ends at 1. */
const second = (n: number) => 1_000_000 + n * 1000;
type Click = [at: number, user: string];
const options = { key: ([, user]: Click) => user, time: ([at]: Click) => second(at), slack: '1s' };
const sessions = (s: DStream<Click>) => s.sessionWindow('2s', options);
const session = (key: string, ...times: number[]): Session<string, Click> => ({
  key,
  start: second(Math.min(...times)),
  end: second(Math.max(...times) + 2),
  count: times.length,
  values: times.map((at): Click => [at, key]),
});
const none: Session<string, Click>[] = [];

test('a session is emitted once, the slack after its end; a record at its end begins another', async () => {
  const input: Click[][] = [
    [
      [0.5, 'a'],
      [0.2, 'b'],
    ],
    [[1.5, 'a']],
    [],
    [[3.5, 'a']],
  ];
  await given.check.batches(
    input,
    sessions,
    [none, none, none, [session('b', 0.2)], [session('a', 0.5, 1.5)], none, [session('a', 3.5)], none],
    { checkpoint: given.folder },
  );
});

test('a late record joins two sessions into one, in the order of their times', async () => {
  const input: Click[][] = [[[0.1, 'a']], [], [[2.9, 'a']], [[1.5, 'a']], []];
  await given.check.batches(
    input,
    (s) => s.sessionWindow('2s', { ...options, slack: '3s' }),
    [none, none, none, none, none, none, none, [session('a', 0.1, 1.5, 2.9)]],
    { checkpoint: given.folder },
  );
});

test('open has the sessions that have not ended, after each batch', async () => {
  const input: Click[][] = [[[0.5, 'a']], [[1.5, 'b']], []];
  await given.check.batches(
    input,
    (s) => sessions(s).open(),
    [
      [session('a', 0.5)],
      [session('a', 0.5), session('b', 1.5)],
      [session('a', 0.5), session('b', 1.5)],
      [session('b', 1.5)],
      [],
    ],
    { checkpoint: given.folder },
  );
});

test('with reduce a session holds one value; value says of what', async () => {
  const input: Click[][] = [
    [
      [0.5, 'a'],
      [0.6, 'a'],
    ],
    [[1.5, 'a']],
  ];
  const add = (a: number, b: number) => a + b;
  const row = { key: 'a', start: second(0.5), end: second(3.5), count: 3, value: 30 };
  await given.check.batches(
    input,
    (s) => s.sessionWindow('2s', { ...options, value: () => 10, reduce: add }),
    [[], [], [], [], [row]],
    { checkpoint: given.folder },
  );
  const users = { ...row, value: undefined, values: ['a', 'a', 'a'] };
  const { value: _, ...listed } = users;
  rmSync(given.folder, { recursive: true });
  await given.check.batches(
    input,
    (s) => s.sessionWindow('2s', { ...options, value: ([, user]) => user }),
    [[], [], [], [], [listed]],
    {
      checkpoint: given.folder,
    },
  );
});

test('the records of a stream with slack are all in time', async () => {
  const input: Click[][] = [[[0.5, 'a']], [], [[2.4, 'a']], [], [], []];
  const slacked = (s: DStream<Click>) => s.slack('2s', ([at]) => second(at));
  const sessions = (s: DStream<Click>) => s.sessionWindow('2s', { key: ([, user]) => user, time: ([at]) => second(at) });
  const later: ((s: DStream<Click>) => DStream<Click>)[] = [
    slacked,
    // What is made of it comes as late.
    (s) =>
      slacked(s)
        .filter(([at]) => at < 60)
        .map((click) => click),
    (s) => slacked(s).union(slacked(s).filter(() => false)),
    (s) => slacked(s).transform((rdd) => rdd.filter(() => true)),
  ];
  for (const [i, late] of later.entries())
    await given.check.batches(input, (s) => sessions(late(s)), [none, none, none, none, none, none, [session('a', 0.5, 2.4)]], {
      checkpoint: `${given.folder}/${i}`,
    });
});

test('what is too late, or too far ahead, is counted and reported; what is late joins a session that is open', async () => {
  const clock = new ManualClock(second(0));
  const notices: string[] = [];
  const display = quietDisplay((text) => notices.push(text));
  const streaming = new StreamingContext(given.sc, '1s', { clock, display });
  streaming.checkpoint(given.folder);
  const input: Click[][] = [
    [[0.9, 'a']],
    [
      [-5, 'a'],
      [60, 'a'],
      [-0.9, 'a'],
    ],
    [],
    [],
  ];
  const visits = streaming.queueStream(input, true).sessionWindow('2s', options).setName('visits');
  const out: unknown[] = [];
  visits.foreachRDD(async (rdd) => out.push(...(await rdd.collect())));
  streaming.start();
  for (let i = 0; i < 4; i++) {
    clock.advance('1s');
    await streaming.idle();
  }
  assert.equal(notices, ['visits: 2 records were dropped, too late for a session or too far ahead of time']);
  assert.is(visits.dropped, 2);
  assert.equal(out, [session('a', -0.9, 0.9)]);
  await streaming.stop();
});

test('it needs functions, a duration above 0, numbers for times, and a checkpoint folder', async () => {
  const streaming = new StreamingContext(given.sc, '1s', { clock: new ManualClock(0) });
  const source = streaming.queueStream<Click>([]);
  const none = await errorOf('BAD_ARGUMENT', () => source.sessionWindow('2s', undefined as never));
  assert.match(none.remedy, /sessionWindow\('30m', \{ key/);
  await errorOf('BAD_ARGUMENT', () => source.sessionWindow('soon', options));
  await errorOf('BAD_ARGUMENT', () => source.sessionWindow('2s', { ...options, slack: -1 }));
  for (const name of ['key', 'time', 'value', 'reduce']) {
    const error = await errorOf('BAD_ARGUMENT', () => source.sessionWindow('2s', { ...options, [name]: 'user' } as never));
    assert.match(error.message, new RegExp(`sessionWindow: ${name} is "user"`));
  }
  source.sessionWindow('2s', options).print();
  await errorOf('STATE_NEEDS_CHECKPOINT', () => streaming.start());
  const wrong = await given.check
    .outputOf([[[0, 'a']]] as Click[][], (s) => s.sessionWindow('2s', { ...options, time: () => 'noon' as never }), {
      checkpoint: given.folder,
    })
    .then(
      () => assert.unreachable('no time, and no error'),
      (e: Error) => e,
    );
  assert.match(`${wrong?.message}`, /the time of \[0,"a"\] is "noon", but must be milliseconds since the epoch/);
});

test.run();
