// What `.jobs`, `.stages`, `.executors`, `.datasets`, `.sessions` and `.cancel` show and do.
import { headline } from '../../cluster/ui/page/headline';
import { type CallSite, type Context, type JobRecord, MillraceError, type RDD, StorageLevel } from '../../runtime';
import { bytesText, msText } from '../../runtime/base/units';
import { type Skew, skewOf } from '../../runtime/status/skew';
import type { StageStatus } from '../../runtime/status/stage-status';
import type { JobStatus, StatusStore } from '../../runtime/status/status-store';
import type { Choice } from '../contract/screen';
import { counted, cut, escapeControls, grouped, pad, widthOf } from '../print/safe-text';
import { serverLines } from '../print/server-lines';
import { skewLine } from '../print/skew-notice';
import { type Backgrounds, shortEntry } from './background-entries';

/** Undefined without a terminal: lines are not cut. */
type Columns = number | undefined;

/** On a screen narrower than this, each part of a line gets its own line. */
const narrow = 60;

const isNarrow = (columns: Columns): boolean => columns !== undefined && columns < narrow;

/** Lines of several parts: side by side, or one below the other on a narrow screen. */
function fitted(lines: readonly (readonly string[])[], columns: Columns): string {
  const shown = lines.flatMap(([first, ...rest]) =>
    isNarrow(columns) ? [first, ...rest.map((part) => `   ${part}`)] : [[first, ...rest].join('  ')],
  );
  return shown.map((line) => (columns === undefined ? line : cut(line, columns))).join('\n');
}

/** The last jobs and the background entries, one line each. */
export function jobsText(sc: Context, backgrounds: Backgrounds, columns: Columns): string {
  const lines = [...sc.jobs().map((job) => jobLine(sc, job)), ...backgrounds.lines()];
  return lines.length === 0 ? 'no jobs yet' : fitted(lines, columns);
}

function jobLine(sc: Context, job: JobRecord): string[] {
  const { jobId, title, started, ended, status, records, output, callSite } = job;
  const { group, tags, description, background } = job;
  const marks = [background, output, group && `group ${group}`, tags.length > 0 && `tags ${tags.join(' ')}`, description].filter(
    Boolean,
  );
  const what = `${title}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}${status === 'running' ? tasksText(sc, jobId) : ''}`;
  const head = `${String(jobId).padStart(4)}  ${status.padEnd(9)}  ${msText((ended ?? sc.clock.now()) - started).padStart(9)}`;
  return [head, `${records} records`, escapeControls(what), ...(output === undefined ? originOf(callSite) : [])];
}

/** The entry that started a job or made a dataset; for a script its line and place. */
function originOf(site: CallSite | undefined): string[] {
  if (!site) return [];
  const { file, line, at = line } = site;
  const place = file.startsWith('<') ? '' : `${file}:${at} `;
  return [`← ${shortEntry(`${place}${headline(site)}`)}`];
}

/** Progress of the active stages of a job: `· stage 3: 4/8, 2 running`. */
function tasksText({ statusTracker }: Context, jobId: number): string {
  const stages = statusTracker.getJobInfo(jobId)?.stageIds.flatMap((id) => statusTracker.getStageInfo(id) ?? []) ?? [];
  const active = stages.filter((stage) => stage.numActiveTasks > 0);
  return active.map((s) => ` · stage ${s.stageId}: ${s.numCompletedTasks}/${s.numTasks}, ${s.numActiveTasks} running`).join('');
}

/** The stages of a job (by default the last): how long their tasks took, what they read and shuffled. */
export function stagesText(store: StatusStore, now: number, which: string | undefined, columns: Columns): string {
  const jobs = store.jobs().filter((job) => which !== undefined || job.output === undefined);
  const job = which === undefined ? jobs.at(-1) : jobs.find(({ jobId }) => String(jobId) === which);
  if (!job)
    return which === undefined
      ? 'no jobs yet'
      : unknownJob(
          '.stages',
          which,
          jobs.map(({ jobId }) => jobId),
        );
  const stages = job.stages.filter(({ submitted }) => submitted !== undefined);
  const skews = stages.map((stage) => skewOf(stage, now));
  const head = [`job ${job.jobId}, ${job.status}`, escapeControls(job.title), ...originOf(job.callSite)];
  const rows = stages.map((stage, index) => stageCells(stage, skews[index]));
  const table = isNarrow(columns)
    ? rows.map(below)
    : rows.length === 0
      ? []
      : aligned([stageColumns, ...rows]).map((line) => [line]);
  const skewed = stages.flatMap(({ graph }, index) => {
    const skew = skews[index];
    return skew ? [skewLine(graph.stageId, skew)] : [];
  });
  return fitted([head, ...table, ...[...skewed, ...withoutTasks(job)].map((note) => [note])], columns);
}

/** The cells of a stage for a narrow screen. */
function below([id, tasks, least, middle, most, rows, read, written, what]: readonly string[]): string[] {
  return [` stage ${id}: ${tasks}`, what, `${least}, ${middle}, ${most}`, `${rows} rows`, `read ${read}`, `written ${written}`];
}

const stageColumns = ['stage', 'tasks', 'min', 'median', 'max', 'rows', 'read', 'written', 'what'];

function stageCells(
  { graph, tasks, done, rows, bytesRead, bytesWritten, failure }: StageStatus,
  skew: Skew | undefined,
): string[] {
  const { stageId, title, numTasks } = graph;
  const [least, , middle, , most] = tasks.quantiles('ms')?.map((ms) => msText(ms)) ?? ['-', '-', '-', '-', '-'];
  const bytes = (n: number) => (n === 0 ? '-' : bytesText(n));
  return [
    String(stageId),
    `${done}/${numTasks}${tasks.failures > 0 ? ` (${tasks.failures} failed)` : ''}`,
    least,
    middle,
    `${most}${skew ? ' !' : ''}`,
    grouped(String(rows)),
    bytes(bytesRead),
    bytes(bytesWritten),
    escapeControls(title) + (failure === undefined ? '' : `: ${escapeControls(failure)}`),
  ];
}

/** The stages of a job that ran no task, and why. */
function withoutTasks({ stages }: JobStatus): string[] {
  return (['waiting', 'skipped', 'neverRan'] as const).flatMap((wanted) => {
    const ids = stages.filter(({ state }) => state === wanted).map(({ graph }) => graph.stageId);
    return ids.length > 0 ? [` ${reasons[wanted]}: stages ${ids.join(', ')}`] : [];
  });
}

const reasons = {
  waiting: 'waiting, or about to be skipped',
  skipped: 'skipped, because their output existed',
  neverRan: 'never ran, because the job had ended',
};

/** Cells in columns aligned to the right, except the last, which is not padded. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const last = rows[0].length - 1;
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => widthOf(row[column]))));
  return rows.map(
    (row) => ` ${row.map((cell, column) => (column === last ? cell : pad(cell, widths[column], true))).join('  ')}`,
  );
}

/** The current executors, one line each, and what the session has of the machine. */
export function executorsText(sc: Context, resources: string): string {
  const executors = sc.executors();
  if (executors.length === 0) return `no executor has started yet\n${resources}`;
  const lines = executors.map(({ id, host, slots, free, excluded }) => {
    const state = excluded ? 'excluded after failures' : `${slots - free} of ${slots} ${slots === 1 ? 'slot' : 'slots'} busy`;
    return `${id.padEnd(8)}  ${host}  ${state}`;
  });
  const { foreign } = sc.engine.status;
  const pages = foreign?.pages ? [`${foreign.name}: its own pages are at ${foreign.pages}`] : [];
  return [...lines, resources, ...pages].join('\n');
}

/** The persisted datasets: their names in the session, level, partitions, size and executors. */
export function datasetsText(sc: Context, store: StatusStore, namesOf: (value: unknown) => string[], columns: Columns): string {
  const persisted = sc.persistedRdds();
  if (persisted.length === 0) return 'no dataset is persisted; cache() persists one';
  return fitted(
    persisted.flatMap((rdd) => datasetLines(sc, store, rdd, namesOf(rdd))),
    columns,
  );
}

function datasetLines(sc: Context, { executors }: StatusStore, rdd: RDD<unknown>, names: readonly string[]): string[][] {
  const { partitions, bytes, diskBytes } = sc.storageOf(rdd);
  const sizes = [bytes > 0 && `${bytesText(bytes)} in memory`, diskBytes > 0 && `${bytesText(diskBytes)} on disk`].filter(
    Boolean,
  );
  const places = executors.holders(rdd.id).map((holder) => `${holder.executorId}: ${holder.partitions}`);
  const files = executors.onDisk(rdd.id);
  if (files > 0) places.push(`disk: ${files}`);
  const state =
    partitions === 0
      ? 'nothing computed yet'
      : [`${partitions} of ${counted(rdd.numPartitions, 'partition')}`, ...sizes].join(', ');
  const where = places.length > 0 ? ` (${places.join(', ')})` : '';
  const called = names.filter((name) => name !== '_').join(', ');
  const head = [called === '' ? '(no name)' : called, escapeControls(String(rdd)), String(rdd.storageLevel)];
  return [[...head, ...originOf(rdd.callSite)], [`  ${state}${where}`]];
}

/** Ctrl-C: cancels the jobs of foreground entries; jobs of streams and background entries go on. */
export function cancelEntryJobs(sc: Context): void {
  for (const { jobId, status, output, background } of sc.jobs())
    if (status === 'running' && output === undefined && background === undefined) sc.cancelJob(jobId);
}

/** Cancels a job by its number, a background entry by its name, or everything without a name. */
export function cancelJobs(sc: Context, backgrounds: Backgrounds, which: string | undefined): string {
  const running = sc.jobs().filter(({ status }) => status === 'running');
  if (which === undefined || which === 'all') {
    for (const id of backgrounds.ids) backgrounds.cancel(id);
    sc.cancelAllJobs();
    return `${counted(running.length, 'job')} cancelled`;
  }
  if (backgrounds.cancel(which)) return `${which} cancelled`;
  const job = running.find(({ jobId }) => String(jobId) === which);
  if (!job) return unknownJob('.cancel', which, [...running.map(({ jobId }) => jobId), ...backgrounds.ids]);
  sc.cancelJob(job.jobId);
  return `job ${which} cancelled`;
}

/** Completions for `.cancel`. */
export function cancelChoices(sc: Context, backgrounds: Backgrounds): Choice[] {
  const jobs = sc.jobs().filter(({ status }) => status === 'running');
  return [...jobs.map(jobChoice), ...backgrounds.choices()];
}

/** Completions for `.stages`, the last job first. */
export const stageChoices = (store: StatusStore): Choice[] => store.jobs().map(jobChoice).reverse();

function jobChoice({ jobId, title, status, callSite }: Pick<JobStatus, 'jobId' | 'title' | 'status' | 'callSite'>): Choice {
  return { name: String(jobId), brief: [status, escapeControls(title), ...originOf(callSite)].join('  ') };
}

function unknownJob(operation: string, which: string, known: readonly (number | string)[]): never {
  const none = operation === '.cancel' ? 'a running job; none runs' : 'a job that has run; none has';
  const rule = known.length === 0 ? none : `one of ${known.slice(-20).join(', ')}`;
  throw new MillraceError('BAD_ARGUMENT', { operation, argument: 'the job', value: which, rule, remedy: 'See .jobs.' });
}

/** The sessions of the server. Throws NOT_SHARED. */
export async function sessionsText(sc: Context): Promise<string> {
  const { shared } = sc.engine;
  if (!shared) throw new MillraceError('NOT_SHARED', { operation: '.sessions' });
  return serverLines(await shared.server(), sc.clock.now(), shared.session).join('\n');
}

/** The published datasets of the server; nothing where there is no server. */
export async function publishedLines(sc: Context, columns: number | undefined): Promise<string[]> {
  const published = sc.published();
  if (published.length === 0) return [];
  const uses = new Map((await sc.publishedUses()).map((use) => [use.name, use]));
  const lines = published.flatMap(({ name, type, owner, level, partitions, description }) => {
    const { stored = 0, bytes = 0, diskBytes = 0, users = [] } = uses.get(name) ?? {};
    const { useMemory, useDisk, serialized, replication } = level;
    const sizes = [bytes > 0 && `${bytesText(bytes)} in memory`, diskBytes > 0 && `${bytesText(diskBytes)} on disk`];
    const state = stored === 0 ? 'nothing computed yet' : `${stored} of ${counted(partitions, 'partition')}`;
    const head = [
      name,
      type === '' ? 'of unknown type' : `RDD<${type}>`,
      String(new StorageLevel(useMemory, useDisk, serialized, replication)),
    ];
    return [
      head.map(escapeControls).join('  '),
      `  ${[state, ...sizes.filter(Boolean)].join(', ')}; by ${escapeControls(owner)}; ${usersText(users)}`,
      ...(description === '' ? [] : [`  ${escapeControls(description)}`]),
    ];
  });
  return ['published:', ...lines].map((line) => (columns === undefined ? line : cut(line, columns)));
}

/** The published streams of the server; nothing where there are none. */
export function publishedStreamLines(sc: Context, columns: number | undefined): string[] {
  const lines = sc.publishedStreams().flatMap(({ name, type, owner, description, id }) => {
    const batches = sc.engine.shared?.streams.batches(id) ?? [];
    const head = [String(sc.stream(name)), type === '' ? 'of unknown type' : `of ${type}`];
    const at = batches.length === 0 ? 'no batch yet' : `${counted(batches.length, 'batch').replace(/s$/, 'es')}`;
    return [
      head.map(escapeControls).join('  '),
      `  ${at}; by ${escapeControls(owner)}`,
      ...(description === '' ? [] : [`  ${escapeControls(description)}`]),
    ];
  });
  const all = lines.length === 0 ? [] : ['published streams:', ...lines];
  return all.map((line) => (columns === undefined ? line : cut(line, columns)));
}

const usersText = (users: readonly string[]): string =>
  users.length === 0 ? 'nobody uses it' : `used by ${users.map(escapeControls).join(', ')}`;
