// Groups, tags, descriptions and pools of jobs: Spark's own pages show them, and they cancel.
// time limit: 200 s
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import type { Context } from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { masterOf } from '../helpers/master';
import { until, within } from '../helpers/within';

const test = suite('labels of jobs on Spark');
let sc: Context;
let folder: string;
let marks = 0;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spark-labels-'));
  const config = { schedulerMode: 'FAIR', pools: { fast: { weight: 3, minShare: 1 } } } as const;
  sc = await connect(masterOf('spark-local[2]'), { config });
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A job that never ends, once it runs. */
async function endless(properties: Record<string, string> = {}): Promise<{ readonly ended: Promise<unknown> }> {
  const mark = join(folder, `mark-${marks++}`);
  const job = sc.withLocalProperties(properties, () =>
    sc
      .range(0, 1, 1, 1)
      .map((x) => {
        require('node:fs').writeFileSync(mark, '');
        for (;;) if (x > 1) return x;
      })
      .count(),
  );
  const ended = errorOf('JOB_CANCELLED', () => job);
  await until(60_000, () => existsSync(mark), 'the task');
  return { ended };
}

async function told(path: string): Promise<any> {
  const { pages } = sc.engine.status.foreign!;
  const [{ id }] = (await (await fetch(`${pages}/api/v1/applications`)).json()) as { id: string }[];
  return (await fetch(`${pages}/api/v1/applications/${id}/${path}`)).json();
}

test("Spark's own status has the group, the description, the tags and the pool of a job", async () => {
  sc.setJobGroup('reports', 'the reports of today');
  sc.addJobTag('nightly');
  const { ended } = await endless({ 'spark.scheduler.pool': 'fast' });
  const [job] = await told('jobs?status=running');
  assert.equal([job.jobGroup, job.description, job.jobTags], ['reports', 'the reports of today', ['nightly']]);
  const [stage] = await told('stages?status=active');
  assert.is(stage.schedulingPool, 'fast');
  const page = await (await fetch(`${sc.engine.status.foreign!.pages}/stages/pool/?poolname=fast`)).text();
  assert.match(page.replace(/<[^>]*>|\s+/g, ' '), /fast\s+1\s+3\s/);
  const { group, tags, pool } = sc.jobs().at(-1)!;
  assert.equal([group, tags, pool], ['reports', ['nightly'], 'fast']);
  assert.is(sc.cancelJobsWithTag('nightly'), 1);
  await within(30_000, ended, 'the end');
  sc.clearJobGroup();
  sc.clearJobTags();
  await sc.range(3).count();
  const jobs = await told('jobs');
  const last = jobs.sort((a: any, b: any) => a.jobId - b.jobId).at(-1);
  assert.equal([last.jobGroup, last.description, last.jobTags], [undefined, undefined, []]);
});

test('a group is cancelled, and all jobs are; others go on, and the next job is right', async () => {
  const properties = (group: string) => ({ 'spark.jobGroup.id': group });
  const [one, two] = [await endless(properties('one')), await endless(properties('two'))];
  assert.is(sc.cancelJobGroup('one'), 1);
  await within(30_000, one.ended, 'the first');
  assert.is(sc.jobs().filter(({ status }) => status === 'running').length, 1);
  sc.cancelAllJobs();
  await within(30_000, two.ended, 'the second');
  assert.is(await within(60_000, sc.range(0, 100, 1, 4).sum(), 'the next job'), 4950);
  assert.equal(
    await until(10_000, async () => (await told('jobs?status=running')).length === 0, "the end of Spark's jobs"),
    true,
  );
});

test.run();
