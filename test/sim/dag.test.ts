// The scheduler under simulated clusters: after each event its state agrees with itself, every job ends, every result is exact.
// time limit: 300 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Counts, SimCluster } from './cluster';

const test = suite('scheduler simulation');
const seeds = Number(process.env.SIM_SEEDS ?? 2000);
const first = Number(process.env.SIM_FIRST ?? 1);

test(`${seeds} clusters from seed ${first} on`, () => {
  const total: Counts = { losses: 0, fetchFailures: 0, doubled: 0, stale: 0, copies: 0, cancels: 0 };
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
  for (const fault of ['losses', 'fetchFailures', 'doubled', 'stale', 'copies', 'cancels'] as const)
    assert.ok(total[fault] >= seeds / 50, `${fault}: ${total[fault]}`);
  assert.ok(done >= seeds, `${done} jobs were done`);
});

test.run();
