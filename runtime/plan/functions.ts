// Puts other references in the place of those to closures, in all that a program is made of.
import { type ClosureRef, type FunctionRef, isFunctionRef } from './function-ref';
import type { Plan, Sink } from './program';

type Change = (ref: ClosureRef) => ClosureRef;

function changed(ref: FunctionRef, change: Change): FunctionRef {
  if (ref.kind === 'closure') return change(ref);
  return ref.args.some(isFunctionRef) ? { ...ref, args: ref.args.map((a) => (isFunctionRef(a) ? changed(a, change) : a)) } : ref;
}

/** The names under which steps, sinks, partitioners and rules of states hold functions. */
const functionNames = ['f', 'create', 'merge', 'join', 'init', 'update', 'inverse'] as const;

/** A copy of a record with the references in it changed. */
function changedIn<T extends object>(record: T, change: Change): T {
  const copy = { ...record } as Record<string, unknown>;
  for (const name of functionNames) if (isFunctionRef(copy[name])) copy[name] = changed(copy[name], change);
  return copy as T;
}

/** One part of a plan, without its inputs. */
export function planWith(plan: Plan, change: Change): Plan {
  switch (plan.op) {
    case 'stateUpdate':
      return { ...plan, step: { ...plan.step, rule: changedIn(plan.step.rule, change) } };
    case 'stateRead':
      return { ...plan, read: { ...plan.read, rule: changedIn(plan.read.rule, change) } };
    default:
      return 'f' in plan || 'merge' in plan ? changedIn(plan, change) : plan;
  }
}

export function sinkWith(sink: Sink, change: Change): Sink {
  if (sink.kind !== 'shuffle') return changedIn(sink, change);
  const { partitioner, combine } = sink;
  return { ...sink, partitioner: changedIn(partitioner, change), combine: combine && changedIn(combine, change) };
}
