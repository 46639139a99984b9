// The pages of persisted datasets (partitions, size, where) and of executors (load, memory, and why some were lost).
import { bytesText, msText } from '../../../runtime/base/units';
import { brief, counted, plain, timeOfDay } from './format';
import type { DatasetView, ExecutorView, PageData } from './messages';
import { useNow } from './now';
import { Badge, Code, placeName, Table } from './parts';

export function DatasetsPage({ data: { datasets } }: { readonly data: PageData & { readonly page: 'datasets' } }) {
  const sum = (of: (dataset: DatasetView) => number) => datasets.reduce((total, dataset) => total + of(dataset), 0);
  return (
    <>
      {datasets.length > 0 && (
        <p class="under">
          {counted(datasets.length, 'dataset')} persisted · {bytesText(sum(({ memory }) => memory))} in memory ·{' '}
          {bytesText(sum(({ disk }) => disk))} on disk
        </p>
      )}
      <Table
        caption="Persisted datasets"
        rows={datasets}
        keyOf={({ id }) => id}
        empty={
          <>
            No dataset is persisted. Mark one with <code>.cache()</code> or <code>.persist(level)</code>: the next job that
            computes it stores its partitions.
          </>
        }
        columns={[
          { head: 'Dataset', isName: true, wide: true, cell: (dataset) => <DatasetName dataset={dataset} /> },
          { head: 'Level', cell: ({ level }) => brief(level, 60) },
          { head: 'Partitions', isNumber: true, cell: (dataset) => <Persisted dataset={dataset} /> },
          { head: 'Memory', isNumber: true, cell: ({ memory }) => bytesText(memory) },
          { head: 'Disk', isNumber: true, cell: ({ disk }) => bytesText(disk) },
          { head: 'Where', wide: true, cell: ({ holders }) => <Holders holders={holders} /> },
        ]}
      />
    </>
  );
}

function DatasetName({ dataset: { id, name, operation, site } }: { readonly dataset: DatasetView }) {
  return (
    <>
      <span class="code">{brief(name ?? operation, 80)}</span>
      <span class="under">
        {operation}[{id}]{site && ` · ${placeName(site)}`}
      </span>
      {site && (
        <span class="under">
          <Code site={site} title="" />
        </span>
      )}
    </>
  );
}

function Persisted({ dataset: { persisted, partitions, id } }: { readonly dataset: DatasetView }) {
  if (partitions === undefined) return <span class="muted">not computed yet</span>;
  return (
    <span class="tasks">
      <Meter value={persisted} most={partitions} label={`persisted partitions of dataset ${id}`} />
      {persisted} of {partitions}
    </span>
  );
}

function Meter({ value, most, label }: { readonly value: number; readonly most: number; readonly label: string }) {
  const share = most === 0 ? 0 : Math.min(100, (100 * value) / most);
  return (
    // biome-ignore lint/a11y/useSemanticElements: each browser draws its own meter differently
    <span class="bar" role="meter" aria-valuemin={0} aria-valuemax={most} aria-valuenow={value} aria-label={label}>
      <span class="done" style={{ width: `${share}%` }} />
    </span>
  );
}

const mostHolders = 8;

function Holders({ holders }: { readonly holders: DatasetView['holders'] }) {
  if (holders.length === 0) return null;
  return (
    <ul class="holders">
      {holders.slice(0, mostHolders).map(({ executor, partitions, bytes: size }) => (
        <li key={executor}>
          {plain(executor)}: {partitions}, {bytesText(size)}
        </li>
      ))}
      {holders.length > mostHolders && <li>and {counted(holders.length - mostHolders, 'executor')} more</li>}
    </ul>
  );
}

export function ExecutorsPage({ data: { alive, lost, losses } }: { readonly data: PageData & { readonly page: 'executors' } }) {
  const now = useNow(true);
  return (
    <>
      <section aria-labelledby="alive">
        <h2 id="alive">Alive</h2>
        <Table
          caption="Executors that are alive"
          rows={alive}
          keyOf={({ id }) => id}
          empty="No executor has joined yet."
          columns={[
            { head: 'Executor', isName: true, cell: (executor) => <ExecutorName executor={executor} /> },
            { head: 'Slots busy', cell: ({ id, running, slots }) => <Busy id={id} running={running} slots={slots} /> },
            { head: 'Storage memory', isNumber: true, cell: (executor) => <Memory executor={executor} /> },
            { head: 'Tasks done', isNumber: true, cell: ({ done }) => done },
            { head: 'Failed', isNumber: true, cell: ({ failed }) => (failed > 0 ? <strong class="bad">{failed}</strong> : '0') },
            {
              head: 'Time in tasks',
              isNumber: true,
              cell: ({ taskMs, added, slots }) => `${percent(taskMs, (now - added) * slots)}`,
            },
            { head: 'Up for', isNumber: true, cell: ({ added }) => msText(now - added) },
          ]}
        />
      </section>
      {lost.length > 0 && (
        <section aria-labelledby="lost">
          <h2 id="lost">Lost</h2>
          <p class="under">{counted(losses, 'executor')} lost so far; other executors ran their tasks again.</p>
          <Table
            caption="Executors that were lost, newest first"
            rows={lost}
            keyOf={({ id }) => id}
            empty=""
            columns={[
              { head: 'Executor', isName: true, cell: (executor) => <ExecutorName executor={executor} /> },
              { head: 'Why', wide: true, cell: ({ reason }) => <span class="why">{brief(reason ?? '', 300)}</span> },
              { head: 'When', isNumber: true, cell: ({ removed }) => (removed === undefined ? '' : timeOfDay(removed)) },
              { head: 'Tasks done', isNumber: true, cell: ({ done }) => done },
              {
                head: 'Was up for',
                isNumber: true,
                cell: ({ added, removed }) => (removed === undefined ? '' : msText(removed - added)),
              },
            ]}
          />
        </section>
      )}
    </>
  );
}

const percent = (part: number, whole: number): string => `${Math.min(100, Math.round((100 * part) / Math.max(1, whole)))} %`;

function ExecutorName({ executor: { id, host, pid, excluded } }: { readonly executor: ExecutorView }) {
  return (
    <>
      {plain(id)} {excluded && <Badge state="waiting" word="excluded after failures" />}
      <span class="under">{[plain(host), pid && `process ${pid}`].filter(Boolean).join(' · ')}</span>
    </>
  );
}

function Busy({ id, running, slots }: { readonly id: string; readonly running: number; readonly slots: number }) {
  return (
    <span class="tasks">
      <Meter value={running} most={slots} label={`busy slots of ${plain(id)}`} />
      {running} of {slots}
    </span>
  );
}

function Memory({ executor: { id, memory, memoryLimit } }: { readonly executor: ExecutorView }) {
  if (memoryLimit === undefined) return <>{bytesText(memory)}</>;
  return (
    <span class="tasks">
      <Meter value={memory} most={memoryLimit} label={`storage memory of ${plain(id)} in use`} />
      {bytesText(memory)} of {bytesText(memoryLimit)}
    </span>
  );
}
