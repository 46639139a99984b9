// Which of its functions a step needs for a split: plans that choose among inputs are compiled once for each choice.

import type { Plan, Split } from './program';
import { inputOf } from './task-runtime';

/** Which inputs a split chooses below a plan, down to where another function begins. */
export function branchesOf(plan: Plan, split: Split): string {
  switch (plan.op) {
    case 'choose':
      return split.kind === 'node' ? `${split.number}.${branchesOf(plan.inputs[split.number ?? 0], inputOf(split))}` : '';
    case 'zipWithIndex':
      return branchesOf(plan.input, inputOf(split));
    case 'map':
    case 'flatMap':
    case 'filter':
    case 'sample':
      return branchesOf(plan.input, split);
    default:
      return '';
  }
}
