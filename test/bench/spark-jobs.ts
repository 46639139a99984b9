// What a job of two tasks on a persisted dataset takes on Apache Spark: in one JVM, and on a standalone cluster of two workers on this machine.
//
// Usage: npm run bench:spark. Medians of twenty jobs after as many untimed ones. The goals are those of issue 22.
import { connect } from '../../cluster/connect';
import { startStandalone } from '../helpers/standalone';

const jobs = 20;
const goals = { 'spark-local[2]': 100, standalone: 250 } as const;

const median = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1];

async function measure(name: keyof typeof goals, master: string, conf: Readonly<Record<string, string>>): Promise<void> {
  const sc = await connect(master, { spark: { conf } });
  try {
    const rows = sc
      .range(0, 100_000, 1, 2)
      .map((x) => x * 2)
      .cache();
    const times: number[] = [];
    for (let i = 0; i < 2 * jobs; i++) {
      const started = performance.now();
      await rows.map((x) => x + 1).sum();
      if (i >= jobs) times.push(performance.now() - started);
    }
    const worst = Math.max(...times).toFixed(0);
    console.log(`${name}: a job of two tasks ${median(times).toFixed(1)} ms (goal ${goals[name]}), the longest ${worst} ms`);
  } finally {
    await sc.stop();
  }
}

async function main(): Promise<void> {
  await measure('spark-local[2]', 'spark-local[2]', {});
  const cluster = await startStandalone(2, 1);
  try {
    await measure('standalone', cluster.master, { 'spark.executor.cores': '1', 'spark.executor.memory': '512m' });
  } finally {
    await cluster.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
