// Finds the packed files that a task will read, which are unpacked before it starts; not those behind a cached partition that is there.
import type { Plan, Split } from './program';
import { inputOf } from './task-runtime';

export function packedFiles(plan: Plan, split: Split, isCached: (rddId: number, partition: number) => boolean): string[] {
  const below = (input: Plan, part: Split) => packedFiles(input, part, isCached);
  switch (plan.op) {
    case 'text':
      return split.kind === 'text' ? split.ranges.flatMap(({ path, gzip }) => (gzip ? [path] : [])) : [];
    case 'cached':
      return isCached(plan.rddId, split.index) ? [] : below(plan.input, split);
    case 'choose':
      return split.kind === 'node' ? below(plan.inputs[split.number ?? 0], inputOf(split)) : [];
    case 'concat':
      return split.kind === 'node' ? split.inputs.flatMap((part) => below(plan.input, part)) : [];
    case 'zipWithIndex':
      return below(plan.input, inputOf(split));
    case 'cogroup':
    case 'join':
    case 'zipPartitions':
    case 'cartesian':
    case 'merge':
    case 'stateUpdate':
      return plan.inputs.flatMap((input, i) => below(input, inputOf(split, i)));
    default:
      return 'input' in plan ? below(plan.input, split) : [];
  }
}
