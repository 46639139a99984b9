// The scheduler on simulated clusters: its state is consistent after each event, every job ends, every result is exact.
// time limit: 300 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { size } from '../helpers/sizes';
import { SimCluster } from './cluster';
import { type Counts, noCounts } from './counts';

const test = suite('scheduler simulation');
const seeds = Number(process.env.SIM_SEEDS ?? size(2000, 20_000));
const first = Number(process.env.SIM_FIRST ?? 1);

test(`${seeds} clusters from seed ${first} on`, () => {
  const total = noCounts();
  let done = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    try {
      const cluster = new SimCluster(seed, 30);
      cluster.run();
      for (const key of Object.keys(total) as (keyof Counts)[]) total[key] += cluster.counts[key];
      for (const job of cluster.jobs.values()) {
        assert.is.not(job.ended, 'failed');
        if (job.ended === 'done') done++;
      }
    } catch (error) {
      throw new Error(`SIM_FIRST=${seed} SIM_SEEDS=1: ${(error as Error).stack}`);
    }
  }
  // Faults that do not happen prove nothing.
  console.log(`${done} jobs done; ${JSON.stringify(total)}`);
  if (seeds < 100) return;
  for (const [fault, times] of Object.entries(total)) assert.ok(times >= seeds / 20, `${fault}: ${times}`);
  assert.ok(done >= seeds, `${done} jobs were done`);
});

test.run();
