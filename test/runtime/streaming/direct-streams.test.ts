// Streams of sources that can be read again: each record once over restarts, limits, commits, and sources that are not there.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DirectSource, Sink, StreamingContext } from '../../../runtime/index';
import { collect, type Rows, runner } from '../../helpers/stream-runs';
import { StreamTests } from '../../helpers/streams';

const test = suite('direct streams');
const given = new StreamTests(test);
const run = runner(given);

/** A log that grows by ten each time that it is asked for its end. */
class Log {
  end = 0;
  grows = 10;
  broken = false;
  readonly committed: number[] = [];

  source(more: Partial<DirectSource<number, [number, number], number>> = {}): DirectSource<number, [number, number], number> {
    return {
      name: 'log',
      begin: () => this.end,
      latest: async () => {
        if (this.broken) throw new Error('the log is away');
        this.end += this.grows;
        return this.end;
      },
      range: (from, latest, limit) => {
        const to = Math.min(latest, from + (limit ?? Number.POSITIVE_INFINITY));
        const middle = Math.floor((from + to) / 2);
        return { to, records: to - from, partitions: [{ data: [from, middle] }, { data: [middle, to] }] };
      },
      read: async ([from, to]) => [Array.from({ length: to - from }, (_, i) => from + i)],
      commit: (to) => void this.committed.push(to),
      ...more,
    };
  }
}

const rowsOf = (rows: Rows) => rows.flatMap(([, some]) => some as number[]).sort((a, b) => a - b);
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

test('a restart goes on where the last batch ended: each record once, positions are committed', async () => {
  const log = new Log();
  const program = (s: StreamingContext, out: Rows) => collect(s.directStream(log.source()), out);
  const first = await run(program, { from: 0, until: 3000 });
  const middle = log.end;
  const second = await run(program, { from: 3000, until: 6000 });
  const all = rowsOf([...first, ...second]);
  assert.equal(all, upTo(all.length));
  assert.ok(all.length > middle, 'the second run has read on');
  assert.equal(
    [...log.committed].sort((a, b) => a - b),
    log.committed,
  );
  assert.is(log.committed.at(-1), all.length);
});

test('a batch that was not done is read again in the same range, whatever came meanwhile', async () => {
  const log = new Log();
  let isBroken = true;
  const spans: [number, number[]][] = [];
  const program = (s: StreamingContext) =>
    s.directStream(log.source()).foreachRDD(async (rdd, time) => {
      const rows = (await rdd.collect()).sort((a, b) => a - b);
      spans.push([time, rows]);
      if (isBroken && time === 2000) throw new Error('crash');
    });
  await run(program, { from: 0, until: 2000 }).catch(() => undefined);
  const before = spans.find(([time]) => time === 2000);
  isBroken = false;
  spans.length = 0;
  log.grows = 1000;
  await run(program, { from: 2000, until: 3000 });
  assert.equal(
    spans.find(([time]) => time === 2000),
    before,
  );
});

test('a source that is away fails its batches, and goes on when it is there again', async () => {
  const log = new Log();
  const program = (s: StreamingContext, out: Rows) => {
    const stream = s.directStream(log.source());
    stream.foreachRDD(
      async (rdd, time) => {
        log.broken = time === 1000 || (log.broken && time < 3000);
        out.push([time, await rdd.collect()]);
      },
      { onFailure: 'skip' },
    );
  };
  const rows = await run(program, { from: 0, until: 6000 });
  const all = rowsOf(rows);
  assert.equal(all, upTo(all.length));
});

test('a sink that knows its jobs takes each batch once over restarts', async () => {
  const log = new Log();
  const jobs = new Map<string, number>();
  let writes = 0;
  const sink: Sink<number, number> = {
    name: 'totals',
    isCommitted: ({ id }) => jobs.has(id),
    write: (rows) => [...rows].length,
    commit: (counts, { id }) => {
      writes++;
      jobs.set(
        id,
        counts.reduce((a, b) => a + b, 0),
      );
    },
  };
  const program = (s: StreamingContext) => s.directStream(log.source()).setName('log').saveTo(sink);
  await run(program, { from: 0, until: 3000 });
  await run(program, { from: 3000, until: 5000 });
  assert.is(
    [...jobs.values()].reduce((a, b) => a + b, 0),
    log.committed.at(-1),
  );
  assert.is(writes, jobs.size);
});

test('a checkpoint with a position that the source does not take is refused', async () => {
  const log = new Log();
  const positionIn = (saved: unknown) => {
    if (saved !== 'never') throw new Error('no position of this log');
    return 0;
  };
  const program = (s: StreamingContext, out: Rows) => collect(s.directStream(log.source()), out);
  await run(program, { from: 0, until: 2000 });
  const strict = (s: StreamingContext, out: Rows) => collect(s.directStream(log.source({ positionIn })), out);
  let told = '';
  await run(strict, { from: 2000, until: 3000 }).catch((e) => {
    told = e.message;
  });
  assert.match(told + given.notices.join(), /no position of this log/);
});

test.run();
