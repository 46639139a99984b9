// A windowed word count while an executor is killed, and while one has to share its processor: what that costs its batches.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type ConnectOptions, connect } from '../../cluster/connect';
import { type BatchInfo, type Context, type Listener, StreamingContext } from '../../runtime/index';
import { quietDisplay } from '../helpers/streams';
import { until } from '../helpers/within';

const wordsPerLine = 10;
const distinct = 5000;
const windowBatches = 30;
/** A batch that is done so soon after its interval waited for no other. */
const calmMs = 1000;

/** Word `w` of line `i`. The text of a closure: it uses nothing from outside but its arguments. */
const wordOf = (i: number, w: number, words: number): number => ((i * 31 + w * 7919) ^ (i >> 3)) % words;

/** What is in the window of each of `n` batches: a word's count, summed over all words with the word's number as a factor. */
function expectedDigests(n: number, linesPerBatch: number): number[] {
  const until = [0];
  for (let batch = 1; batch <= n; batch++) {
    let sum = until[batch - 1];
    for (let i = (batch - 1) * linesPerBatch; i < batch * linesPerBatch; i++)
      for (let w = 0; w < wordsPerLine; w++) sum += wordOf(i, w, distinct) + 1;
    until.push(sum);
  }
  return until.slice(1).map((sum, i) => sum - until[Math.max(0, i + 1 - windowBatches)]);
}

interface Batch {
  /** Milliseconds from the end of its interval to its result. */
  readonly delay: number;
  readonly processing: number;
  readonly digest: number;
}

/** Batches of one second of a running count of the words of the last 30 s, by an inverse, checkpointed at each batch. */
class WordCount {
  readonly batches: Batch[] = [];
  readonly #streaming: StreamingContext;
  readonly #digests = new Map<number, number>();
  readonly #lines: number;

  constructor(sc: Context, folder: string, linesPerBatch: number) {
    this.#lines = linesPerBatch;
    this.#streaming = new StreamingContext(sc, '1s', { display: quietDisplay() });
    this.#streaming.checkpoint(mkdtempSync(join(folder, 'checkpoint-')));
    const [words, each, f] = [distinct, wordsPerLine, wordOf];
    this.#streaming
      .generatorStream(linesPerBatch, (i) => Array.from({ length: each }, (_, w) => `w${f(i, w, words)}`).join(' '))
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1])
      .reduceByKeyAndWindow(
        `${windowBatches}s`,
        (a, b) => a + b,
        (a, b) => a - b,
      )
      .foreachRDD(async (rdd, time) => {
        let sum = 0;
        for (const [word, count] of await rdd.collect()) sum += (Number(word.slice(1)) + 1) * count;
        this.#digests.set(time, sum);
      });
    this.#streaming.addStreamingListener({ onBatchCompleted: (batch) => this.#completed(batch) });
  }

  #completed({ time, totalDelay = Number.NaN, processingTime = Number.NaN }: BatchInfo): void {
    const digest = this.#digests.get(time) ?? Number.NaN;
    this.batches.push({ delay: totalDelay, processing: processingTime, digest });
  }

  start(): void {
    this.#streaming.start();
  }

  /** The next `n` batches from now on. */
  async next(n: number): Promise<readonly Batch[]> {
    const from = this.batches.length;
    await until((n + 60) * 1000, () => this.batches.length >= from + n, `${n} batches`);
    return this.batches.slice(from, from + n);
  }

  /** Until the batches of the start, which came late, are made up for. */
  async caughtUp(): Promise<void> {
    await until(180_000, () => (this.batches.at(-1)?.delay ?? Number.POSITIVE_INFINITY) < calmMs, 'batches in time');
  }

  get isExact(): boolean {
    const expected = expectedDigests(this.batches.length, this.#lines);
    return this.batches.every(({ digest }, i) => digest === expected[i]);
  }

  stop(): Promise<void> {
    return this.#streaming.stop();
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
const round = (x: number): number => Number(x.toFixed(2));

interface Counting {
  readonly lines: number;
  readonly master?: string;
  readonly config?: ConnectOptions['config'];
  readonly spark?: ConnectOptions['spark'];
}

async function withWordCount<T>(
  folder: string,
  { lines, master = 'local[2]', config, spark }: Counting,
  use: (words: WordCount, sc: Context) => Promise<T>,
): Promise<T> {
  const sc = await connect(master, { config, spark });
  // What runs the jobs is there before the stream begins.
  await sc.range(0, 2, 1, 2).count();
  const words = new WordCount(sc, folder, lines);
  try {
    return await use(words, sc);
  } finally {
    await words.stop();
    await sc.stop();
  }
}

/** The processes of both executors by their ids. */
async function executorPids(sc: Context): Promise<Map<string, number>> {
  const ranOn = new Map<number, string>();
  // Stages of the stream have two partitions.
  const listener: Listener = {
    onTaskEnd: ({ partition, executorId }) => partition > 1 && ranOn.set(partition, executorId),
  };
  const bothAre = async () => {
    sc.addListener(listener);
    const pids = await sc
      .range(0, 16, 1, 16)
      .map(() => process.pid)
      .collect();
    sc.removeListener(listener);
    const byId = new Map([...ranOn].map(([partition, id]) => [id, pids[partition]]));
    return byId.size === 2 && byId;
  };
  return (await until(20_000, bothAre, 'both executors')) as Map<string, number>;
}

/** The executor of the next task that starts. */
function taskStarted(sc: Context): Promise<string> {
  return new Promise((resolve) => {
    const listener: Listener = {
      onTaskStart: ({ executorId }) => {
        sc.removeListener(listener);
        resolve(executorId);
      },
    };
    sc.addListener(listener);
  });
}

/** Batches until the code is compiled and the window is full. */
const settling = windowBatches + 10;
const calmBatches = 9;
const after = 9;

/** A batch that is not so many times as late as the calm ones is normal again. */
const disturbedFrom = 1.5;

interface Kill {
  readonly normal: number;
  readonly delays: readonly number[];
}

/** Three times an executor is killed with a task of a batch: `find` answers which. Normal is what the batches right before it took. */
async function killThrice(words: WordCount, find: () => Promise<() => Promise<number>>): Promise<Record<string, unknown>> {
  words.start();
  await words.next(settling);
  await words.caughtUp();
  const kills: Kill[] = [];
  for (let i = 0; i < 3; i++) {
    const victim = await find();
    const calm = (await words.next(calmBatches)).map(({ delay }) => delay);
    process.kill(await victim(), 'SIGKILL');
    const delays = (await words.next(after)).map(({ delay }) => delay);
    kills.push({ normal: median(calm), delays });
  }
  return {
    normalMs: kills.map(({ normal }) => normal),
    addedMs: kills.map(({ normal, delays }) => Math.max(...delays) - normal),
    disturbedBatches: kills.map(({ normal, delays }) => delays.findLastIndex((ms) => ms > disturbedFrom * normal) + 1),
    delaysMs: kills.map(({ delays }) => delays),
    exact: words.isExact,
  };
}

export const streamKill = (folder: string): Promise<Record<string, unknown>> =>
  withWordCount(folder, { lines: 120_000 }, (words, sc) =>
    killThrice(words, async () => {
      const pids = await executorPids(sc);
      return async () => pids.get(await taskStarted(sc)) ?? 0;
    }),
  );

/** The same on another master: `pids` are the processes of its executors now. */
export const streamKillOn = (
  folder: string,
  { pids, ...counting }: Counting & { readonly pids: () => readonly number[] },
): Promise<Record<string, unknown>> =>
  withWordCount(folder, counting, (words, sc) =>
    killThrice(words, async () => {
      await until(60_000, () => pids().length >= 2, 'both executors');
      return async () => {
        await taskStarted(sc);
        return pids()[0];
      };
    }),
  );

const hogs = 3;

/** Processes that do nothing but use the second processor, on which one executor is held; the other one has the first. */
function hog(pids: Iterable<number>): () => void {
  for (const [cpu, pid] of [...pids].entries()) execFileSync('taskset', ['-a', '-p', '-c', String(cpu), String(pid)]);
  const children: ChildProcess[] = Array.from({ length: hogs }, () =>
    // Each is a session of its own: the system shares a processor among sessions first.
    spawn('taskset', ['-c', '1', process.execPath, '-e', 'for (;;);'], { stdio: 'ignore', detached: true }),
  );
  return () => {
    for (const child of children) child.kill('SIGKILL');
  };
}

/** Tasks of a few ten milliseconds, more of them than executors, so that the fast one takes more; copies as soon as they cost nothing. */
const small = { defaultParallelism: 8, speculationMinMs: 20, speculationIntervalMs: 20 };

async function hogged(folder: string, speculation: boolean): Promise<{ ratio: number; told: Record<string, unknown> }> {
  return withWordCount(folder, { lines: 80_000, config: { ...small, speculation } }, async (words, sc) => {
    const pids = await executorPids(sc);
    words.start();
    await words.next(settling);
    const calm = (await words.next(calmBatches)).map(({ processing }) => processing);
    const end = hog(pids.values());
    try {
      await words.next(2);
      const slow = (await words.next(calmBatches)).map(({ processing }) => processing);
      const ratio = median(slow) / median(calm);
      const told = { normalMs: median(calm), hoggedMs: median(slow), worstMs: Math.max(...slow), exact: words.isExact };
      return { ratio, told };
    } finally {
      end();
    }
  });
}

/** One executor has a quarter of a processor: with copies of slow tasks, and without. Needs Linux, for processors are assigned. */
export async function streamStraggler(folder: string): Promise<Record<string, unknown>> {
  const copies = await hogged(folder, true);
  const none = await hogged(folder, false);
  return {
    ofNormal: round(copies.ratio),
    ofNormalWithoutSpeculation: round(none.ratio),
    withSpeculation: copies.told,
    without: none.told,
  };
}
