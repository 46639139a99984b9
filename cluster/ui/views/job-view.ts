// Turns the status of jobs and stages into what the pages show.

import type { CallSite } from '../../../runtime/base/flow';
import type { Place } from '../../../runtime/base/place';
import { skewOf } from '../../../runtime/status/skew';
import type { StageStatus } from '../../../runtime/status/stage-status';
import { metrics, type TaskRow } from '../../../runtime/status/stage-tasks';
import type { JobStatus } from '../../../runtime/status/status-store';
import type { GraphStage, JobView, PageData, PlaceInText, StageView, TaskView } from '../page/messages';
import type { PageSource } from './source';

/** A running job counts as waiting after this long without a running task. */
const waitsAfterMs = 2000;

function stageView(stage: StageStatus, now: number): StageView {
  const { graph, jobId, state, attempt, tasks, done, running, submitted, completed, failure } = stage;
  const { rows, bytesRead, bytesWritten } = stage;
  const { stageId: id, title, numTasks } = graph;
  const counts = { tasks: numTasks, done, running: running.size, failures: tasks.failures };
  const sums = { rows, bytesRead, bytesWritten };
  return { id, jobId, title, state, attempt, ...counts, submitted, completed, ...sums, failure, skew: skewOf(stage, now) };
}

export function jobView(job: JobStatus, source: PageSource, now: number): JobView {
  const { jobId: id, title, callSite: site, status, started, ended, failure } = job;
  const { group, description, tags, pool, output } = job;
  const stages = job.stages.map((stage) => stageView(stage, now));
  const rows = status === 'running' ? source.sc.engine.status.readSoFar(id) : stages.reduce((sum, s) => sum + s.rows, 0);
  const labels = { group, description, tags, pool, output };
  const reported = failure && { ...failure, place: failure.place && placeInText(failure.place, job) };
  const waits = waitsFor(job, source, now);
  return { id, title, site, status, started, ended, stages, rows, failure: reported, waits, ...labels };
}

/** Why no task of a running job has run for a while; undefined if one has. */
function waitsFor({ status, started, stages }: JobStatus, { status: store }: PageSource, now: number): string | undefined {
  if (status !== 'running' || stages.some(({ running }) => running.size > 0)) return undefined;
  const lastEnd = stages.reduce((last, stage) => Math.max(last, stage.completed ?? 0), started);
  if (now - lastEnd < waitsAfterMs) return undefined;
  const executors = store.executors.alive();
  if (executors.length === 0) return 'no executor has joined';
  const slots = executors.reduce((sum, e) => sum + e.slots, 0);
  const busy = executors.reduce((sum, e) => sum + e.running, 0);
  return `${busy} of ${slots} slots are busy with other jobs`;
}

/** Where a task threw. The text of the line is found in the call site of the job or of a dataset that it reads. */
function placeInText(place: Place, job: JobStatus): PlaceInText {
  const { file, line, column } = place;
  const sites = [job.callSite, ...job.stages.flatMap(({ graph }) => graph.datasets.map(({ callSite }) => callSite))];
  return { file: String(file), line, column, text: lineOf(sites, place) };
}

function lineOf(sites: readonly (CallSite | undefined)[], { file, line }: Place): string | undefined {
  for (const site of sites) {
    const text = site?.file === file ? site.text.split('\n')[line - site.line] : undefined;
    if (text !== undefined) return text;
  }
  return undefined;
}

export function jobPage(job: JobStatus, source: PageSource, now: number): PageData {
  const stages = job.stages.map((stage) => stageNode(stage, source, now));
  return { page: 'job', job: jobView(job, source, now), stages };
}

function stageNode(stage: StageStatus, { sc }: PageSource, now: number): GraphStage {
  const datasets = stage.graph.datasets.map(({ rddId: id, callSite: site, level, ...dataset }) => {
    const persisted = level === undefined ? 0 : sc.engine.status.stored(id).partitions;
    return { id, ...dataset, level, persisted, site };
  });
  return { ...stageView(stage, now), parents: stage.graph.parents, datasets };
}

export function stagePage(stage: StageStatus, job: JobStatus, source: PageSource, now: number): PageData {
  const ended = stage.tasks.all().map((task) => taskView(task, job));
  const running = [...stage.running.values()].map(({ taskId, executorId, speculative, ...task }) => {
    return { id: taskId, ...task, executor: executorId, copy: speculative, rows: 0, bytesRead: 0, bytesWritten: 0 };
  });
  const quantiles = metrics.flatMap((metric) => {
    const five = stage.tasks.quantiles(metric);
    // Leave out a metric that is 0 in every task.
    return five && (metric === 'ms' || five[4] > 0) ? [{ metric, five }] : [];
  });
  const count = stage.tasks.succeeded + stage.tasks.failures;
  const tasks = [...ended, ...running];
  return { page: 'stage', stage: stageView(stage, now), job: jobView(job, source, now), tasks, ended: count, quantiles };
}

function taskView(task: TaskRow, job: JobStatus): TaskView {
  const { taskId: id, executorId: executor, speculative: copy, place, ...rest } = task;
  return { id, executor, copy, ...rest, place: place && placeInText(place, job) };
}
