// Works on streams: what a batch costs with windows of any length and with state of any size, under a clock that stands still between.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Context, type DStream, ManualClock, StreamingContext } from '../../runtime/index';
import type { Work } from './works';

/** Milliseconds that each of so many batches takes on the average, after others that warm up. */
async function batchMs<T>(
  sc: Context,
  { warmUp, batches, keepsState }: { warmUp: number; batches: number; keepsState: boolean },
  make: (streaming: StreamingContext) => DStream<T>,
  run: (stream: DStream<T>) => void,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const clock = new ManualClock();
  const streaming = new StreamingContext(sc, '1s', { clock });
  try {
    if (keepsState) streaming.checkpoint(folder);
    run(make(streaming));
    streaming.start();
    const advance = async (n: number) => {
      for (let i = 0; i < n; i++) {
        clock.advance('1s');
        await streaming.idle();
      }
    };
    await advance(warmUp);
    const started = performance.now();
    await advance(batches);
    return (performance.now() - started) / batches;
  } finally {
    await streaming.stop();
    rmSync(folder, { recursive: true, force: true });
  }
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

/** An incremental window of 10 s against one of 300 s, 20,000 records of 5,000 keys a batch: milliseconds a batch, by turns. */
const streamWindow: Work = {
  name: 'stream-window',
  prepare: async (sc) => ({
    run: async () => {
      const ms = (length: string) =>
        batchMs(
          sc,
          { warmUp: 320, batches: 100, keepsState: false },
          (streaming) =>
            numbers(streaming, 20_000, 5000).reduceByKeyAndWindow(
              length,
              (a, b) => a + b,
              (a, b) => a - b,
            ),
          (counts) => counts.foreachRDD((rdd) => rdd.count()),
        );
      const [short, long] = [await ms('10s'), await ms('300s')];
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
      const ms = (keys: number, touched: number) =>
        batchMs(
          sc,
          { warmUp: 10, batches: 100, keepsState: true },
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
      const [few, same, many] = [await ms(10_000, 100), await ms(10_000, 10_000), await ms(1_000_000, 10_000)];
      const told = { keys10k1pc: rounded(few), keys10kSameTouched: rounded(same), keys1M1pc: rounded(many) };
      process.stdout.write(`${JSON.stringify({ work: 'stream-state', ms: told })}\n`);
      return rounded(many / few);
    },
  }),
};

export const streamWorks: readonly Work[] = [streamWindow, streamState];
