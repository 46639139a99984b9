// Windows by gaps against the naive model: random records, late, ahead, joining two sessions, through restarts; SEED=n runs one again.
// time limit: 300 s
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { Random } from '../../runtime/base/time';
import {
  type Context,
  type DStream,
  ManualClock,
  type ReducedSession,
  type Session,
  StreamingContext,
} from '../../runtime/index';
import { masterOf, onSpark } from '../helpers/master';
import { unordered } from '../helpers/model';
import { type SeenSession, type SessionSizes, sessionModel, sessionsOf, type Visit } from '../helpers/session-model';
import { size } from '../helpers/sizes';
import { quietDisplay } from '../helpers/streams';

const test = suite('windows by gaps against the model');
const replayed = process.env.SEED === undefined ? undefined : Number(process.env.SEED);
const count = size(8, onSpark ? 40 : 300);
const seeds = replayed === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [replayed];
const slide = 1000;
let sc: Context;
let folder: string;

test.before(async () => {
  sc = await connect(masterOf('local'));
  folder = mkdtempSync(join(tmpdir(), 'sessions-'));
});
test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Case extends SessionSizes {
  readonly batches: Visit[][];
  readonly partitions: number;
  /** Whether the stream merges the values of a session. */
  readonly reduces: boolean;
  /** No record comes later than the slack. */
  readonly inTime: boolean;
  /** After so many batches the stream stops and a new context goes on. */
  readonly cuts: number[];
}

const keys = ['', '__proto__', 0, '0', [1, 'a'], null];

function randomCase(seed: number): Case {
  const random = new Random(seed);
  const gap = 500 + random.below(8) * 500;
  const slack = (1 + random.below(4)) * 700;
  const inTime = seed % 2 === 0;
  const perBatch = 1 + random.below(6);
  const busy = 6 + random.below(8);
  const own = [...keys].sort(() => random.next() - 0.5).slice(0, 1 + random.below(3));
  const quiet = Math.ceil((2 * gap + 2 * slack) / slide) + 1;
  let id = 0;
  const record = (arrival: number): Visit => {
    const kind = random.next();
    const reach = inTime || kind < 0.6 ? slack : kind < 0.9 ? slack + gap : 3 * (slack + gap);
    // Whole halves of seconds too: the borders are where mistakes are.
    const back = random.next() < 0.4 ? random.below(reach / 500 + 1) * 500 : random.below(reach);
    const ahead = random.next() < 0.1 ? random.below((inTime ? 1 : 2) * (slack + gap)) : 0;
    return { id: id++, at: arrival - Math.min(back, reach) + ahead, key: own[random.below(own.length)] };
  };
  const batches = Array.from({ length: busy + quiet }, (_, i) => {
    // A generator has as many elements in each batch: those at the end lie too far ahead to count.
    const at = (i + 1) * slide;
    return Array.from({ length: perBatch }, () => (i < busy ? record(at) : { id: id++, at: 1e12, key: 'filler' }));
  });
  const cuts = [...new Set(Array.from({ length: 2 }, () => 1 + random.below(batches.length - 2)))].sort((a, b) => a - b);
  return { zero: 0, slide, gap, slack, batches, partitions: 1 + random.below(3), reduces: random.below(2) === 0, inTime, cuts };
}

interface Seen {
  readonly ended: Map<number, SeenSession[]>;
  readonly open: Map<number, SeenSession[]>;
  dropped: number;
}

interface Row {
  readonly key: unknown;
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

interface Rows {
  readonly ended: DStream<Row>;
  readonly open: DStream<Row>;
  readonly idsOf: (row: Row) => number[];
  readonly source: { readonly dropped: number };
}

/** The sessions of the visits, either with their values or with the values merged. */
function sessionsIn(visits: DStream<Visit>, { gap, slack, partitions, reduces }: Case): Rows {
  const options = { key: (visit: Visit) => visit.key, time: (visit: Visit) => visit.at, slack, partitioning: partitions };
  if (reduces) {
    const reduce = (a: number[], b: number[]) => [...a, ...b];
    const merged = visits.sessionWindow(gap, { ...options, value: ({ id }) => [id], reduce });
    const idsOf = (row: Row) => (row as ReducedSession<unknown, number[]>).value;
    return { ended: merged, open: merged.open(), idsOf, source: merged };
  }
  const sessions = visits.sessionWindow(gap, options);
  const idsOf = (row: Row) => {
    const { values } = row as Session<unknown, Visit>;
    const times = values.map(({ at }) => at);
    assert.equal(
      times,
      [...times].sort((a, b) => a - b),
      'values come by their times',
    );
    return values.map(({ id }) => id);
  };
  return { ended: sessions, open: sessions.open(), idsOf, source: sessions };
}

/** Runs the stream for the batches from `from` to `to`; with the folder of an earlier run it goes on there. */
async function run(drawn: Case, checkpoint: string, from: number, to: number, seen: Seen): Promise<void> {
  const clock = new ManualClock(from * slide);
  const all = drawn.batches.flat();
  const failures: Error[] = [];
  let source: Rows['source'] | undefined;
  const create = (streaming: StreamingContext) => {
    const rows = sessionsIn(
      streaming.generatorStream(drawn.batches[0].length, (i) => all[i]),
      drawn,
    );
    source = rows.source;
    for (const name of ['ended', 'open'] as const)
      rows[name].foreachRDD(async (rdd, time) => {
        const sessions = (await rdd.collect()).map((row) => {
          const ids = rows.idsOf(row).sort((a, b) => a - b);
          assert.is(row.count, ids.length);
          return { key: row.key, start: row.start, end: row.end, ids };
        });
        seen[name].set(time / slide - 1, sessions);
      });
    streaming.addStreamingListener({
      onBatchCompleted: ({ outputs }) => failures.push(...outputs.flatMap(({ failure }) => failure ?? [])),
    });
  };
  const display = quietDisplay();
  const streaming = StreamingContext.getOrCreate(checkpoint, create, { sc, interval: slide, clock, display });
  streaming.start();
  for (let i = from; i < to; i++) {
    clock.advance(slide);
    await streaming.idle();
  }
  await streaming.stop();
  if (failures.length > 0) throw failures[0];
  seen.dropped += source?.dropped ?? 0;
}

const rowsOf = (rows: readonly SeenSession[] | undefined) => unordered(rows ?? []);

test('each session ends once, with the records that are its own, whatever came late and whenever it was restarted', async () => {
  const counted = { ended: 0, open: 0, dropped: 0, merged: 0, restarts: 0, exact: 0 };
  for (const seed of seeds) {
    const drawn = randomCase(seed);
    const expected = sessionModel(drawn.batches, drawn);
    const seen: Seen = { ended: new Map(), open: new Map(), dropped: 0 };
    const ends = [...drawn.cuts, drawn.batches.length];
    let from = 0;
    for (const to of ends) {
      await run(drawn, join(folder, `${seed}`), from, to, seen);
      from = to;
    }
    for (let i = 0; i < drawn.batches.length; i++) {
      assert.equal(rowsOf(seen.ended.get(i)), rowsOf(expected.ended[i]), `batch ${i} ended, SEED=${seed}`);
      assert.equal(rowsOf(seen.open.get(i)), rowsOf(expected.open[i]), `batch ${i} open, SEED=${seed}`);
    }
    assert.is(seen.dropped, expected.dropped, `dropped, SEED=${seed}`);
    const ended = [...seen.ended.values()].flat();
    const ids = ended.flatMap((session) => session.ids);
    assert.is(new Set(ids).size, ids.length, `each record once, SEED=${seed}`);
    if (drawn.inTime) {
      const real = drawn.batches.flat().filter(({ key }) => key !== 'filler');
      assert.equal(rowsOf(ended), rowsOf(sessionsOf(real, drawn.gap)), `as if there were no batches, SEED=${seed}`);
      counted.exact++;
    }
    counted.ended += ended.length;
    counted.open += [...seen.open.values()].flat().length;
    counted.dropped += seen.dropped - drawn.batches.flat().filter(({ key }) => key === 'filler').length;
    counted.merged += expected.merged;
    counted.restarts += drawn.cuts.length;
  }
  console.log(`    seeds ${seeds[0]} to ${seeds[seeds.length - 1]}: ${JSON.stringify(counted)}`);
  if (replayed !== undefined) return;
  for (const [what, n] of Object.entries(counted)) assert.ok(n >= seeds.length / 3, `only ${n} ${what}`);
});

test.run();
