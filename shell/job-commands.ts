// What `.jobs`, `.executors` and `.cancel` show and do.
import { type Context, type JobRecord, MillraceError } from '../runtime';
import { escapeControls } from './text';

/** The last jobs, a line each. */
export function jobsText(sc: Context): string {
  const jobs = sc.jobs();
  return jobs.length === 0 ? 'no jobs yet' : jobs.map((job) => jobLine(sc, job)).join('\n');
}

function jobLine(sc: Context, { jobId, title, started, ended, status, records, output, ...labels }: JobRecord): string {
  const seconds = ((ended ?? sc.clock.now()) - started) / 1000;
  const { group, tags, description } = labels;
  const marks = [output, group && `group ${group}`, tags.length > 0 && `tags ${tags.join(' ')}`, description].filter(Boolean);
  const what = `${title}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}${status === 'running' ? tasksText(sc, jobId) : ''}`;
  const head = `${String(jobId).padStart(4)}  ${status.padEnd(9)}  ${seconds.toFixed(1).padStart(7)} s  ${records} records`;
  return `${head}  ${escapeControls(what)}`;
}

/** How far the stages of a running job are: `· stage 3: 4/8, 2 running`. */
function tasksText({ statusTracker }: Context, jobId: number): string {
  const stages = statusTracker.getJobInfo(jobId)?.stageIds.flatMap((id) => statusTracker.getStageInfo(id) ?? []) ?? [];
  const active = stages.filter((stage) => stage.numActiveTasks > 0);
  return active.map((s) => ` · stage ${s.stageId}: ${s.numCompletedTasks}/${s.numTasks}, ${s.numActiveTasks} running`).join('');
}

/** The executors that are there, a line each. */
export function executorsText(sc: Context): string {
  const executors = sc.executors();
  if (executors.length === 0) return 'no executor is there yet';
  const lines = executors.map(({ id, host, slots, free, excluded }) => {
    const state = excluded ? 'excluded after failures' : `${slots - free} of ${slots} ${slots === 1 ? 'slot' : 'slots'} busy`;
    return `${id.padEnd(8)}  ${host}  ${state}`;
  });
  return lines.join('\n');
}

/** Ctrl-C: cancels the jobs of entries; those of streams go on. */
export function cancelEntryJobs(sc: Context): void {
  for (const { jobId, status, output } of sc.jobs()) if (status === 'running' && output === undefined) sc.cancelJob(jobId);
}

/** Cancels a job by its number, or all that run where none is given. */
export function cancelJobs(sc: Context, which: unknown): string {
  const running = sc.jobs().filter(({ status }) => status === 'running');
  if (which === undefined) {
    sc.cancelAllJobs();
    return `${running.length} ${running.length === 1 ? 'job' : 'jobs'} cancelled`;
  }
  if (!running.some(({ jobId }) => jobId === which))
    throw new MillraceError('BAD_ARGUMENT', {
      operation: '.cancel',
      argument: 'the job',
      value: String(which),
      rule: running.length === 0 ? 'left out: no job runs' : `one of ${running.map(({ jobId }) => jobId).join(', ')}`,
      remedy: 'See .jobs.',
    });
  sc.cancelJob(which as number);
  return `job ${which} cancelled`;
}
