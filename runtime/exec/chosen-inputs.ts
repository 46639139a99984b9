// Which of its functions a step needs for a split: plans that choose among inputs are compiled once for each choice.

import type { Plan, Split } from '../plan/program';
import { inputOf } from './task-runtime';

/** Which inputs a split chooses below a plan, down to where another function begins. */
export function branchesOf(plan: Plan, split: Split): string {
  let branches = '';
  for (let at = plan, part = split; ; ) {
    switch (at.op) {
      case 'choose':
        if (part.kind !== 'node') return branches;
        branches += `${part.number}.`;
        [at, part] = [at.inputs[part.number ?? 0], inputOf(part)];
        break;
      case 'zipWithIndex':
        [at, part] = [at.input, inputOf(part)];
        break;
      case 'map':
      case 'flatMap':
      case 'filter':
      case 'sample':
        at = at.input;
        break;
      default:
        return branches;
    }
  }
}
