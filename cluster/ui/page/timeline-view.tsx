// The timeline of a stage: a row for each executor slot, a bar for each task; tasks that hold up the stage are marked.
import { msText } from '../../../runtime/base/units';
import { counted, plain } from './format';
import type { TaskView } from './messages';
import { useNow } from './now';

const rowHeight = 16;
const barHeight = 12;
const axisHeight = 18;
/** The width in units of the drawing, which is stretched to the screen. */
const drawnWidth = 1000;
/** A task is slow from this many times the median. */
const slowFactor = 5;
/** A task shorter than this holds up nothing. */
const leastSlowMs = 500;
const mostRows = 64;

interface Lane {
  readonly executor: string;
  readonly tasks: TaskView[];
  until: number;
}

/** One row per executor, and more rows where its tasks overlap. */
function lanesOf(tasks: readonly TaskView[], now: number): Lane[] {
  const lanes: Lane[] = [];
  for (const task of [...tasks].sort((a, b) => a.started - b.started)) {
    const end = task.ended ?? now;
    const free = lanes.find(({ executor, until }) => executor === task.executor && until <= task.started);
    if (free) {
      free.tasks.push(task);
      free.until = end;
    } else lanes.push({ executor: task.executor, tasks: [task], until: end });
  }
  return lanes.sort((a, b) => a.executor.localeCompare(b.executor, undefined, { numeric: true }));
}

interface TimelineProps {
  readonly tasks: readonly TaskView[];
  readonly isMoving: boolean;
  readonly median: number | undefined;
}

export function Timeline({ tasks, isMoving, median }: TimelineProps) {
  const now = useNow(isMoving);
  if (tasks.length === 0) return <p class="empty">No task has started yet.</p>;
  const begin = Math.min(...tasks.map(({ started }) => started));
  const end = Math.max(begin + 1, ...tasks.map(({ ended }) => ended ?? now));
  const lanes = lanesOf(tasks, now);
  const shown = lanes.slice(0, mostRows);
  const at = (time: number) => ((time - begin) * drawnWidth) / (end - begin);
  const height = shown.length * rowHeight + axisHeight;
  const summary = `${counted(tasks.length, 'task')} on ${counted(new Set(tasks.map(({ executor }) => executor)).size, 'executor')} in ${msText(end - begin)}`;
  return (
    <figure class="timeline">
      <div class="lanes" aria-hidden="true">
        {shown.map(({ executor }, index) => (
          <span class="lane" key={`${executor} ${index}`}>
            {shown[index - 1]?.executor === executor ? '' : plain(executor)}
          </span>
        ))}
      </div>
      <svg viewBox={`0 0 ${drawnWidth} ${height}`} preserveAspectRatio="none" height={height} role="img" aria-label={summary}>
        {ticks(end - begin).map((ms) => (
          <line class="tick" x1={at(begin + ms)} x2={at(begin + ms)} y1={0} y2={shown.length * rowHeight} key={ms} />
        ))}
        {shown.flatMap((lane, row) =>
          lane.tasks.map((task) => {
            const width = Math.max(1.5, at(task.ended ?? now) - at(task.started) - 0.5);
            const y = row * rowHeight + (rowHeight - barHeight) / 2;
            return (
              <rect class={barClass(task, now, median)} x={at(task.started)} y={y} width={width} height={barHeight} key={task.id}>
                <title>{barTitle(task, now)}</title>
              </rect>
            );
          }),
        )}
      </svg>
      <div class="axis" aria-hidden="true">
        {ticks(end - begin).map((ms) => (
          <span style={{ left: `${at(begin + ms) / 10}%` }} key={ms}>
            {msText(ms)}
          </span>
        ))}
      </div>
      <figcaption>
        {summary}. <span class="key done">done</span> <span class="key running">running</span>{' '}
        <span class="key slow">at least 5 × the median</span> <span class="key failed">failed</span>
        {lanes.length > mostRows && ` ${counted(lanes.length - mostRows, 'row')} more are not drawn.`}
      </figcaption>
    </figure>
  );
}

function barClass({ started, ended, end }: TaskView, now: number, median: number | undefined): string {
  if (end !== undefined && end !== 'success') return 'task failed';
  const isSlow = median !== undefined && (ended ?? now) - started >= Math.max(leastSlowMs, slowFactor * median);
  return `task ${ended === undefined ? 'running' : 'done'}${isSlow ? ' slow' : ''}`;
}

function barTitle({ partition, attempt, started, ended, rows, end }: TaskView, now: number): string {
  const parts = [`partition ${partition}`, attempt > 0 && `try ${attempt + 1}`, msText((ended ?? now) - started)];
  return [...parts, rows > 0 && counted(rows, 'row'), end !== 'success' && (end ?? 'running')].filter(Boolean).join(', ');
}

/** Round times on the axis, at most five. */
function ticks(span: number): number[] {
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? rough;
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, index) => index * step);
}
