// Finds the gzip files that a task will read, to unpack them before it starts; a persisted partition that is present hides its inputs.
import type { Plan, Split } from '../../plan/program';
import { customData, inputOf } from '../task-runtime';

type IsCached = (rddId: number, partition: number) => boolean;

export function packedFiles(plan: Plan, split: Split, isCached: IsCached): string[] {
  const files: string[] = [];
  const seen = new Map<Plan, Set<Split>>();
  const open: (readonly [Plan, Split])[] = [[plan, split]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [at, part] = next;
    const parts = seen.get(at) ?? new Set();
    if (parts.has(part)) continue;
    seen.set(at, parts.add(part));
    if (at.op === 'text' && part.kind === 'text') for (const { path, gzip } of part.ranges) if (gzip) files.push(path);
    for (const below of partsRead(at, part, isCached)) open.push(below);
  }
  return files;
}

/** The parts of its inputs that a step reads for this split; none behind a persisted partition. */
function partsRead(plan: Plan, split: Split, isCached: IsCached): (readonly [Plan, Split])[] {
  switch (plan.op) {
    case 'cached':
      return isCached(plan.rddId, split.index) ? [] : [[plan.input, split]];
    case 'choose':
      return split.kind === 'node' ? [[plan.inputs[split.number ?? 0], inputOf(split)]] : [];
    case 'concat':
      return split.kind === 'node' ? split.inputs.map((part) => [plan.input, part]) : [];
    case 'zipWithIndex':
      return [[plan.input, inputOf(split)]];
    case 'cogroup':
    case 'join':
    case 'zipPartitions':
    case 'cartesian':
    case 'merge':
    case 'stateUpdate':
      return plan.inputs.map((input, i) => [input, inputOf(split, i)]);
    case 'custom': {
      const [own, ...parents] = split.kind === 'node' ? split.inputs : [];
      const [, which] = customData(own);
      return parents.map((part, i) => [plan.inputs[which[i]], part]);
    }
    default:
      return 'input' in plan ? [[plan.input, split]] : [];
  }
}
