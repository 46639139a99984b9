// Draws the graph of a job: stages as boxes that link to their pages, their datasets inside, shuffles as arrows, persisted datasets marked.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { plain } from './format';
import { headHeight, type PlacedDataset, type PlacedEdge, type PlacedStage, placed, railWidth, rowHeight } from './graph-layout';
import type { GraphStage } from './messages';
import { placeName } from './parts';
import { stagePath } from './route';

const narrowScreen = '(max-width: 640px)';

function useIsNarrow(): boolean {
  const [isNarrow, setIsNarrow] = useState(matchMedia(narrowScreen).matches);
  useEffect(() => {
    const query = matchMedia(narrowScreen);
    const look = () => setIsNarrow(query.matches);
    query.addEventListener('change', look);
    return () => query.removeEventListener('change', look);
  }, []);
  return isNarrow;
}

export function GraphView({ stages }: { readonly stages: readonly GraphStage[] }) {
  const isNarrow = useIsNarrow();
  // The layout is computed once: the shape of a job never changes, while the states of its stages change several times a second.
  const shape = stages.map(({ id }) => id).join();
  const graph = useMemo(() => placed(stages, isNarrow), [shape, isNarrow]);
  const now = new Map(stages.map((stage) => [stage.id, stage]));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section class="graph" tabIndex={0} aria-label="Stages and datasets of this job">
      <svg width={graph.width} height={graph.height} viewBox={`0 0 ${graph.width} ${graph.height}`}>
        <title>Stages, and the shuffles between them</title>
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
            <path d="M0 0 L8 4 L0 8 z" />
          </marker>
        </defs>
        {graph.edges.map((edge) => (
          <Edge edge={edge} key={edge.key} />
        ))}
        {graph.stages.map((box) => (
          <StageBox box={box} stage={now.get(box.stage.id) ?? box.stage} key={box.stage.id} />
        ))}
      </svg>
    </section>
  );
}

function Edge({ edge: { points } }: { readonly edge: PlacedEdge }) {
  const path = points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join(' ');
  return <path class="edge" d={path} marker-end="url(#arrow)" />;
}

function StageBox({ box, stage }: { readonly box: PlacedStage; readonly stage: GraphStage }) {
  const { x, y, width, height, datasets, omitted } = box;
  const { id, state, done, tasks, parents } = stage;
  const progress =
    state === 'running' ? `${done}/${tasks}` : state === 'skipped' ? 'skipped' : `${tasks} ${tasks === 1 ? 'task' : 'tasks'}`;
  const reads = parents.length === 0 ? '' : `, reads stage ${parents.join(', ')}`;
  const names = datasets.map(({ label }) => plain(label)).join(', ');
  return (
    <a href={stagePath(id)} class={`stagebox ${state}`} aria-label={`Stage ${id}, ${state}, ${progress}${reads}: ${names}`}>
      <g transform={`translate(${x} ${y})`}>
        <rect class="box" width={width} height={height} rx={5} />
        {state === 'running' && <rect class="fill" y={height - 3} width={(width * done) / Math.max(1, tasks)} height={3} />}
        <text class="head" x={8} y={17}>
          stage {id}
          {stage.skew && <tspan class="skewed"> skewed</tspan>}
        </text>
        <text class="head count" x={width - 8} y={17}>
          {progress}
        </text>
        {omitted > 0 && <title>{omitted} earlier datasets are not shown</title>}
        {datasets.map((each, index) => (
          <DatasetRow placed={each} index={index} width={width} now={stage} key={each.dataset.id} />
        ))}
      </g>
    </a>
  );
}

interface RowProps {
  readonly placed: PlacedDataset;
  readonly index: number;
  readonly width: number;
  readonly now: GraphStage;
}

function DatasetRow({ placed: { dataset, label, y, from }, index, width, now }: RowProps) {
  const persisted = now.datasets.find(({ id }) => id === dataset.id)?.persisted ?? dataset.persisted;
  const middle = y + rowHeight / 2;
  const { site, level, partitions, name, operation } = dataset;
  const full = name === undefined ? operation : `${name} (${operation})`;
  const storage = level === undefined ? '' : `, ${level}, ${persisted} of ${partitions} partitions persisted`;
  return (
    <g class={level === undefined ? 'dataset' : 'dataset persisted'}>
      <title>{plain(`${full}[${dataset.id}]${storage}${site ? `, ${placeName(site)}` : ''}`)}</title>
      {from.map((row) => (
        <path class="narrow" d={railPath(row, index)} key={row} />
      ))}
      <circle class={dataset.reads.length > 0 ? 'dot shuffle' : 'dot'} cx={railWidth / 2 + 2} cy={middle} r={3.5} />
      <text x={railWidth + 4} y={middle + 4}>
        {plain(label)}
      </text>
      {level !== undefined && (
        <text class="persisted-count" x={width - 8} y={middle + 4}>
          {persisted}/{partitions} persisted
        </text>
      )}
    </g>
  );
}

/** A line from the dot of one row to that of a later row: straight to the next row, curved around rows in between. */
function railPath(from: number, to: number): string {
  const x = railWidth / 2 + 2;
  const y = (row: number) => headHeight + row * rowHeight + rowHeight / 2;
  if (to === from + 1) return `M${x} ${y(from) + 3} L${x} ${y(to) - 3}`;
  return `M${x - 3} ${y(from)} C${x - 12} ${y(from) + 8} ${x - 12} ${y(to) - 8} ${x - 3} ${y(to)}`;
}
