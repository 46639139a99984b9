// Works on streams: what a batch costs with windows of any length and with state of any size, under a clock that stands still between.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Context, type DStream, ManualClock, StreamingContext } from '../../runtime/index';
import type { Work } from './works';

/** A stream whose batches are made one after the other, as fast as they are done. */
interface Stepped {
  /** Makes so many batches; answers the milliseconds of each. */
  readonly advance: (batches: number) => Promise<number[]>;
  readonly stop: () => Promise<void>;
}

function stepped<T>(
  sc: Context,
  keepsState: boolean,
  make: (streaming: StreamingContext) => DStream<T>,
  run: (stream: DStream<T>) => void,
): Stepped {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const clock = new ManualClock();
  const streaming = new StreamingContext(sc, '1s', { clock });
  if (keepsState) streaming.checkpoint(folder);
  run(make(streaming));
  streaming.start();
  return {
    advance: async (batches) => {
      const times: number[] = [];
      for (let i = 0; i < batches; i++) {
        const started = performance.now();
        clock.advance('1s');
        await streaming.idle();
        times.push(performance.now() - started);
      }
      return times;
    },
    stop: async () => {
      await streaming.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const median = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1];

/** Milliseconds of a batch of each stream, the median: they take turns, so that what slows the machine or the session meets all of them. */
async function byTurns(streams: readonly Stepped[], { warmUp, batches }: { warmUp: number; batches: number }): Promise<number[]> {
  const perTurn = 10;
  const times: number[][] = streams.map(() => []);
  try {
    for (const stream of streams) await stream.advance(warmUp);
    for (let done = 0; done < batches; done += perTurn)
      for (const [i, stream] of streams.entries()) times[i].push(...(await stream.advance(perTurn)));
  } finally {
    for (const stream of streams) await stream.stop();
  }
  return times.map(median);
}

/** The same generated dataset in each batch: `n` numbers from an offset that moves on with the batch. */
function numbers(streaming: StreamingContext, n: number, keys: number): DStream<[number, number]> {
  let offset = 0;
  const queue = Array.from({ length: 2000 }, () => {
    const from = offset;
    offset = (offset + n) % keys;
    return streaming.sc.range(from, from + n, 1, 2);
  });
  return streaming.queueStream(queue).map((i) => [i % keys, 1]);
}

const rounded = (ms: number): number => Number(ms.toFixed(2));

/** An incremental window of 10 s against one of 300 s, 20,000 records of 5,000 keys a batch: milliseconds a batch. */
const streamWindow: Work = {
  name: 'stream-window',
  prepare: async (sc) => ({
    run: async () => {
      const window = (length: string) =>
        stepped(
          sc,
          false,
          (streaming) =>
            numbers(streaming, 20_000, 5000).reduceByKeyAndWindow(
              length,
              (a, b) => a + b,
              (a, b) => a - b,
            ),
          (counts) => counts.foreachRDD((rdd) => rdd.count()),
        );
      const [short, long] = await byTurns([window('10s'), window('300s')], { warmUp: 320, batches: 200 });
      process.stdout.write(`${JSON.stringify({ work: 'stream-window', ms10s: rounded(short), ms300s: rounded(long) })}\n`);
      return rounded(long / short);
    },
  }),
};

/** State of 1,000,000 keys against 10,000, one in a hundred touched in a batch, and so many of the small one: milliseconds a batch. */
const streamState: Work = {
  name: 'stream-state',
  prepare: async (sc) => ({
    run: async () => {
      const state = (keys: number, touched: number) =>
        stepped(
          sc,
          true,
          (streaming) => {
            const initialState = sc.range(0, keys, 1, 2).map((i) => [i, 0]);
            return numbers(streaming, touched, keys).mapWithState<number, number, number, number>(
              (_key, value, state) => {
                state.update((state.get() ?? 0) + (value ?? 0));
                return undefined as never;
              },
              { initialState: initialState as never, timeout: '1h' },
            );
          },
          (rows) => rows.foreachRDD((rdd) => rdd.count()),
        );
      const streams = [state(10_000, 100), state(10_000, 10_000), state(1_000_000, 10_000)];
      const [few, same, many] = await byTurns(streams, { warmUp: 10, batches: 100 });
      const told = { keys10k1pc: rounded(few), keys10kSameTouched: rounded(same), keys1M1pc: rounded(many) };
      process.stdout.write(`${JSON.stringify({ work: 'stream-state', ms: told })}\n`);
      return rounded(many / few);
    },
  }),
};

export const streamWorks: readonly Work[] = [streamWindow, streamState];
