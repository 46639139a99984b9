// What the table of support asks of streams beside the examples of docstrings: sources, outputs, state and the past, with known answers.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Context, RDD, StreamingContext } from '../../runtime/index';
import * as api from '../../runtime/index';
import { LineServer, Listening, quietDisplay } from '../helpers/streams';
import { until } from '../helpers/within';

/** Where a probe may leave files, on a disk that all executors see. */
interface Place {
  readonly sc: Context;
  readonly folder: string;
}

/** Answers what it got and what it should have got. */
export type Probe = (place: Place) => Promise<readonly [got: unknown, expected: unknown]>;

/** What a source of a stream gave. */
async function heard(sc: Context, make: (s: StreamingContext) => api.DStream<string>, say: () => unknown, n: number) {
  const listening = new Listening(sc, make);
  try {
    await say();
    return [...(await listening.count(n))].slice(0, n).sort();
  } finally {
    await listening.stop();
  }
}

/** Two batches of one key through an operator with state. */
const stateful = <U>(sc: Context, folder: string, of: (s: api.DStream<[string, number]>) => api.DStream<U>) =>
  new api.StreamCheck(sc).outputOf<[string, number], U>([[['a', 1]], [['a', 2]]], of, { checkpoint: `${folder}/state` });

/** The rows that an output shows of a stream of one batch. */
async function shown(sc: Context, output: (words: api.DStream<string>) => unknown): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  const show = (batch: { readonly rows: readonly unknown[] }) => void rows.push(...batch.rows);
  const display = { ...quietDisplay(), printed: show, pane: (_: number, update: Parameters<typeof show>[0]) => show(update) };
  const make = (s: StreamingContext) => {
    const words = s.queueStream([['a', 'b']]);
    output(words);
    return words;
  };
  const listening = new Listening(sc, make, { display });
  try {
    await until(30_000, () => rows.length === 2, 'the rows');
    return rows;
  } finally {
    await listening.stop();
  }
}

/** What a question about the past of a stream gives after its batches at 1,000 and 2,000. */
async function past<U>(sc: Context, ask: (numbers: api.DStream<number>) => Promise<U> | undefined): Promise<U | undefined> {
  const clock = new api.ManualClock(0);
  const streaming = new api.StreamingContext(sc, '1s', { clock, display: quietDisplay() });
  const numbers = streaming.queueStream([[1], [2]]).remember('5s');
  numbers.foreachRDD(() => {});
  try {
    streaming.start();
    clock.advance('2s');
    await streaming.idle();
    return await ask(numbers);
  } finally {
    await streaming.stop();
  }
}

/** A server of WebSockets that sends one message to each that connects. */
async function sendingTo<U>(message: string, use: (url: string) => Promise<U>): Promise<U> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (client) => client.send(message));
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    return await use(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  }
}

export const onStreams: Record<string, Probe> = {
  'StreamingContext.socketTextStream': async ({ sc }) => {
    const server = await LineServer.open();
    const say = async () => {
      await server.connected();
      server.send('a\nb\n');
    };
    try {
      return [await heard(sc, (s) => s.socketTextStream('127.0.0.1', server.port), say, 2), ['a', 'b']];
    } finally {
      // In good order: Node cannot reset a connection that is ending already, and then it does not end itself.
      await server.close();
    }
  },
  'StreamingContext.tailStream': async ({ sc, folder }) => {
    const say = () => writeFileSync(`${folder}/app.log`, 'a\nb\n');
    return [await heard(sc, (s) => s.tailStream(`${folder}/app.log`, { from: 'start' }), say, 2), ['a', 'b']];
  },
  'StreamingContext.webhookStream': async ({ sc }) => {
    const free = await LineServer.open();
    const { port } = free;
    await free.close();
    const headers = { 'content-type': 'application/json' };
    const say = async (): Promise<void> => {
      const answer = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', headers, body: '["a","b"]' }).catch(
        () => undefined,
      );
      if (answer?.status === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
      await say();
    };
    return [await heard(sc, (s) => s.webhookStream({ listen: port }), say, 2), ['a', 'b']];
  },
  'StreamingContext.generatorStream': async ({ sc }) => [
    await heard(
      sc,
      (s) => s.generatorStream(100, (i) => `${i % 1}`),
      () => {},
      2,
    ),
    ['0', '0'],
  ],
  'StreamingContext.textFileStream': async ({ sc, folder }) => {
    mkdirSync(`${folder}/incoming`);
    const say = () => writeFileSync(`${folder}/incoming/one.txt`, 'a\nb\n');
    return [await heard(sc, (s) => s.textFileStream(`${folder}/incoming`), say, 2), ['a', 'b']];
  },
  'StreamingContext.queueStream': async ({ sc }) => [
    await heard(
      sc,
      (s) => s.queueStream([['a'], sc.parallelize(['b'])]),
      () => {},
      2,
    ),
    ['a', 'b'],
  ],
  'StreamingContext.fileStream': async ({ sc, folder }) => {
    mkdirSync(`${folder}/files`);
    const say = () => writeFileSync(`${folder}/files/one.txt`, 'a');
    return [await heard(sc, (s) => s.fileStream(`${folder}/files`).map(([, text]) => text), say, 1), ['a']];
  },
  'StreamingContext.webSocketStream': async ({ sc }) => [
    await sendingTo('a\nb', (url) =>
      heard(
        sc,
        (s) => s.webSocketStream(url),
        () => {},
        2,
      ),
    ),
    ['a', 'b'],
  ],
  'StreamingContext.replay': async ({ sc, folder }) => {
    writeFileSync(`${folder}/old.txt`, 'a\nb\n');
    return [
      await heard(
        sc,
        (s) => s.replay(`${folder}/old.txt`),
        () => {},
        2,
      ),
      ['a', 'b'],
    ];
  },
  'StreamingContext.directStream': async ({ sc }) => {
    const source = {
      name: 'letters',
      begin: () => 0,
      latest: () => 2,
      range: (from: number, to: number) => ({ to, partitions: [{ data: [from, to] }], records: to - from }),
      read: ([from, to]: readonly number[]) => [['a', 'b'].slice(from, to)],
    };
    return [
      await heard(
        sc,
        (s) => s.directStream(source),
        () => {},
        2,
      ),
      ['a', 'b'],
    ];
  },
  'StreamingContext.transform': async ({ sc }) => [
    await heard(
      sc,
      (s) =>
        s.transform(
          'joined',
          [s.queueStream([['a']]), s.queueStream([['b']])],
          ([left, right]) => left.union(right) as RDD<string>,
        ),
      () => {},
      2,
    ),
    ['a', 'b'],
  ],
  'StreamingContext.union': async ({ sc }) => [
    await heard(
      sc,
      (s) => s.union([s.queueStream([['a']]), s.queueStream([['b']])]),
      () => {},
      2,
    ),
    ['a', 'b'],
  ],
  'DStream.foreachRDD': async ({ sc }) => {
    const rows: number[] = [];
    await new api.StreamCheck(sc).outputOf([[1, 2]], (s) => {
      s.foreachRDD(async (rdd) => void rows.push(await rdd.sum()));
      return s;
    });
    return [rows, [3]];
  },
  'DStream.print': async ({ sc }) => [await shown(sc, (words) => words.print()), ['a', 'b']],
  'DStream.watch': async ({ sc }) => [await shown(sc, (words) => words.watch()), ['a', 'b']],
  'DStream.slice': async ({ sc }) => [await past(sc, (numbers) => sc.union(numbers.slice(1000, 2000)).collect()), [1, 2]],
  'DStream.between': async ({ sc }) => [await past(sc, (numbers) => numbers.between(1000, 2000).collect()), [1, 2]],
  'DStream.latest': async ({ sc }) => [await past(sc, (numbers) => numbers.latest()?.collect()), [2]],
  'DStream.save': async ({ sc, folder }) => {
    await new api.StreamCheck(sc).outputOf([['a']], (s) => {
      s.save(`${folder}/saved`);
      return s;
    });
    return [readdirSync(`${folder}/saved`).length > 0, true];
  },
  'DStream.saveTo': async ({ sc }) => {
    const committed: number[] = [];
    const sink = {
      name: 'the sums',
      write: (rows: Iterable<number>) => [...rows].reduce((a, b) => a + b, 0),
      commit: (sums: readonly number[]) => void committed.push(sums.reduce((a, b) => a + b, 0)),
    };
    await new api.StreamCheck(sc).outputOf([[1, 2]], (s) => {
      s.saveTo(sink);
      return s;
    });
    return [committed, [3]];
  },
  'DStream.publish': async ({ sc }) => [
    await new api.StreamCheck(sc).outputOf([['a']], (s) => {
      s.publish('words');
      return s;
    }),
    undefined,
  ],
  'Context.stream': async ({ sc }) => [sc.stream<string>('words'), undefined],
  'DStream.saveAsTextFiles': async ({ sc, folder }) => {
    await new api.StreamCheck(sc).outputOf([['a']], (s) => {
      s.saveAsTextFiles(`${folder}/texts`, 'txt');
      return s;
    });
    return [readdirSync(folder).filter((name) => /^texts.*txt$/.test(name)).length, 1];
  },
  'DStream.saveAsObjectFiles': async ({ sc, folder }) => {
    await new api.StreamCheck(sc).outputOf([['a']], (s) => {
      s.saveAsObjectFiles(`${folder}/objects`);
      return s;
    });
    return [readdirSync(folder).filter((name) => name.startsWith('objects')).length, 1];
  },
  'DStream.updateStateByKey': async ({ sc, folder }) => [
    await stateful(sc, folder, (s) =>
      s.updateStateByKey((values: readonly number[], old?: number) => (old ?? 0) + values.length),
    ),
    [[['a', 1]], [['a', 2]]],
  ],
  'DStream.mapWithState': async ({ sc, folder }) => [
    await stateful(sc, folder, (s) =>
      s.mapWithState(
        api.StateSpec.function((_: string, value: number | undefined, state: api.State<number>) => {
          state.update((state.get() ?? 0) + (value ?? 0));
          return state.get() as number;
        }),
      ),
    ),
    [[1], [3]],
  ],
  'DStream.sessionWindow': async ({ sc, folder }) => [
    await stateful(sc, folder, (s) => {
      const sessions = s.sessionWindow('100ms', { key: ([k]) => k, time: ([, n]) => 999_010 + n * 1000, value: ([, n]) => n });
      return sessions.map(({ key, end, values }) => [key, end, ...values]);
    }),
    [[['a', 1_000_110, 1]], [['a', 1_001_110, 2]]],
  ],
  'DStream.runningReduce': async ({ sc, folder }) => [
    await stateful(sc, folder, (s) => s.runningReduce((a, b) => a + b)),
    [[['a', 1]], [['a', 3]]],
  ],
};
