// The user's receivers: classes with their own state run in processes of their own, store any values, and are restarted.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Receivers } from '../../../cluster/receivers/receiver-pool';
import { type Context, type RDD, Receiver } from '../../../runtime/index';
import { watchLeaks } from '../../helpers/leaks';
import { masterOf } from '../../helpers/master';
import { LineServer, Listening } from '../../helpers/streams';
import { until, within } from '../../helpers/within';

const test = suite('receivers of users');
const limitMs = 60_000;
let leaks: ReturnType<typeof watchLeaks>;
let sc: Context;

test.before(async () => {
  leaks = watchLeaks();
  sc = await connect(masterOf('local'));
});

const pids = () => (sc.receivers as Receivers).pids;

class Point {
  readonly #x: number;
  constructor(x: number) {
    this.#x = x;
  }
  get double(): number {
    return this.#x * 2;
  }
}

/** Counts up to a number of its own, in steps that a captured function makes. */
class Counter extends Receiver<number> {
  readonly #most: number;
  readonly step: (n: number) => number;
  #timer?: NodeJS.Timeout;
  #at = 0;

  constructor(most: number, step: (n: number) => number) {
    super();
    this.#most = most;
    this.step = step;
  }

  onStart() {
    this.#timer = setInterval(() => {
      if (this.#at < this.#most) void this.store(this.step(this.#at++));
    }, 1);
  }

  onStop() {
    clearInterval(this.#timer);
  }
}

test('a class with #private state, in a process of its own', async () => {
  const by = 10;
  const listening = new Listening(sc, (s) => s.receiverStream(new Counter(100, (n) => n * by)));
  assert.equal(
    await listening.count(100),
    Array.from({ length: 100 }, (_, i) => i * 10),
  );
  await listening.told(/source: Counter has started/);
  assert.is(pids().length, 1);
  assert.is.not(pids()[0], process.pid);
  await listening.stop();
});

test('store rejects where the block could not be written: its source must not forget the element', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'receivers-'));
  const blocks = join(folder, 'checkpoint', 'received');
  const told = join(folder, 'told');
  class Careful extends Receiver<number> {
    readonly blocks: string;
    readonly told: string;
    constructor(blocks: string, told: string) {
      super();
      [this.blocks, this.told] = [blocks, told];
    }
    async onStart() {
      const { readdirSync, rmSync, writeFileSync } = await import('node:fs');
      await this.store(1);
      const second = this.store(2).then(
        () => 'stored',
        (error) => `rejected: ${error.message}`,
      );
      // The block that has it loses its name before it is ended.
      const lost = async (): Promise<void> => {
        const names = readdirSync(this.blocks, { recursive: true }) as string[];
        const part = names.find((name) => name.endsWith('.part'));
        if (part) return rmSync(`${this.blocks}/${part}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return lost();
      };
      await lost();
      writeFileSync(this.told, await second);
    }
    onStop() {}
  }
  const listening = new Listening(
    sc,
    (s) => {
      s.checkpoint(join(folder, 'checkpoint'));
      return s.receiverStream(new Careful(blocks, told));
    },
    { blockInterval: '300ms' },
  );
  await until(limitMs, () => existsSync(told) && readFileSync(told, 'utf8') !== '', 'the end of the second store');
  assert.match(readFileSync(told, 'utf8'), /rejected: ENOENT/);
  await listening.stop();
  rmSync(folder, { recursive: true });
});

test('elements of any kind, instances of classes too', async () => {
  class Mixed extends Receiver<unknown> {
    onStart() {
      void this.storeAll([1, 'two', { three: 3 }, [4n], new Date(5), new Point(21)]);
    }
    onStop() {}
  }
  const listening = new Listening(sc, (s) => s.receiverStream(new Mixed()).map((x) => (x instanceof Point ? x.double : x)));
  assert.equal(await listening.count(6), [1, 'two', { three: 3 }, [4n], new Date(5), 42]);
  await listening.stop();
});

test('Node’s modules work in the receiver process; stored bytes become lines', async () => {
  class Lines extends Receiver<string> {
    readonly port: number;
    #socket?: net.Socket;
    constructor(port: number) {
      super();
      this.port = port;
    }
    onStart() {
      this.#socket = net.connect(this.port, '127.0.0.1');
      this.#socket.on('data', (bytes) => void this.storeBytes(bytes));
    }
    onStop() {
      this.#socket?.destroy();
    }
  }
  const server = await LineServer.open();
  const { port } = server;
  const listening = new Listening(sc, (s) => s.receiverStream(new Lines(port), { lines: true }));
  await server.connected();
  server.send('eins\nzwölf\n');
  assert.equal(await listening.count(2), ['eins', 'zwölf']);
  await listening.stop();
  await until(limitMs, () => server.connections.size === 0, 'onStop');
  await server.close();
});

test('storing bytes in a stream that has no lines is refused', async () => {
  class Wrong extends Receiver<string> {
    onStart() {
      void this.storeBytes(Buffer.from('x\n'));
    }
    onStop() {}
  }
  const listening = new Listening(sc, (s) => s.receiverStream(new Wrong()));
  await listening.told(/onStart failed.*storeBytes needs a stream of lines/);
  await listening.stop();
});

test('an element that cannot be stored costs no other element, and only its own call rejects', async () => {
  class Mixed extends Receiver<unknown> {
    async onStart() {
      const stored = [1, () => 2, 3, new Map([[4, 4]]), Symbol('5')].map((x) => this.store(x));
      const pair = this.storeAll([6, () => 7]);
      const ends = await Promise.allSettled([...stored, pair]);
      await this.store(ends.map(({ status }) => status).join());
    }
    onStop() {}
  }
  const listening = new Listening(sc, (s) => s.receiverStream(new Mixed()));
  const elements = await listening.count(4);
  assert.equal(elements, [1, 3, new Map([[4, 4]]), 'fulfilled,rejected,fulfilled,fulfilled,rejected,rejected']);
  await listening.told(/an element that cannot be stored is lost: the function/);
  await listening.stop();
});

test('a receiver that cannot start is reported at most every ten seconds', async () => {
  class Broken extends Receiver<string> {
    #starts = 0;
    async onStart() {
      this.#starts++;
      if (this.#starts < 4) throw new Error('no door');
      await this.store('in');
    }
    onStop() {}
  }
  const started = performance.now();
  const listening = new Listening(sc, (s) => s.receiverStream(new Broken()));
  await listening.count(1);
  const most = 1 + Math.floor((performance.now() - started) / 10_000);
  assert.ok(listening.notices.filter((n) => /no door/.test(n)).length <= most, String(listening.notices));
  await listening.stop();
});

test('a reliable receiver: once store resolves, the element is in a file that the session knows', async () => {
  const acknowledged = join(process.env.TMPDIR!, 'acknowledged');
  class Reliable extends Receiver<number> {
    readonly file: string;
    constructor(file: string) {
      super();
      this.file = file;
    }
    async onStart() {
      const fs = await import('node:fs');
      for (let i = 0; i < 20 && !this.isStopped; i++) {
        await this.store(i);
        fs.writeFileSync(this.file, String(i));
      }
    }
    onStop() {}
  }
  writeFileSync(acknowledged, '-1');
  const listening = new Listening(sc, (s) => s.receiverStream(new Reliable(acknowledged)), { blockInterval: '10ms' });
  await until(limitMs, () => Number(readFileSync(acknowledged, 'utf8')) >= 9, 'ten acknowledgements');
  process.kill(pids()[0], 'SIGKILL');
  const upTo = Number(readFileSync(acknowledged, 'utf8'));
  await listening.told(
    /its process was lost: it was killed by SIGKILL; (\d+ bytes of elements|elements stored in its last moment)/,
  );
  // It restarts from the state that it had in the session.
  await listening.count(upTo + 1 + 20);
  for (let i = 0; i <= upTo; i++) assert.ok(listening.elements.includes(i), `${i} was acknowledged`);
  await listening.stop();
  await leaksOf(acknowledged);
});

async function leaksOf(file: string): Promise<void> {
  const { rm } = await import('node:fs/promises');
  await rm(file);
}

test('restart, reported errors, and a receiver that ends itself', async () => {
  class Flaky extends Receiver<string> {
    #starts = 0;
    onStart() {
      this.#starts++;
      void this.store(`start ${this.#starts}`);
      if (this.#starts === 1) this.reportError('a hiccup', new Error('no matter'));
      if (this.#starts === 2) throw new Error('cannot');
      if (this.#starts < 4) this.restart(`attempt ${this.#starts}`);
      else this.stop('enough');
    }
    onStop() {
      void this.store('stopped');
    }
  }
  const listening = new Listening(sc, (s) => s.receiverStream(new Flaky()));
  await listening.told(/a hiccup: no matter/);
  await listening.told(/onStart failed; restarting in \d+ ms: cannot/);
  await listening.told(/Flaky has stopped: enough/);
  const all = await listening.count(8);
  assert.equal(
    all.filter((x) => x !== 'stopped'),
    ['start 1', 'start 2', 'start 3', 'start 4'],
  );
  await listening.stop();
});

test('a receiver that stores without awaiting loses what exceeds twice the limit, counted', async () => {
  class Flood extends Receiver<string> {
    #timer?: NodeJS.Timeout;
    onStart() {
      const text = 'x'.repeat(1000);
      this.#timer = setInterval(() => {
        for (let i = 0; i < 100; i++) void this.store(text);
      }, 1);
    }
    onStop() {
      clearInterval(this.#timer);
    }
  }
  const listening = new Listening(
    sc,
    (s) =>
      s.receiverStream(new Flood(), { maxUnprocessedBytes: 100_000 }).mapPartitions((xs) => {
        const end = performance.now() + 200;
        while (performance.now() < end);
        return [[...xs].length];
      }),
    {},
  );
  await listening.told(/The receiver stored faster than the streams process, without waiting: \d+ elements were dropped/);
  await listening.stop();
});

test('a receiver in an endless loop ends with its stream', async () => {
  class Busy extends Receiver<number> {
    onStart() {
      for (;;);
    }
    onStop() {}
  }
  const listening = new Listening(sc, (s) => s.receiverStream(new Busy()));
  await listening.told(/Busy has started/).catch(() => {});
  await within(limitMs, listening.stop(), 'stopping');
  assert.is(pids().length, 0);
});

test('a receiver outside of its process stores nothing; one that cannot be captured is refused', async () => {
  const counter = new Counter(1, (n) => n);
  assert.throws(
    () => counter.store(1),
    (error: { code?: string }) => error.code === 'RECEIVER_NOT_STARTED',
  );
  class Holding extends Receiver<number> {
    readonly context = sc;
    onStart() {}
    onStop() {}
  }
  assert.throws(
    () => new Listening(sc, (s) => s.receiverStream(new Holding())),
    (error: { code?: string }) => error.code === 'NESTED_DATASET',
  );
});

test('a batch that was kept until its stream had forgotten it says so, and what is derived from it too', async () => {
  const server = await LineServer.open();
  const taken: RDD<string>[] = [];
  const listening = new Listening(sc, (s) => {
    const lines = s.socketTextStream('127.0.0.1', server.port);
    lines.foreachRDD(async (rdd) => {
      if ((await rdd.count()) > 0 && taken.length === 0) taken.push(rdd);
    });
    return lines;
  });
  await server.connected();
  server.send('a\nb\n');
  await until(limitMs, () => taken.length > 0, 'a batch');
  const lengths = taken[0].map((line) => line.length);
  const gone = () =>
    lengths.count().then(
      () => undefined,
      (error: Error) => error,
    );
  const error = await until(limitMs, gone, 'the end of the batch');
  assert.is((error as unknown as { code: string }).code, 'BATCH_FORGOTTEN');
  assert.match(
    String(error),
    /What source received for the batch of \d\d:\d\d:\d\d\S* is not there any more: the stream has forgotten/,
  );
  await listening.stop();
  await server.close();
});

test('leaves nothing behind', async () => {
  await sc.stop();
  await leaks.check();
});

test.run();
