// Components that several views share: the user's texts, states, progress bars, tables that fold on narrow screens.
import type { ComponentChildren } from 'preact';
import { bytesText, compact, msText } from '../../../runtime/base/units';
import { brief, plain } from './format';
import { headline } from './headline';
import type { Failure, PlaceInText, Site, SkewView, StageView } from './messages';
import { stagePath } from './route';

/** The name of a place: `input 3`, `main.ts:12`. */
export function placeName(place: { readonly file: string; readonly line: number; readonly at?: number }): string {
  const { file } = place;
  const line = place.at ?? place.line;
  const typed = /^<input (\d+)>$/.exec(file);
  if (typed) return line === 1 ? `input ${typed[1]}` : `input ${typed[1]}, line ${line}`;
  const name = file.split('/').at(-1) ?? file;
  return `${brief(name, 40)}:${line}`;
}

export function Code({ site, title }: { readonly site?: Site; readonly title: string }) {
  return <code class="code">{brief(site ? headline(site) : title)}</code>;
}

/** A whole piece of the user's text with line numbers; the line that failed is marked. */
export function Listing({ site, failed }: { readonly site: Site; readonly failed?: PlaceInText }) {
  const bad = failed?.file === site.file ? failed.line : undefined;
  return (
    <figure class="listing">
      <figcaption>{placeName({ ...site, at: undefined })}</figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <pre tabIndex={0}>
        {site.text.split('\n').map((text, index) => {
          const line = site.line + index;
          return (
            <span class={line === bad ? 'line bad' : line === site.at ? 'line called' : 'line'} key={line}>
              <span class="number" aria-hidden="true">
                {line}
              </span>
              <code>{plain(text)}</code>
              {line === bad && <span class="hidden"> (failed here)</span>}
              {'\n'}
            </span>
          );
        })}
      </pre>
    </figure>
  );
}

const signs = {
  running: '▸',
  done: '✓',
  failed: '✕',
  cancelled: '◦',
  waiting: '·',
  skipped: '–',
  neverRan: '–',
  active: '▸',
  stopped: '■',
  initialized: '·',
};
export type State = keyof typeof signs;

/** A state as sign, colour and word. */
export function Badge({ state, word }: { readonly state: State; readonly word?: string }) {
  return (
    <span class={`badge ${state}`}>
      <span aria-hidden="true">{signs[state]}</span> {word ?? (state === 'neverRan' ? 'never ran' : state)}
    </span>
  );
}

/** The progress of a stage: how many tasks are done, running and left. */
export function Progress({ stage }: { readonly stage: StageView }) {
  const { done, running, tasks, id } = stage;
  const share = (n: number) => `${tasks === 0 ? 0 : Math.min(100, (100 * n) / tasks)}%`;
  return (
    <span
      class={`bar ${stage.state}`}
      role="progressbar"
      aria-valuemin={0}
      aria-valuemax={tasks}
      aria-valuenow={done}
      aria-label={`tasks of stage ${id} that are done`}
    >
      <span class="done" style={{ width: share(done) }} />
      <span class="running" style={{ width: share(Math.min(running, tasks - done)) }} />
    </span>
  );
}

export const tasksText = ({ done, tasks, running, failures }: StageView): string =>
  [`${done}/${tasks} tasks`, running > 0 && `${running} running`, failures > 0 && `${failures} failed`]
    .filter(Boolean)
    .join(' · ');

export function skewText(skew: SkewView): string {
  const { partition, ms, medianMs, isRunning } = skew;
  const took = isRunning ? `has run ${msText(ms)}` : `took ${msText(ms)}`;
  return `partition ${partition} ${took}, the median is ${msText(medianMs)}${readText(skew)}`;
}

function readText({ explainedBy, rows = 0, medianRows, bytesRead = 0, medianBytesRead }: SkewView): string {
  if (explainedBy === 'rows') return `; it read ${compact(rows)} rows, the median ${compact(medianRows)}`;
  return explainedBy === 'bytes' ? `; it read ${bytesText(bytesRead)}, the median ${bytesText(medianBytesRead)}` : '';
}

export function SkewMark({ stage }: { readonly stage: StageView }) {
  if (!stage.skew) return null;
  return (
    <a class="skew" href={stagePath(stage.id)} title={skewText(stage.skew)}>
      skewed
    </a>
  );
}

/** What went wrong, where in the user's text, and what to do. */
export function FailureBox({ failure }: { readonly failure: Failure }) {
  const { message, remedy, place, stageId } = failure;
  return (
    <section class="failure" aria-label="Why it failed">
      <p class="message">{plain(message)}</p>
      {place && (
        <p class="place">
          at {placeName(place)}:{place.column}
          {place.text !== undefined && <code class="code">{brief(place.text)}</code>}
        </p>
      )}
      {remedy && <p>{plain(remedy)}</p>}
      {stageId !== undefined && (
        <p>
          <a href={stagePath(stageId)}>Stage {stageId}</a> shows its tasks.
        </p>
      )}
    </section>
  );
}

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Numbers are aligned to the right. */
  readonly isNumber?: boolean;
  /** The cell that names the row. */
  readonly isName?: boolean;
  readonly wide?: boolean;
}

interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  readonly classOf?: (row: Row) => string;
  readonly empty: ComponentChildren;
}

/** A table. On narrow screens each row becomes a block whose cells carry the column heads. */
export function Table<Row>({ caption, columns, rows, keyOf, classOf, empty }: TableProps<Row>) {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  const kind = ({ isNumber, wide }: Column<Row>) => [isNumber && 'number', wide && 'wide'].filter(Boolean).join(' ');
  return (
    <table>
      <caption class="hidden">{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th scope="col" class={kind(column)} key={column.head}>
              {column.head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} class={classOf?.(row)}>
            {columns.map((column) => (
              <Cell column={column} row={row} kind={kind(column)} key={column.head} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell<Row>({ column, row, kind }: { readonly column: Column<Row>; readonly row: Row; readonly kind: string }) {
  const body = column.cell(row);
  if (column.isName)
    return (
      <th scope="row" class={kind} data-head={column.head}>
        {body}
      </th>
    );
  const isEmpty = body === undefined || body === null || body === '' || (Array.isArray(body) && body.length === 0);
  return (
    <td class={`${kind}${isEmpty ? ' blank' : ''}`} data-head={column.head}>
      {body}
    </td>
  );
}

/** Names and values in one row; empty values are left out. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
