// Random programs of streams give the same batches in one run and when they were restarted twice; SEED=n runs one of them again.
// time limit: 300 s
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
import { program, steps } from '../helpers/stream-programs';
import { quietDisplay } from '../helpers/streams';

const test = suite('restarts of streams');
const replayed = process.env.SEED === undefined ? undefined : Number(process.env.SEED);
const count = Number(process.env.SEEDS ?? size(Math.ceil(Object.keys(steps).length / 2), onSpark ? 100 : 1000));
const first = Number(process.env.FIRST ?? 0);
const seeds = replayed === undefined ? Array.from({ length: count }, (_, i) => first + i) : [replayed];
const batches = 16;
let sc: Context;
let folder: string;

test.before(async () => {
  sc = await connect(masterOf('local'));
  folder = mkdtempSync(join(tmpdir(), 'restarts-'));
});
test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The rows of each batch of each stream: by the steps of the stream and the time. */
type Rows = Map<string, unknown[]>;

/** Without what a restart puts before it. */
const reasonOf = ({ message }: Error) => message.replace(/^The batch of .* failed before the restart: /, '');

interface Part {
  /** Where the clock stands when the program starts, and when it ends, in batches. */
  readonly from: number;
  readonly to: number;
  /** The last batches are submitted together, and the end comes while they run. */
  readonly suddenly?: boolean;
  readonly graceful?: boolean;
}

async function run(seed: number, checkpoint: string, { from, to, suddenly, graceful }: Part, rows: Rows): Promise<void> {
  const clock = new ManualClock(from * 1000);
  const failures: string[] = [];
  const create = (streaming: StreamingContext) => {
    program(streaming, seed).forEach(({ text, stream }, i) => {
      stream.foreachRDD(
        async (rdd, time) => {
          const got = await rdd.collect().then(unordered, (e) => [reasonOf(e)]);
          const id = `output ${i} at ${time / 1000}, ${text}`;
          // A batch that runs again gives the same.
          if (rows.has(id)) assert.equal(got, rows.get(id), `again: ${id}`);
          rows.set(id, got);
        },
        { onFailure: 'skip' },
      );
    });
  };
  const display = quietDisplay();
  const streaming = StreamingContext.getOrCreate(checkpoint, create, { sc, interval: '1s', clock, display });
  streaming.addStreamingListener({
    onBatchCompleted: ({ time, outputs }) => {
      for (const { name, failure } of outputs) {
        // Where no dataset could be made, the output was not called.
        if (failure && reasonOf(failure) === 'a bad batch') rows.set(`failure of ${name} at ${time / 1000}`, []);
        else if (failure) failures.push(`${name}: ${failure.message}`);
      }
    },
  });
  streaming.start();
  await streaming.idle();
  for (let at = from; at < to; at++) {
    clock.advance('1s');
    if (!suddenly || at < to - 2) await streaming.idle();
  }
  if (suddenly) for (let i = 0; i < seed % 40; i++) await new Promise((resolve) => setImmediate(resolve));
  await streaming.stop({ graceful });
  assert.equal(failures, []);
}

test(`${seeds.length} random programs give the same batches whole and restarted twice`, async () => {
  const broken: string[] = [];
  for (const seed of seeds) {
    const [whole, restarted]: Rows[] = [new Map(), new Map()];
    await run(seed, join(folder, `${seed}-whole`), { from: 0, to: batches }, whole);
    const random = new Random(seed + 1);
    const one = 3 + random.below(5);
    const two = one + 2 + random.below(4);
    const downtime = random.below(3);
    const kinds = [{}, { suddenly: true }, { graceful: true }];
    try {
      const checkpoint = join(folder, `${seed}-restarted`);
      await run(seed, checkpoint, { from: 0, to: one, ...kinds[random.below(3)] }, restarted);
      await run(seed, checkpoint, { from: one + downtime, to: two + downtime, ...kinds[random.below(2)] }, restarted);
      await run(seed, checkpoint, { from: two + downtime, to: batches }, restarted);
      for (const [id, rows] of whole) assert.equal(restarted.get(id), rows, id);
    } catch (e) {
      broken.push(`SEED=${seed}: ${(e as Error).message} ${JSON.stringify((e as any).details ?? '').slice(0, 300)}`);
    }
  }
  assert.equal(broken, []);
});

test.run();
