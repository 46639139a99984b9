// The page of one job: the text that started it, why it failed, its graph and its stages.
import { bytesText, compact, msText } from '../../../runtime/base/units';
import { brief, plain, timeOfDay } from './format';
import { GraphView } from './graph-view';
import { Origin } from './jobs-view';
import type { GraphStage, JobView, PageData } from './messages';
import { useNow } from './now';
import { Badge, Facts, FailureBox, Listing, Progress, SkewMark, Table, tasksText } from './parts';
import { stagePath } from './route';

type Job = PageData & { readonly page: 'job' };

export function JobPage({ data: { job, stages } }: { readonly data: Job }) {
  return (
    <>
      <Summary job={job} />
      {job.waits && <p class="waits">Waiting: {job.waits}.</p>}
      {job.failure && <FailureBox failure={job.failure} />}
      {job.site ? <Listing site={job.site} failed={job.failure?.place} /> : <p class="code">{plain(job.title)}</p>}
      <section aria-labelledby="graph">
        <h2 id="graph">Graph</h2>
        <GraphView stages={stages} />
        <p class="legend">
          <span class="key shuffle">reads a shuffle</span> <span class="key persisted">persisted</span>{' '}
          <span class="key skipped">skipped: its output already existed</span>
        </p>
      </section>
      <section aria-labelledby="stages">
        <h2 id="stages">Stages</h2>
        <StageTable stages={stages} />
      </section>
    </>
  );
}

function Summary({ job }: { readonly job: JobView }) {
  const { status, started, ended, rows } = job;
  const now = useNow(status === 'running');
  return (
    <>
      <p class="under">
        <Origin job={job} isNamed />
      </p>
      <Facts
        facts={[
          ['state', <Badge state={status} key="state" />],
          ['took', msText((ended ?? now) - started)],
          ['started', timeOfDay(started)],
          ['rows read', compact(rows)],
        ]}
      />
    </>
  );
}

function StageTable({ stages }: { readonly stages: readonly GraphStage[] }) {
  const now = useNow(stages.some(({ state }) => state === 'running'));
  const took = ({ submitted, completed }: GraphStage) => (submitted === undefined ? '' : msText((completed ?? now) - submitted));
  return (
    <Table
      caption="Stages of this job; the last one gives the result"
      rows={stages}
      keyOf={({ id }) => id}
      classOf={({ state }) => state}
      empty="This job has no stages."
      columns={[
        { head: 'Stage', isName: true, wide: true, cell: (stage) => <StageCell stage={stage} /> },
        { head: 'State', cell: ({ state }) => <Badge state={state} /> },
        { head: 'Tasks', cell: (stage) => <StageTasks stage={stage} /> },
        { head: 'Took', isNumber: true, cell: took },
        { head: 'Rows', isNumber: true, cell: ({ rows }) => (rows > 0 ? compact(rows) : '') },
        { head: 'Shuffle read', isNumber: true, cell: ({ bytesRead }) => (bytesRead > 0 ? bytesText(bytesRead) : '') },
        {
          head: 'Shuffle written',
          isNumber: true,
          cell: ({ bytesWritten }) => (bytesWritten > 0 ? bytesText(bytesWritten) : ''),
        },
      ]}
    />
  );
}

function StageTasks({ stage }: { readonly stage: GraphStage }) {
  if (['skipped', 'neverRan', 'waiting'].includes(stage.state)) return <span class="muted">{stage.tasks}</span>;
  return (
    <span class="tasks">
      <Progress stage={stage} />
      {tasksText(stage)}
    </span>
  );
}

function StageCell({ stage }: { readonly stage: GraphStage }) {
  const { id, title, parents, failure } = stage;
  return (
    <>
      <a href={stagePath(id)}>
        stage {id} · {brief(title, 40)}
      </a>{' '}
      <SkewMark stage={stage} />
      {parents.length > 0 && <span class="under">reads stage {parents.join(', ')}</span>}
      {failure && <span class="why">{brief(failure)}</span>}
    </>
  );
}
