// Executors of a standalone cluster, and the Node workers in them, are killed at random moments while mixed jobs run: all answers are exact.
// time limit: 300 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { Random } from '../../runtime/base/time';
import type { Context } from '../../runtime/index';
import { mixedJobs } from '../helpers/mixed-jobs';
import { size } from '../helpers/sizes';
import { type Standalone, startStandalone } from '../helpers/standalone';
import { until, within } from '../helpers/within';

const test = suite('kills on a standalone cluster');
const seed = Number(process.env.MILLRACE_SEED ?? 20261130);
const kinds = mixedJobs(240_000);
const jobCount = size(5, 50);
const killsPerJob = 2;
const jobLimitMs = 120_000;
const startMs = 60_000;
let cluster: Standalone;
let sc: Context;

test.before(async () => {
  cluster = await startStandalone(2, 2);
  sc = await connect(cluster.master, { spark: { conf: { 'spark.executor.memory': '512m', 'spark.executor.cores': '2' } } });
});

test.after(async () => {
  await sc?.stop();
  await cluster?.stop();
});

/** Kills executors and workers by turns, each at its moment in milliseconds from now, or as soon after as there is one. */
class Killer {
  readonly kills = { executors: 0, workers: 0 };
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  get count(): number {
    return this.kills.executors + this.kills.workers;
  }

  /** Strikes until it is stopped. */
  start(moments: readonly number[]): () => void {
    const timers = moments.map((ms) => setTimeout(() => this.#strike(), ms));
    return () => timers.forEach(clearTimeout);
  }

  #strike(): void {
    const what = this.kills.executors <= this.kills.workers ? 'executors' : 'workers';
    const pids = what === 'executors' ? cluster.executorPids() : cluster.workerPids();
    // All may be starting; then the fault does not count.
    if (pids.length === 0) return;
    process.kill(pids[this.#random.below(pids.length)], 'SIGKILL');
    this.kills[what]++;
  }
}

test(`${jobCount * killsPerJob} kills over ${jobCount} mixed jobs (seed ${seed}): exact`, async () => {
  const random = new Random(seed);
  const killer = new Killer(random);
  await until(startMs, () => sc.executors().length === 2, 'both executors');
  const usual: number[] = [];
  for (const { name, run, model } of kinds) {
    await within(jobLimitMs, run(sc, -1), `${name}, warming up`);
    const started = performance.now();
    assert.equal(await within(jobLimitMs, run(sc, -2), `${name} without faults`), model(-2), name);
    usual.push(performance.now() - started);
  }
  for (let job = 0; killer.count < jobCount * killsPerJob; job++) {
    assert.ok(job < jobCount * 3, `${killer.count} kills in ${job} jobs`);
    const { name, run, model } = kinds[job % kinds.length];
    await until(startMs, () => cluster.executorPids().length === 2, 'the replacement executors');
    const stop = killer.start(Array.from({ length: killsPerJob }, () => random.next() * usual[job % kinds.length]));
    const answer = await within(jobLimitMs, run(sc, job), `job ${job}, ${name}`);
    stop();
    assert.equal(answer, model(job), `job ${job}, ${name}`);
  }
  console.log(`  ${killer.kills.executors} executors and ${killer.kills.workers} workers killed`);
});

test.run();
