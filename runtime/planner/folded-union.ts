// A union of unions as one union of what these are made of: loops that add a dataset in each turn cost what one long list costs.
import { type DatasetNode, type DependencyNode, input, type NarrowNode } from '../plan/node';

/** Whether the partitions of a union are read through it: nothing of its own hangs on them. */
const isPassed = ({ splits, persistence, locations, barrier, indeterminate, besides }: DatasetNode): boolean =>
  splits.kind === 'union' && !(persistence || locations || barrier || indeterminate) && besides === undefined;

/** The union with what stands behind its unions as dependencies of its own, in order; any other dataset as it is. */
export function foldedUnion(node: DatasetNode, defined: (id: number) => DatasetNode): DatasetNode {
  const isInner = (d: DependencyNode) => d.kind === 'narrow' && isPassed(defined(d.dataset));
  if (node.splits.kind !== 'union' || !node.dependencies.some(isInner)) return node;
  const dependencies: NarrowNode[] = [];
  const open = [...node.dependencies].reverse();
  for (let next = open.pop(); next; next = open.pop()) {
    const inner = defined(next.dataset);
    if (isPassed(inner)) for (let i = inner.dependencies.length - 1; i >= 0; i--) open.push(inner.dependencies[i]);
    // A dataset without partitions gives nothing, however often it is there.
    else if (inner.partitions > 0) dependencies.push({ kind: 'narrow', dataset: inner.id });
  }
  return { ...node, dependencies, fragment: { op: 'choose', inputs: dependencies.map((_, i) => input(i)) } };
}
