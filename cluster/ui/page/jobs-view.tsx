// The first page: the progress of running jobs, notices, and the jobs that have ended.
import { compact, msText } from '../../../runtime/base/units';
import { brief, counted, plain, timeOfDay } from './format';
import type { Head, JobView, Notice, PageData, StageView } from './messages';
import { useNow } from './now';
import { Badge, Code, Progress, placeName, SkewMark, Table, tasksText } from './parts';
import { jobPath, stagePath } from './route';

type Jobs = PageData & { readonly page: 'jobs' };

export function JobsPage({ data, head }: { readonly data: Jobs; readonly head: Head }) {
  const { running, ended, ofStreams } = data;
  return (
    <>
      <section aria-labelledby="running">
        <h2 id="running">Running now</h2>
        {running.length === 0 ? <Quiet head={head} /> : running.map((job) => <RunningJob job={job} key={job.id} />)}
      </section>
      <Notices notices={head.notices} />
      <section aria-labelledby="ended">
        <h2 id="ended">Ended</h2>
        <JobTable caption="Jobs that have ended, newest first" jobs={ended} empty="No job has ended yet." />
      </section>
      {ofStreams.length > 0 && (
        <details class="streamjobs">
          <summary>Jobs of streams, the last {ofStreams.length}</summary>
          <JobTable caption="Jobs of streams, newest first" jobs={ofStreams} empty="" />
        </details>
      )}
    </>
  );
}

function Quiet({ head }: { readonly head: Head }) {
  const streams = head.streams > 0 ? ` The jobs of ${head.streams === 1 ? 'the stream' : 'streams'} come and go.` : '';
  return (
    <p class="empty">
      Nothing is running; {counted(head.slots - head.busy, 'slot')} free.{streams}
    </p>
  );
}

function RunningJob({ job }: { readonly job: JobView }) {
  const now = useNow(true);
  const shown = job.stages.filter(({ state }) => state === 'running' || state === 'failed');
  const waiting = job.stages.filter(({ state }) => state === 'waiting').length;
  const done = job.stages.filter(({ state }) => state === 'done').length;
  const others = [done > 0 && `${counted(done, 'stage')} done`, waiting > 0 && `${counted(waiting, 'stage')} to come`];
  return (
    <article class="job" aria-label={`Job ${job.id}`}>
      <h3>
        <a href={jobPath(job.id)}>
          <Code site={job.site} title={job.title} />
        </a>
      </h3>
      <p class="under">
        <Origin job={job} /> · {msText(now - job.started)} · {counted(job.rows, 'row')} read{' '}
        {job.rows > 0 && <>({compact((job.rows * 1000) / Math.max(1, now - job.started))} rows/s) </>}
        {others.filter(Boolean).map((text) => (
          <span key={String(text)}>· {text} </span>
        ))}
      </p>
      {job.waits && <p class="waits">Waiting: {job.waits}.</p>}
      <ul class="stages">
        {shown.map((stage) => (
          <RunningStage stage={stage} now={now} key={stage.id} />
        ))}
      </ul>
    </article>
  );
}

function RunningStage({ stage, now }: { readonly stage: StageView; readonly now: number }) {
  return (
    <li>
      <a class="name" href={stagePath(stage.id)}>
        stage {stage.id} · {brief(stage.title, 40)}
      </a>
      <Progress stage={stage} />
      <span class="counts">
        {tasksText(stage)}
        {leftText(stage, now)} <SkewMark stage={stage} />
      </span>
    </li>
  );
}

/** The time left if the stage continues at its rate so far. */
function leftText({ done, tasks, submitted, state }: StageView, now: number): string {
  if (state !== 'running' || done === 0 || done === tasks || submitted === undefined) return '';
  return ` · about ${msText(((now - submitted) * (tasks - done)) / done)} left`;
}

/** The origin of a job: its action, entry and labels. */
export function Origin({ job, isNamed = false }: { readonly job: JobView; readonly isNamed?: boolean }) {
  const labels = [job.output, job.group && `group ${job.group}`, job.description, ...job.tags.map((tag) => `#${tag}`)];
  const place = job.site && placeName(job.site);
  const parts = [!isNamed && `job ${job.id}`, brief(job.title, 60), place, job.pool && `pool ${job.pool}`, ...labels];
  return (
    <>
      {parts
        .filter(Boolean)
        .map((part) => brief(String(part), 60))
        .join(' · ')}
    </>
  );
}

function Notices({ notices }: { readonly notices: readonly Notice[] }) {
  if (notices.length === 0) return null;
  return (
    <section aria-labelledby="notices">
      <h2 id="notices">Worth a look</h2>
      <ul class="notices">
        {notices.map((notice, index) => (
          <li class={`of-${notice.kind}`} key={`${index} ${notice.text}`}>
            <a href={notice.href}>{brief(notice.text, 120)}</a>
            {notice.detail && <span class="detail">{brief(notice.detail, 200)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

const tookMs = ({ started, ended = started }: JobView): number => ended - started;
const stagesRun = ({ stages }: JobView): number =>
  stages.filter(({ state }) => state !== 'skipped' && state !== 'neverRan').length;

function JobTable({
  caption,
  jobs,
  empty,
}: {
  readonly caption: string;
  readonly jobs: readonly JobView[];
  readonly empty: string;
}) {
  return (
    <Table
      caption={caption}
      rows={jobs}
      keyOf={({ id }) => id}
      classOf={({ status }) => status}
      empty={empty}
      columns={[
        { head: 'Job', isName: true, wide: true, cell: (job) => <JobCell job={job} /> },
        { head: 'State', cell: ({ status }) => <Badge state={status} /> },
        { head: 'Took', isNumber: true, cell: (job) => msText(tookMs(job)) },
        { head: 'Stages', isNumber: true, cell: (job) => <StageCount job={job} /> },
        { head: 'Rows read', isNumber: true, cell: ({ rows }) => compact(rows) },
        { head: 'Started', isNumber: true, cell: ({ started }) => timeOfDay(started) },
      ]}
    />
  );
}

function StageCount({ job }: { readonly job: JobView }) {
  const skipped = job.stages.filter(({ state }) => state === 'skipped').length;
  return (
    <>
      {stagesRun(job)}
      {skipped > 0 && <span class="muted"> + {skipped} skipped</span>}
    </>
  );
}

function JobCell({ job }: { readonly job: JobView }) {
  const { failure, stages } = job;
  const skewed = stages.find(({ skew }) => skew !== undefined);
  return (
    <>
      <a href={jobPath(job.id)}>
        <Code site={job.site} title={job.title} />
      </a>
      <span class="under">
        <Origin job={job} /> {skewed && <SkewMark stage={skewed} />}
      </span>
      {failure && (
        <span class="why">
          {brief(failure.message, 200)}
          {failure.place && <> at {placeName(failure.place)}</>}
          {failure.place?.text !== undefined && <code class="code">{plain(brief(failure.place.text, 120))}</code>}
        </span>
      )}
    </>
  );
}
