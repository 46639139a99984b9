// Runs of one program from one checkpoint folder, under a manual clock: each ends as suddenly as a crash.
import { join } from 'node:path';
import { type DStream, ManualClock, StreamingContext } from '../../runtime/index';
import type { StreamTests } from './streams';

export type Rows = [time: number, rows: unknown[]][];

/** One run of a program: batches until the clock stands at `until`, then an end as sudden as a crash. */
export interface Run {
  readonly from: number;
  readonly until: number;
  readonly interval?: string;
  readonly graceful?: boolean;
}

/** What runs programs in the folder of a test. */
export const runner =
  (given: StreamTests) =>
  async (create: (s: StreamingContext, out: Rows) => void, { from, until, interval = '1s', graceful }: Run): Promise<Rows> => {
    const clock = new ManualClock(from);
    const out: Rows = [];
    const checkpoint = join(given.folder, 'checkpoint');
    const options = { sc: given.sc, interval: interval as '1s', clock, display: given.display };
    const streaming = StreamingContext.getOrCreate(checkpoint, (s) => create(s, out), options);
    streaming.start();
    await streaming.idle();
    while (clock.now() < until) {
      clock.advance('1s');
      await streaming.idle();
    }
    await streaming.stop({ graceful });
    return out;
  };

export const collect = (stream: DStream<unknown>, out: Rows) =>
  stream.foreachRDD(async (rdd, time) => {
    out.push([time, (await rdd.collect()).sort()]);
  });
