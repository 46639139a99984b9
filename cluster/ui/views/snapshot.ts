// Takes the current state of the view that a page shows, as plain data.
import type { PageData, Snapshot, Wanted } from '../page/messages';
import { headOf } from './head-view';
import { jobPage, jobView, stagePage } from './job-view';
import type { PageSource } from './source';
import { datasetsPage, executorsPage } from './storage-view';
import { streamsPage } from './streams-view';

/** A list shows this many jobs of streams; they are alike. */
const listedStreamJobs = 20;

export function snapshotOf(source: PageSource, wanted: Wanted): Snapshot {
  const now = source.sc.clock.now();
  return { now, head: headOf(source, now), data: dataOf(source, wanted, now) };
}

function dataOf(source: PageSource, wanted: Wanted, now: number): PageData {
  switch (wanted.page) {
    case 'jobs':
      return jobsPage(source, now);
    case 'job': {
      const job = source.status.job(wanted.id);
      return job ? jobPage(job, source, now) : { page: 'missing', wanted: 'job', id: wanted.id };
    }
    case 'stage': {
      const stage = source.status.stage(wanted.id);
      const job = stage && source.status.job(stage.jobId);
      return stage && job ? stagePage(stage, job, source, now) : { page: 'missing', wanted: 'stage', id: wanted.id };
    }
    case 'datasets':
      return datasetsPage(source);
    case 'executors':
      return executorsPage(source);
    case 'streams':
      return streamsPage(source);
  }
}

/** Newest first. */
function jobsPage(source: PageSource, now: number): PageData {
  const jobs = source.status.jobs().reverse();
  const [ofEntries, ofStreams] = [jobs.filter((job) => job.output === undefined), jobs.filter((job) => job.output !== undefined)];
  const view = (job: (typeof jobs)[number]) => jobView(job, source, now);
  const running = ofEntries.filter(({ status }) => status === 'running').map(view);
  const ended = ofEntries.filter(({ status }) => status !== 'running');
  return { page: 'jobs', running, ended: ended.map(view), ofStreams: ofStreams.slice(0, listedStreamJobs).map(view) };
}
