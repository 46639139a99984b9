// Which steps of a stage wait for promises of the user's functions, and what reads their rows.
import { nodesOf, type Plan } from '../plan/program';

/** How many calls of a step wait at a time; undefined where its function answers at once. */
export const awaitsOf = (plan: Plan): number | undefined => ('awaits' in plan ? plan.awaits : undefined);

const known = new WeakMap<Plan, boolean>();

/** Whether a step of a plan waits. */
export function awaitsIn(plan: Plan): boolean {
  let found = known.get(plan);
  if (found === undefined) {
    found = false;
    for (const node of nodesOf(plan)) if (awaitsOf(node) !== undefined) found = true;
    known.set(plan, found);
  }
  return found;
}

const fused: ReadonlySet<Plan['op']> = new Set(['map', 'filter', 'flatMap', 'sample', 'zipWithIndex', 'choose']);

/** Steps whose text stands around that of their input; others take the rows of theirs by themselves. */
export const isFused = ({ op }: Plan): boolean => fused.has(op);
