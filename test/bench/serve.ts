// Figures of servers: attach to the prompt's first answer, a count of a published dataset after it, and what a job through a server costs beside one in-process.
//
// Usage: npm run bench:serve. Both sides of a ratio take turns in one run. The goals are those of issue 24.
import { connect } from '../../cluster/connect';
import type { Context } from '../../runtime/index';
import { Server } from '../helpers/server';

const rounds = 7;
const jobs = 100;

const median = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1];

async function timed(f: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await f();
  return performance.now() - started;
}

/** Milliseconds of one small job, as the mean of many in a row. */
const jobMs = async (sc: Context): Promise<number> =>
  (await timed(async () => {
    for (let i = 0; i < jobs; i++) await sc.range(0, 10, 1, 2).count();
  })) / jobs;

async function main(): Promise<void> {
  const server = await Server.start('--master', 'local[2]');
  const publisher = await server.session({ name: 'the publisher' });
  const rows = publisher.range(0, 1_000_000, 1, 4).cache();
  await rows.count();
  await rows.publish('rows', {}, 'number');
  const [attach, count]: [number[], number[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    let sc!: Context;
    attach.push(
      await timed(async () => {
        sc = await server.session({ name: 'a reader' });
      }),
    );
    count.push(await timed(() => sc.dataset('rows').count()));
    await sc.stop();
  }
  const own = await connect('local[2]');
  await jobMs(own);
  await jobMs(publisher);
  const [direct, served]: [number[], number[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    direct.push(await jobMs(own));
    served.push(await jobMs(publisher));
  }
  await own.stop();
  await server.stop();
  const [a, b] = [median(direct), median(served)];
  console.log(
    `attach ${median(attach).toFixed(1)} ms (goal 200), count of a published dataset after it ${median(count).toFixed(1)} ms (goal 300)`,
  );
  console.log(
    `a job in-process ${a.toFixed(2)} ms, through a server ${b.toFixed(2)} ms: ${(b / a).toFixed(2)} times, ${(b - a).toFixed(2)} ms more (goal 1)`,
  );
}

void main();
