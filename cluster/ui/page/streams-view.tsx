// The page of streams: how well each context keeps up, in numbers and charts; its sources and outputs.
import { compact, msText } from '../../../runtime/base/units';
import { Chart } from './chart';
import { brief, counted, plain, timeOfDay } from './format';
import type { PageData, StreamView } from './messages';
import { Badge, Code, Facts, Table } from './parts';

export function StreamsPage({ data: { contexts } }: { readonly data: PageData & { readonly page: 'streams' } }) {
  if (contexts.length === 0)
    return (
      <p class="empty">
        No streams yet. <code>stream('1s')</code> makes a streaming context.
      </p>
    );
  return (
    <>
      {contexts.map((context, index) => (
        <Context context={context} number={index + 1} key={index} />
      ))}
    </>
  );
}

function Context({ context, number }: { readonly context: StreamView; readonly number: number }) {
  const { state, interval, batches, waiting, behind, points, sources } = context;
  const last = points.at(-1);
  const isBehind = behind > interval;
  const id = `context-${number}`;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>
        Every {msText(interval)}: {sources.map(({ name }) => brief(name, 40)).join(', ') || 'no source'}
      </h2>
      <Facts
        facts={[
          ['state', <Badge state={state} word={state === 'initialized' ? 'not started' : state} key="state" />],
          ['behind', isBehind ? <strong class="bad">{msText(behind)}</strong> : state === 'active' ? 'keeps up' : ''],
          ['batches done', String(batches)],
          ['waiting', waiting > 0 ? <strong class="bad">{counted(waiting, 'batch')}</strong> : ''],
          ['last batch', last ? `${timeOfDay(last.time)}, took ${msText(last.processing)}` : ''],
        ]}
      />
      <Charts context={context} />
      <Sources sources={sources} />
      <Outputs outputs={context.outputs} />
    </section>
  );
}

function Charts({ context: { points, interval } }: { readonly context: StreamView }) {
  if (points.length === 0) return <p class="empty">No batch is done yet.</p>;
  const times = points.map(({ time }) => time / 1000);
  const perSecond = (n: number) => (n * 1000) / interval;
  return (
    <div class="charts">
      <Chart title="Input" unit="rows/s" times={times} values={points.map(({ records }) => perSecond(records))} show={compact} />
      <Chart
        title="Time of a batch"
        times={times}
        values={points.map(({ processing }) => processing)}
        limit={{ value: interval, name: 'interval' }}
        show={msText}
      />
      <Chart title="Delay until it starts" times={times} values={points.map(({ delay }) => delay)} show={msText} />
    </div>
  );
}

function Sources({ sources }: { readonly sources: StreamView['sources'] }) {
  return (
    <Table
      caption="Sources"
      rows={sources}
      keyOf={({ name }) => name}
      empty="No source is read."
      columns={[
        { head: 'Source', isName: true, cell: ({ name, operation }) => <Named name={name} under={operation} /> },
        { head: 'Rows', isNumber: true, cell: ({ records }) => compact(records) },
        { head: 'Behind', isNumber: true, cell: ({ behind }) => (behind === undefined ? '' : compact(behind)) },
        { head: 'Rate', isNumber: true, cell: ({ rate }) => (rate === undefined ? '' : `${compact(rate)}/s`) },
        {
          head: 'Messages',
          wide: true,
          cell: ({ receiver, notes }) =>
            [receiver, notes].filter(Boolean).map((text) => <MessageLine text={String(text)} key={text} />),
        },
      ]}
    />
  );
}

const MessageLine = ({ text }: { readonly text: string }) => <span class="message-line">{brief(text, 200)}</span>;

function Named({ name, under }: { readonly name: string; readonly under: string }) {
  return (
    <>
      {brief(name, 60)}
      <span class="under">{plain(under)}</span>
    </>
  );
}

function Outputs({ outputs }: { readonly outputs: StreamView['outputs'] }) {
  return (
    <Table
      caption="Outputs"
      rows={outputs}
      keyOf={({ name }) => name}
      classOf={({ failures }) => (failures > 0 ? 'failed' : '')}
      empty="No outputs."
      columns={[
        { head: 'Output', isName: true, wide: true, cell: ({ name, site }) => <OutputName name={name} site={site} /> },
        { head: 'Batches', isNumber: true, cell: ({ batches }) => batches },
        { head: 'Last took', isNumber: true, cell: ({ lastMs }) => (lastMs === undefined ? '' : msText(lastMs)) },
        { head: 'Failed', wide: true, cell: (output) => <OutputFailures output={output} /> },
      ]}
    />
  );
}

function OutputName({ name, site }: Pick<StreamView['outputs'][number], 'name' | 'site'>) {
  return (
    <>
      {brief(name, 60)}
      {site && (
        <span class="under">
          <Code site={site} title={name} />
        </span>
      )}
    </>
  );
}

function OutputFailures({ output: { failures, batches, lastFailure } }: { readonly output: StreamView['outputs'][number] }) {
  if (failures === 0) return <>none</>;
  return (
    <span class="why">
      {failures} of {batches}: {brief(lastFailure ?? '', 200)}
    </span>
  );
}
