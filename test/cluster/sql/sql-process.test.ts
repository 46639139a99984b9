// The process of the SQL engine: it starts with the first query, ends with the session, and is replaced when it is killed or a query is cancelled.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { cancelWork } from '../../../runtime/context/running-work';
import type { Context } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { isAlive, processesOf } from '../../helpers/processes';
import { descendants } from '../../helpers/terminal';
import { until, within } from '../../helpers/within';

const test = suite('the SQL engine');

const pidOf = (sc: Context) => (sc.queries as unknown as { readonly pid: number | undefined }).pid;

/** A query that runs for minutes. */
const endless = 'select count(*) n from range(100000000) a, range(100000) b where (a.range * b.range) % 7 = 3';

test('there is no process before the first query, and none after stop', async () => {
  const sc = await connect('local');
  assert.is(await sc.range(3).count(), 3);
  assert.is(pidOf(sc), undefined);
  assert.equal(await sc.sql`select 1 a`.collect(), [{ a: 1 }]);
  const pid = pidOf(sc)!;
  assert.ok(isAlive(pid));
  await sc.stop();
  await until(5_000, () => !isAlive(pid), 'the end of the engine');
});

test('a killed engine fails its query by name; the next query starts another one', async () => {
  const sc = await connect('local');
  const rows = sc.parallelize([{ a: 1 }]);
  await sc.sql`select 1`.collect();
  const pid = pidOf(sc)!;
  const lost = errorOf('SQL_ENGINE_LOST', () => sc.sql(endless).collect());
  await works(pid);
  process.kill(pid, 'SIGKILL');
  assert.match((await within(30_000, lost, 'the error')).message, /it was killed by SIGKILL/);
  assert.equal(await sc.sql`select a + 1 as b from ${rows}`.collect(), [{ b: 2 }]);
  assert.is.not(pidOf(sc), pid);
  await sc.stop();
});

test('Ctrl-C ends a query at once; another one that runs meanwhile is asked again; a dataset may be asked again', async () => {
  const sc = await connect('local');
  await sc.sql`select 1`.collect();
  const pid = pidOf(sc)!;
  const slow = sc.sql(endless);
  const cancelled = errorOf('JOB_CANCELLED', () => slow.collect());
  await works(pid);
  cancelWork(sc);
  await within(30_000, cancelled, 'the end of the query');
  assert.equal(await sc.sql`select 2 as a`.collect(), [{ a: 2 }]);
  const stopped = slow.collectAsync();
  await until(30_000, () => pidOf(sc) !== undefined, 'the engine');
  await works(pidOf(sc)!);
  const other = sc.sql`select sum(range) s from range(3000000)`.collect();
  stopped.cancel();
  await within(
    5_000,
    errorOf('JOB_CANCELLED', () => stopped),
    'the end of the query',
  );
  assert.equal(await within(60_000, other, 'the other query'), [{ s: 4_499_998_500_000 }]);
  await sc.stop();
});

for (const [what, query] of [
  ['counts', endless],
  ['writes its answer', 'select range, md5(range::varchar) h from range(1000000000)'],
])
  test(`an engine that ${what} ends with a session that is killed`, async () => {
    const script = spawn(process.execPath, ['dist/millrace.js', '--master', 'local', '-e', `await sc.sql('${query}').count()`], {
      stdio: 'ignore',
    });
    const engines = () => processesOf('sql-engine.js').filter((pid) => descendants(script.pid!).includes(pid));
    await until(30_000, () => engines().length === 1, 'the engine');
    const [engine] = engines();
    await works(engine);
    for (const pid of [...descendants(script.pid!).filter((other) => other !== engine), script.pid!])
      process.kill(pid, 'SIGKILL');
    await until(5_000, () => !isAlive(engine), 'the end of the engine');
  });

test('what does not fit into the memory of the engine is spilled to the folder of the session, which goes with it', async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith(`millrace-${process.pid}-`));
  const sc = await connect('local', { config: { sqlMemoryMb: 64 } });
  const [folder] = readdirSync(tmpdir()).filter((name) => name.startsWith(`millrace-${process.pid}-`) && !before.includes(name));
  const sorted = sc.sql`select max(r) r from (select row_number() over (order by md5(range::varchar)) r from range(2000000))`;
  assert.equal(await sorted.collect(), [{ r: 2_000_000 }]);
  await sc.stop();
  assert.not.ok(existsSync(path.join(tmpdir(), folder)));
});

/** The processor time of a process so far, in ticks. */
const ticks = (pid: number) => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[11]);

/** Resolves when a process has worked for a while: its query has begun. */
const works = (pid: number, from = ticks(pid)) => until(30_000, () => ticks(pid) > from + 5, 'the query');

test.run();
