// Slack against the naive model: random records, some late, some ahead; each is in its interval's batch, late, or open at the end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { Random } from '../../runtime/base/time';
import { type Context, ManualClock, StreamingContext } from '../../runtime/index';
import { masterOf, onSpark } from '../helpers/master';
import { unordered } from '../helpers/model';
import { size } from '../helpers/sizes';
import { type SlackModel, type SlackSizes, slackModel, type Timed } from '../helpers/slack-model';
import { quietDisplay } from '../helpers/streams';

const test = suite('slack against the model');
/** No divisor of the start: batch times have a remainder, which intervals share. */
const interval = 700;
const zero = Math.ceil(1_000_000 / interval) * interval;
const firstSeed = Number(process.env.SEED ?? 1);
let sc: Context;
let folder: string;

test.before(async () => {
  sc = await connect(masterOf('local'));
  folder = mkdtempSync(join(tmpdir(), 'slack-'));
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Case extends SlackSizes {
  /** Batches of the source in one of the stream: 2 for a stream with a slide of its own. */
  readonly factor: number;
  readonly partitions: number;
  readonly batches: Timed[][];
}

const hostile = [0, '0', '__proto__'];

/** Records that are mostly in time, in batches of the stream; then enough empty ones to close nearly every interval. */
function randomCase(random: Random): Case {
  const factor = 1 + random.below(2);
  const slide = interval * factor;
  const [slack, keep] = [(1 + random.below(4)) * slide, (1 + random.below(4)) * slide];
  const keys = hostile.slice(-1 - random.below(3));
  let id = 0;
  const record = (arrival: number): Timed => {
    const kind = random.next();
    const reach = kind < 0.5 ? slack : kind < 0.9 ? slack + keep : 4 * (slack + keep);
    // Whole intervals too: the borders are where mistakes are.
    const delay = random.next() < 0.3 ? random.below(reach / slide + 2) * slide : random.below(reach);
    const ahead = random.next() < 0.15 ? random.below(3 * slack) : 0;
    return { id: id++, at: arrival - delay + ahead, key: keys[random.below(keys.length)], value: random.below(9) - 4 };
  };
  const batches = Array.from({ length: 3 + random.below(8) }, (_, i) =>
    random.next() < 0.2 ? [] : Array.from({ length: random.below(12) }, () => record(zero + (i + 1) * slide)),
  );
  const quiet = random.below((2 * slack) / slide + 2);
  for (let i = 0; i < quiet; i++) batches.push([]);
  return { zero, slide, slack, keep, factor, partitions: 1 + random.below(3), batches };
}

/** Runs the stream itself, batch by batch. */
async function run({ slack, keep, factor, partitions, batches }: Case, checkpoint: string): Promise<SlackModel> {
  const clock = new ManualClock(1_000_000);
  const display = quietDisplay();
  const streaming = new StreamingContext(sc, interval, { clock, display });
  streaming.checkpoint(checkpoint);
  // A batch of the stream comes in parts, the last one of which ends with it.
  const parts = batches.flatMap((batch) => [...Array.from({ length: factor - 1 }, (): Timed[] => []), batch]);
  const source = streaming.queueStream([...parts], true);
  const events = factor === 1 ? source : source.window(interval * factor, interval * factor);
  const slacked = events.slack(slack, (record) => record.at);
  const totals = slacked.correctedReduceByKey(
    ({ key, value }) => [key, value],
    (a, b) => a + b,
    { keep, partitioning: partitions },
  );
  const got = { closed: [] as number[][], late: [] as SlackModel['late'], totals: [] as SlackModel['totals'] };
  slacked.foreachRDD(async (rdd) => got.closed.push((await rdd.collect()).map(({ id }) => id)));
  slacked.late().foreachRDD(async (rdd) => {
    got.late.push((await rdd.collect()).map(([end, { id }]) => [end, id]));
  });
  totals.foreachRDD(async (rdd) => got.totals.push(await rdd.collect()));
  const failures: Error[] = [];
  streaming.addStreamingListener({
    onBatchCompleted: ({ outputs }) => failures.push(...outputs.flatMap(({ failure }) => failure ?? [])),
  });
  streaming.start();
  clock.advance(zero - clock.now());
  for (let i = 0; i < parts.length; i++) {
    clock.advance(interval);
    await streaming.idle();
  }
  await streaming.stop();
  if (failures.length > 0) throw failures[0];
  const seen = new Set([...got.closed.flat(), ...got.late.flat().map(([, id]) => id)]);
  const open = batches.flat().flatMap(({ id }) => (seen.has(id) ? [] : id));
  return { ...got, dropped: totals.dropped, open };
}

const comparable = ({ closed, late, totals, dropped, open }: SlackModel) => ({
  closed: closed.map(unordered),
  late: late.map(unordered),
  totals: totals.map(unordered),
  dropped,
  open: unordered(open),
});

/** The last total that was given for each interval and key. */
const lastTotals = ({ totals }: SlackModel) =>
  [...new Map(totals.flat().map(([pair, total]) => [JSON.stringify(pair), total]))].sort(([a], [b]) => (a < b ? -1 : 1));

test('every record is in one batch, late, or open; totals and corrections are exact', async () => {
  const seeds = size(12, onSpark ? 40 : 400);
  const counted = { closed: 0, late: 0, dropped: 0, open: 0, corrected: 0 };
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const random = new Random(seed);
    const drawn = randomCase(random);
    const expected = slackModel(drawn.batches, drawn);
    const got = await run(drawn, join(folder, `${seed}`));
    assert.equal(comparable(got), comparable(expected), `SEED=${seed}`);
    const given = [...got.closed.flat(), ...got.late.flat().map(([, id]) => id), ...got.open];
    assert.equal(
      given.sort((a, b) => a - b),
      drawn.batches.flat().map(({ id }) => id),
      `each record once, SEED=${seed}`,
    );
    assert.equal(lastTotals(got), lastTotals(expected), `last totals, SEED=${seed}`);
    counted.closed += got.closed.flat().length;
    counted.late += got.late.flat().length;
    counted.dropped += got.dropped;
    counted.open += got.open.length;
    counted.corrected += got.totals.flat().length - lastTotals(got).length;
  }
  console.log(`    seeds ${firstSeed} to ${firstSeed + seeds - 1}: ${JSON.stringify(counted)}`);
  for (const [what, count] of Object.entries(counted)) assert.ok(count >= seeds / 2, `only ${count} ${what}`);
});

test.run();
