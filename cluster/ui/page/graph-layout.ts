// Lays out the graph of a job with dagre: one box per stage, its datasets in rows, arrows for shuffles.
import { Graph, layout } from '@dagrejs/dagre';
import type { GraphDataset, GraphStage } from './messages';

export interface PlacedDataset {
  readonly dataset: GraphDataset;
  readonly label: string;
  readonly y: number;
  /** The rows above it in this box that it is computed from. */
  readonly from: readonly number[];
}

export interface PlacedStage {
  readonly stage: GraphStage;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly datasets: readonly PlacedDataset[];
  /** How many datasets are not shown. */
  readonly omitted: number;
}

export interface PlacedEdge {
  readonly key: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface PlacedGraph {
  readonly width: number;
  readonly height: number;
  readonly stages: readonly PlacedStage[];
  readonly edges: readonly PlacedEdge[];
}

export const rowHeight = 22;
export const headHeight = 26;
/** The width left of the labels, for the lines between datasets. */
export const railWidth = 18;
const letterWidth = 7.3;
const mostLetters = 30;
/** Room beside a label, for `12/12 persisted`. */
const persistedLetters = 17;
/** The least width of the head of a box. */
const headLetters = 22;
const mostRows = 16;
const padding = 10;

/** A label such as `counts (reduceByKey)`, cut to the width of a box. */
function labelOf({ name, operation }: GraphDataset): string {
  const label = name === undefined ? operation : `${name} (${operation})`;
  return label.length <= mostLetters ? label : `${label.slice(0, mostLetters - 1)}…`;
}

/** Sources first; each dataset comes after its parents. */
function inOrder(datasets: readonly GraphDataset[]): GraphDataset[] {
  const byId = new Map(datasets.map((dataset) => [dataset.id, dataset]));
  const ordered = new Set<GraphDataset>();
  const visit = (dataset: GraphDataset): void => {
    if (ordered.has(dataset)) return;
    for (const id of dataset.parents) {
      const parent = byId.get(id);
      if (parent) visit(parent);
    }
    ordered.add(dataset);
  };
  for (const dataset of datasets) visit(dataset);
  return [...ordered];
}

function placedDatasets(stage: GraphStage): { datasets: PlacedDataset[]; omitted: number } {
  const ordered = inOrder(stage.datasets);
  const shown = ordered.slice(-mostRows);
  const rows = new Map(shown.map(({ id }, index) => [id, index]));
  const datasets = shown.map((dataset, index) => {
    const y = headHeight + index * rowHeight;
    return { dataset, label: labelOf(dataset), y, from: dataset.parents.flatMap((id) => rows.get(id) ?? []) };
  });
  return { datasets, omitted: ordered.length - shown.length };
}

export function placed(stages: readonly GraphStage[], isNarrow: boolean): PlacedGraph {
  const graph = new Graph({ multigraph: false });
  graph.setGraph({ rankdir: isNarrow ? 'TB' : 'LR', nodesep: 18, ranksep: isNarrow ? 28 : 44, marginx: 4, marginy: 4 });
  graph.setDefaultEdgeLabel(() => ({}));
  const boxes = stages.map((stage) => {
    const { datasets, omitted } = placedDatasets(stage);
    const longest = Math.max(
      headLetters,
      ...datasets.map(({ label, dataset }) => label.length + (dataset.level === undefined ? 0 : persistedLetters)),
    );
    const width = Math.min(340, railWidth + longest * letterWidth + 2 * padding);
    const height = headHeight + datasets.length * rowHeight + padding / 2;
    graph.setNode(String(stage.id), { width, height });
    return { stage, datasets, omitted, width, height };
  });
  for (const { id, parents } of stages) for (const parent of parents) graph.setEdge(String(parent), String(id));
  layout(graph);
  const placedStages = boxes.map((box) => {
    const { x = 0, y = 0 } = graph.node(String(box.stage.id));
    return { ...box, x: x - box.width / 2, y: y - box.height / 2 };
  });
  const edges = graph.edges().map((edge) => ({ key: `${edge.v}-${edge.w}`, points: graph.edge(edge).points ?? [] }));
  const { width = 0, height = 0 } = graph.graph();
  return { width, height, stages: placedStages, edges };
}
