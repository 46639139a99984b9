// The page of one stage: its tasks on a timeline, how they differ, and which failed.
import { useState } from 'preact/hooks';
import { bytesText, compact, msText } from '../../../runtime/base/units';
import { brief, counted, plain, timeOfDay } from './format';
import { headline } from './headline';
import type { Five, JobView, PageData, StageView, TaskView } from './messages';
import { useNow } from './now';
import { Badge, Facts, Progress, placeName, skewText, Table, tasksText } from './parts';
import { jobPath } from './route';
import { Timeline } from './timeline-view';

type Stage = PageData & { readonly page: 'stage' };

export function StagePage({ data }: { readonly data: Stage }) {
  const { stage, job, tasks, ended, quantiles } = data;
  const failed = tasks.filter(({ end }) => end !== undefined && end !== 'success');
  const isMoving = stage.running > 0 || stage.state === 'running';
  return (
    <>
      <Summary stage={stage} job={job} isMoving={isMoving} />
      {stage.failure && <p class="failure">{plain(stage.failure)}</p>}
      {stage.skew && (
        <p class="skewed">
          <strong>Skewed:</strong> {skewText(stage.skew)}.{' '}
          {stage.skew.explainedBy
            ? 'The keys are unevenly spread: salt the largest, or combine before the shuffle.'
            : 'Its rows do not explain it: check the function and the machine.'}
        </p>
      )}
      {failed.length > 0 && <Failures tasks={failed} />}
      <section aria-labelledby="timeline">
        <h2 id="timeline">Timeline</h2>
        <Timeline tasks={tasks} isMoving={isMoving} median={quantiles.find(({ metric }) => metric === 'ms')?.five[2]} />
        {ended > tasks.length && (
          <p class="muted">{counted(ended, 'task')} ended; shown are a sample, the slowest and those that failed.</p>
        )}
      </section>
      <section aria-labelledby="quantiles">
        <h2 id="quantiles">How tasks differ</h2>
        <QuantileTable quantiles={quantiles} />
      </section>
      <section aria-labelledby="tasks">
        <h2 id="tasks">Tasks</h2>
        <TaskTable tasks={tasks} />
      </section>
    </>
  );
}

function Summary({ stage, job, isMoving }: { readonly stage: StageView; readonly job: JobView; readonly isMoving: boolean }) {
  const now = useNow(isMoving);
  const { submitted, completed, state, attempt, rows, bytesRead, bytesWritten } = stage;
  return (
    <>
      <p class="under">
        {brief(stage.title, 60)} · of{' '}
        <a href={jobPath(job.id)}>
          job {job.id}: {brief(job.site ? headline(job.site) : job.title, 80)}
        </a>
      </p>
      <Facts
        facts={[
          ['state', <Badge state={state} key="state" />],
          ['took', submitted === undefined ? '' : msText((completed ?? now) - submitted)],
          [
            'tasks',
            <span class="tasks" key="tasks">
              <Progress stage={stage} /> {tasksText(stage)}
            </span>,
          ],
          ['rows', rows > 0 ? compact(rows) : ''],
          ['shuffle read', bytesRead > 0 ? bytesText(bytesRead) : ''],
          ['shuffle written', bytesWritten > 0 ? bytesText(bytesWritten) : ''],
          ['run', attempt > 0 ? `number ${attempt + 1}` : ''],
        ]}
      />
    </>
  );
}

/** The failures of a stage; tasks with the same error at the same place count as one failure. */
function Failures({ tasks }: { readonly tasks: readonly TaskView[] }) {
  const groups = new Map<string, TaskView[]>();
  for (const task of tasks) {
    const key = `${task.reason} ${task.place?.file}:${task.place?.line}:${task.place?.column}`;
    groups.set(key, [...(groups.get(key) ?? []), task]);
  }
  const newest = [...groups.values()].reverse();
  return (
    <section aria-labelledby="failures">
      <h2 id="failures">What failed</h2>
      <ul class="failures">
        {newest.slice(0, mostFailures).map((group) => (
          <Failed group={group} key={group[0].id} />
        ))}
      </ul>
      {newest.length > mostFailures && <p class="muted">{counted(newest.length - mostFailures, 'earlier failure')} not shown.</p>}
    </section>
  );
}

function Failed({ group }: { readonly group: readonly TaskView[] }) {
  const { reason, end, place, partition, attempt, executor } = group[group.length - 1];
  const times = group.length === 1 ? '' : `${group.length} times, last in `;
  return (
    <li>
      <p class="message">{plain(reason ?? String(end))}</p>
      <p class="under">
        {times}partition {partition}, try {attempt + 1}, on {brief(executor, 40)}
        {place && (
          <>
            , at {placeName(place)}:{place.column}
          </>
        )}
      </p>
      {place?.text !== undefined && <code class="code">{brief(place.text)}</code>}
    </li>
  );
}

const mostFailures = 10;
const measures = { ms: 'time', rows: 'rows read', bytesRead: 'shuffle read', bytesWritten: 'shuffle written' } as const;
const shown = (metric: keyof typeof measures, value: number): string =>
  metric === 'ms' ? msText(value) : metric === 'rows' ? compact(value) : bytesText(value);

function QuantileTable({ quantiles }: { readonly quantiles: Stage['quantiles'] }) {
  const at = ['least', '25 %', 'median', '75 %', 'most'];
  return (
    <Table
      caption="Minimum, quartiles and maximum over the tasks that succeeded"
      rows={quantiles}
      keyOf={({ metric }) => metric}
      empty="No task has succeeded yet."
      columns={[
        { head: 'of', isName: true, cell: ({ metric }) => measures[metric] },
        ...at.map((head, index) => ({
          head,
          isNumber: true,
          cell: ({ metric, five }: { metric: keyof typeof measures; five: Five }) => shown(metric, five[index]),
        })),
      ]}
    />
  );
}

const orders = {
  slowest: (a: TaskView, b: TaskView, now: number) => (b.ended ?? now) - b.started - ((a.ended ?? now) - a.started),
  partition: (a: TaskView, b: TaskView) => a.partition - b.partition || a.attempt - b.attempt,
  latest: (a: TaskView, b: TaskView) => b.started - a.started,
} as const;
const mostTasks = 50;

function TaskTable({ tasks }: { readonly tasks: readonly TaskView[] }) {
  const [order, setOrder] = useState<keyof typeof orders>('slowest');
  const [isWhole, setIsWhole] = useState(false);
  const now = useNow(tasks.some(({ ended }) => ended === undefined));
  const sorted = [...tasks].sort((a, b) => orders[order](a, b, now));
  return (
    <>
      <p class="choices">
        {(Object.keys(orders) as (keyof typeof orders)[]).map((each) => (
          <button type="button" aria-pressed={each === order} onClick={() => setOrder(each)} key={each}>
            {each === 'partition' ? 'by partition' : `${each} first`}
          </button>
        ))}
      </p>
      <Table
        caption="Tasks"
        rows={isWhole ? sorted : sorted.slice(0, mostTasks)}
        keyOf={({ id }) => id}
        classOf={({ end }) => (end === undefined ? 'running' : end === 'success' ? 'done' : 'failed')}
        empty="No task has started yet."
        columns={[
          { head: 'Partition', isName: true, isNumber: true, cell: ({ partition }) => partition },
          { head: 'State', cell: (task) => <TaskState task={task} /> },
          { head: 'Took', isNumber: true, cell: ({ started, ended }) => msText((ended ?? now) - started) },
          { head: 'Rows', isNumber: true, cell: ({ rows }) => (rows > 0 ? compact(rows) : '') },
          { head: 'Read', isNumber: true, cell: ({ bytesRead }) => (bytesRead > 0 ? bytesText(bytesRead) : '') },
          { head: 'Written', isNumber: true, cell: ({ bytesWritten }) => (bytesWritten > 0 ? bytesText(bytesWritten) : '') },
          { head: 'Executor', cell: ({ executor }) => brief(executor, 40) },
          { head: 'Started', isNumber: true, cell: ({ started }) => timeOfDay(started) },
        ]}
      />
      {sorted.length > mostTasks && (
        <p>
          <button type="button" onClick={() => setIsWhole(!isWhole)}>
            {isWhole ? `the first ${mostTasks} only` : `all ${sorted.length}`}
          </button>
        </p>
      )}
    </>
  );
}

function TaskState({ task: { end, attempt, copy } }: { readonly task: TaskView }) {
  const notes = [attempt > 0 && `try ${attempt + 1}`, copy && 'copy'].filter(Boolean).join(', ');
  const state = end === undefined ? 'running' : end === 'success' ? 'done' : 'failed';
  return (
    <>
      <Badge state={state} word={end === undefined || end === 'success' ? state : end === 'userError' ? 'threw' : end} />
      {notes && <span class="muted"> {notes}</span>}
    </>
  );
}
