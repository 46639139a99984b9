// The header of every page: counts of what runs, and notices that the user should look at.

import { msText } from '../../../runtime/base/units';
import type { JobStatus } from '../../../runtime/status/status-store';
import type { Head, JobView, Notice, StageView } from '../page/messages';
import { jobView } from './job-view';
import type { PageSource } from './source';
import { streamView } from './streams-view';

/** Only the last ended jobs give notices; the list of jobs shows what failed before. */
const recentJobs = 10;
/** How long the notice of a lost executor stays. */
const recentMs = 600_000;

export function headOf(source: PageSource, now: number): Head {
  const { sc, status, started, version } = source;
  const executors = status.executors.alive();
  const jobs = status.jobs();
  return {
    master: sc.master,
    version,
    started,
    jobsRunning: jobs.filter((job) => job.status === 'running' && job.output === undefined).length,
    executors: executors.length,
    slots: executors.reduce((sum, e) => sum + e.slots, 0),
    busy: executors.reduce((sum, e) => sum + e.running, 0),
    datasets: sc.persistedRdds().length,
    streams: source.streams().filter(({ streaming }) => streaming.state === 'active').length,
    notices: [...jobNotices(jobs, source, now), ...streamNotices(source), ...lossNotices(source, now)],
  };
}

function jobNotices(jobs: readonly JobStatus[], source: PageSource, now: number): Notice[] {
  const ofEntries = jobs.filter(({ output }) => output === undefined);
  const running = ofEntries.filter(({ status }) => status === 'running');
  const ended = ofEntries.filter(({ status }) => status !== 'running').slice(-recentJobs);
  return [...running, ...ended.reverse()].flatMap((job) => noticesOf(jobView(job, source, now)));
}

function noticesOf({ id, title, failure, waits, stages }: JobView): Notice[] {
  const href = `/jobs/${id}`;
  const found: Notice[] = [];
  if (waits !== undefined) found.push({ kind: 'waits', text: `Job ${id} waits`, detail: waits, href });
  if (failure) found.push({ kind: 'failed', text: `Job ${id} failed: ${title}`, detail: failure.message, href });
  return [...found, ...stages.flatMap(skewNotice)];
}

function skewNotice({ id, skew }: StageView): Notice[] {
  if (!skew) return [];
  const times = Math.round(skew.factor);
  const cause = skew.explainedBy ? `it reads many more ${skew.explainedBy} than the others` : '';
  const text = `Stage ${id} is skewed: partition ${skew.partition} takes ${times} × the median`;
  return [{ kind: 'skew', text, detail: cause, href: `/stages/${id}` }];
}

function streamNotices(source: PageSource): Notice[] {
  return source.streams().flatMap((monitor) => {
    const { state, behind, interval, outputs } = streamView(monitor);
    if (state !== 'active') return [];
    const failing = outputs.filter(({ failures }) => failures > 0);
    const notices: Notice[] = failing.map(({ name, failures, batches, lastFailure: detail }) => {
      return { kind: 'output', text: `${name} failed in ${failures} of ${batches} batches`, detail, href: '/streams' };
    });
    // A delay below one interval is just the batch that runs now.
    if (behind > interval) notices.push({ kind: 'behind', text: `Streams are ${msText(behind)} behind`, href: '/streams' });
    return notices;
  });
}

function lossNotices({ status }: PageSource, now: number): Notice[] {
  const recent = status.executors.lost().filter(({ removed = 0 }) => now - removed < recentMs);
  const last = recent.at(-1);
  if (!last) return [];
  const text = recent.length === 1 ? `Executor ${last.executorId} was lost` : `${recent.length} executors were lost`;
  return [{ kind: 'lost', text, detail: last.reason, href: '/executors' }];
}
