// What is taken back, or belonged to a session that has ended, leaves the memory of executors.
// time limit: 180 s
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Context, RDD } from '../../../runtime/index';
import { parentOf, processesOf } from '../../helpers/processes';
import { Server } from '../../helpers/server';

const test = suite('memory of executors');
let server: Server;

test.before(async () => {
  server = await Server.start('--executor-memory', '400');
});

test.after(() => server.stop());

/** Rows of 4 MB. */
const rows = (sc: Context): RDD<string> => sc.range(0, 4_000, 1, 4).map((x) => `${x}`.padEnd(1_000, 'x'));
const datasetMb = 4;

const residentMb = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

/** Memory of all executors of the server. */
const executorsMb = (): number =>
  processesOf('executor.js')
    .filter((pid) => parentOf(pid) === server.pid)
    .reduce((sum, pid) => sum + residentMb(pid), 0);

/** How much the executors grow from the fiftieth to the last of 200 rounds; with nothing released they would hold 600 MB more. */
async function growthMb(round: (n: number) => Promise<void>): Promise<number> {
  const rounds = 200;
  let before = 0;
  for (let n = 0; n < rounds; n++) {
    if (n === 50) before = executorsMb();
    await round(n);
  }
  return executorsMb() - before;
}

test('rows of datasets that are published and taken back', async () => {
  const sc = await server.session();
  const grown = await growthMb(async (n) => {
    const kept = rows(sc).cache();
    await kept.publish('brief');
    assert.is(await kept.count(), 4_000);
    const [info] = (await server.info()).sessions;
    assert.ok(info.published > (datasetMb - 1) * 2 ** 20, `${info.published}`);
    if (n % 20 === 0) {
      const reader = await server.session();
      assert.is(await reader.dataset('brief').count(), 4_000);
      await sc.unpublish('brief');
      // A reader that ends lets go of it, as one does that is killed.
      await reader.stop();
    } else await sc.unpublish('brief');
    kept.unpersist();
    if (n % 20 !== 0) assert.is((await server.info()).sessions[0].published, 0);
  });
  assert.ok(grown < 100, `${Math.round(grown)} MB`);
  await sc.stop();
});

test('rows that a session persisted, when it ends', async () => {
  const grown = await growthMb(async () => {
    const sc = await server.session();
    assert.is(await rows(sc).cache().count(), 4_000);
    await sc.stop();
  });
  assert.ok(grown < 100, `${Math.round(grown)} MB`);
});

test.run();
