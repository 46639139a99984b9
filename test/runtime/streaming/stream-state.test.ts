// Streams that remember: what each batch gives, and what is refused.
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DStream, ManualClock, StateSpec, StreamingContext } from '../../../runtime/index';
import { StreamTests } from '../../helpers/streams';

const test = suite('stream state');
const given = new StreamTests(test);

type Pairs = [string, number][];
const input: Pairs[] = [
  [
    ['a', 1],
    ['b', 2],
    ['a', 3],
  ],
  [['a', 10]],
  [],
  [['b', 5]],
  [],
];
const sums: Pairs[] = [
  [
    ['a', 4],
    ['b', 2],
  ],
  [
    ['a', 14],
    ['b', 2],
  ],
  [['a', 10]],
  [['b', 5]],
  [['b', 5]],
];

test('updateStateByKey: every key each batch, undefined drops', async () => {
  const counted = (s: DStream<[string, number]>) =>
    s.updateStateByKey<string, number, { sum: number; age: number }>((values, state = { sum: 0, age: 0 }) => {
      // Changed in place.
      for (const v of values) state.sum += v;
      state.age++;
      return state.age > 3 ? undefined : state;
    });
  const options = { checkpoint: given.folder };
  await given.check.batches(
    input.slice(0, 4),
    counted,
    [
      [
        ['a', { sum: 4, age: 1 }],
        ['b', { sum: 2, age: 1 }],
      ],
      [
        ['a', { sum: 14, age: 2 }],
        ['b', { sum: 2, age: 2 }],
      ],
      [
        ['a', { sum: 14, age: 3 }],
        ['b', { sum: 2, age: 3 }],
      ],
      [],
    ],
    options,
  );
});

test('updateStateByKey: initial states, key and time', async () => {
  const initial = given.sc.parallelize<[string, string]>([['z', 'start']]);
  const told = (s: DStream<[string, number]>) =>
    s.updateStateByKey<string, number, string>(
      (values, state, key, time) => `${state ?? ''}${key}${values}@${time % 10_000};`,
      2,
      initial,
    );
  await given.check.batches(
    [[['a', 1]], []] as Pairs[],
    told,
    [
      [
        ['a', 'a1@1000;'],
        ['z', 'startz@1000;'],
      ],
      [
        ['a', 'a1@1000;a@2000;'],
        ['z', 'startz@1000;z@2000;'],
      ],
    ],
    { checkpoint: given.folder },
  );
});

const running = (s: DStream<[string, number]>) =>
  s.mapWithState<string, number, number, [string, number]>((key, value, state) => {
    const sum = (state.get() ?? 0) + (value ?? 0);
    state.update(sum);
    return [key, sum];
  });

test('mapWithState: the rows of the batch, and all states beside', async () => {
  const rows: Pairs[] = [
    [
      ['a', 1],
      ['b', 2],
      ['a', 4],
    ],
    [['a', 14]],
    [],
    [['b', 7]],
    [],
  ];
  await given.check.batches(input, running, rows, { checkpoint: join(given.folder, 'rows') });
  const all = (s: DStream<[string, number]>) => (running(s) as ReturnType<typeof running>).stateSnapshots();
  const states: Pairs[] = [
    sums[0],
    sums[1],
    sums[1],
    [
      ['a', 14],
      ['b', 7],
    ],
    [
      ['a', 14],
      ['b', 7],
    ],
  ];
  await given.check.batches(input, all, states, { checkpoint: join(given.folder, 'states') });
});

test('mapWithState: exact timeouts, also in empty batches, once, and a record in that batch keeps the key', async () => {
  const timed = (s: DStream<[string, number]>) =>
    s.mapWithState(
      StateSpec.function<string, number, number, string>((key, value, state) => {
        if (state.isTimingOut()) return `${key} out with ${state.get()}`;
        state.update((state.get() ?? 0) + value!);
        return `${key}=${state.get()}`;
      })
        .timeout('2s')
        .initialState(given.sc.parallelize<[string, number]>([['z', 9]]))
        .numPartitions(2),
    );
  const events: Pairs[] = [[['a', 1]], [['b', 1]], [['b', 1]], [['c', 1]], [['b', 1]], [], [], []];
  const expected = [
    ['a=1'],
    ['b=1', 'z out with 9'],
    ['a out with 1', 'b=2'],
    ['c=1'],
    ['b=3'],
    ['c out with 1'],
    ['b out with 3'],
    [],
  ];
  await given.check.batches(events, timed, expected, { checkpoint: given.folder });
});

test('mapWithState: what must not be done with a state is said', async () => {
  const calls: [string, (state: import('../../../runtime/index').State<number>) => void][] = [
    ['remove', (state) => state.remove()],
    ['update', (state) => (state.isTimingOut() ? state.update(1) : state.update(0))],
  ];
  for (const [call, use] of calls) {
    const operation = (s: DStream<[string, number]>) =>
      s.mapWithState<string, number, number, undefined>((_key, _value, state) => use(state) as undefined, { timeout: '1s' });
    const failure = await given.check
      .outputOf([[['a', 1]], []] as Pairs[], operation, { checkpoint: join(given.folder, call) })
      .catch((e) => e);
    assert.is(failure.code, 'BAD_STATE_CALL');
    assert.match(failure.message, new RegExp(`state.${call}\\(\\) was called for the key "a"`));
  }
});

test('track: init, update, null drops, idle keys leave', async () => {
  const sessions = (s: DStream<[string, string]>) =>
    s.track({
      init: (_key, event) => [event],
      update: (_key, state, event) => (event === 'exit' ? null : [...state, event]),
      timeout: '2s',
    });
  const events: [string, string][][] = [
    [
      ['u', 'in'],
      ['v', 'in'],
    ],
    [['u', 'go']],
    [['u', 'exit']],
    [],
  ];
  const expected: [string, string[]][][] = [
    [
      ['u', ['in']],
      ['v', ['in']],
    ],
    [
      ['u', ['in', 'go']],
      ['v', ['in']],
    ],
    [],
    [],
  ];
  await given.check.batches(events, sessions, expected, { checkpoint: given.folder });
});

test('runningReduce merges since the start', async () => {
  const expected: Pairs[] = [
    sums[0],
    sums[1],
    sums[1],
    [
      ['a', 14],
      ['b', 7],
    ],
    [
      ['a', 14],
      ['b', 7],
    ],
  ];
  await given.check.batches(input, (s) => s.runningReduce((a, b) => a + b), expected, { checkpoint: given.folder });
});

test('states may be instances of classes with private parts, maps and sets', async () => {
  class Seen {
    #words = new Set<number>();
    add(word: number): this {
      this.#words.add(word);
      return this;
    }
    get size(): number {
      return this.#words.size;
    }
  }
  const distinct = (s: DStream<[string, number]>) =>
    s
      .updateStateByKey<string, number, Seen>((values, state = new Seen()) => {
        for (const v of values) state.add(v);
        return state;
      })
      .mapValues((seen) => seen.size);
  await given.check.batches(
    [[['a', 1]], [['a', 1]], [['a', 2]]] as Pairs[],
    distinct,
    [[['a', 1]], [['a', 1]], [['a', 2]]] as Pairs[],
    { checkpoint: given.folder },
  );
});

test('state needs a folder, which is private; and it must be chosen before the start', async () => {
  const clock = new ManualClock();
  const streaming = new StreamingContext(given.sc, '1s', { clock });
  const stream = streaming.queueStream<[string, number]>([]);
  stream.runningReduce((a, b) => a + b).foreachRDD(() => {});
  assert.throws(
    () => streaming.start(),
    (e: any) => e.code === 'STATE_NEEDS_CHECKPOINT' && /runningReduce/.test(e.message),
  );
  assert.throws(
    () => streaming.checkpoint(''),
    (e: any) => e.code === 'BAD_ARGUMENT',
  );
  writeFileSync(join(given.folder, 'file'), '');
  assert.throws(
    () => streaming.checkpoint(join(given.folder, 'file')),
    (e: any) => e.code === 'BAD_ARGUMENT' && /it is a file/.test(e.message),
  );
  streaming.checkpoint(join(given.folder, 'made'));
  assert.is(statSync(join(given.folder, 'made')).mode & 0o777, 0o700);
  streaming.start();
  assert.throws(
    () => streaming.checkpoint(given.folder),
    (e: any) => e.code === 'STREAMING_STARTED',
  );
  await streaming.stop();
});

test('bad arguments are refused where they are written', async () => {
  const streaming = new StreamingContext(given.sc, '2s', { clock: new ManualClock() });
  const pairs = streaming.queueStream<[string, number]>([]);
  const add = (a: number, b: number) => a + b;
  const cases: [code: string, f: () => unknown][] = [
    ['NOT_A_MULTIPLE', () => pairs.reduceByKeyAndWindow(add, '3s')],
    ['NOT_A_MULTIPLE', () => pairs.countByWindow('4s', '1s')],
    ['BAD_ARGUMENT', () => pairs.reduceByKeyAndWindow('4s', 3 as never)],
    ['BAD_ARGUMENT', () => pairs.reduceByKeyAndWindow('4s', add, 3 as never)],
    ['BAD_ARGUMENT', () => pairs.track(3 as never)],
    ['BAD_ARGUMENT', () => pairs.mapWithState(3 as never)],
    ['BAD_ARGUMENT', () => pairs.updateStateByKey(() => 1, 2, 3 as never)],
    ['BAD_ARGUMENT', () => pairs.mapWithState(() => 1, { timeout: 'soon' })],
  ];
  for (const [code, f] of cases) {
    assert.throws(f, (e: any) => e.code === code);
  }
  await streaming.stop();
});

test.run();
