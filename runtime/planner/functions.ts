// Puts other references in the place of those to functions, in all that a program is made of.
import { type FunctionRef, isFunctionRef } from '../plan/function-ref';
import type { PartitionerSpec, Plan, Sink } from '../plan/program';
import type { StateRule } from '../plan/state-spec';

type Renumber = (index: number) => number;

function renumbered(ref: FunctionRef, to: Renumber): FunctionRef {
  if (ref.kind === 'closure') return { ...ref, index: to(ref.index) };
  return ref.args.some(isFunctionRef) ? { ...ref, args: ref.args.map((a) => (isFunctionRef(a) ? renumbered(a, to) : a)) } : ref;
}

/** The names under which steps, sinks and rules of states hold functions. */
const functionNames = ['f', 'create', 'merge', 'join', 'init', 'update', 'inverse'] as const;

/** A copy of a record with the references in it renumbered. */
function renumberedIn<T extends object>(record: T, to: Renumber): T {
  const copy = { ...record } as Record<string, unknown>;
  for (const name of functionNames) if (isFunctionRef(copy[name])) copy[name] = renumbered(copy[name], to);
  return copy as T;
}

const ruleWith = (rule: StateRule, to: Renumber): StateRule => renumberedIn(rule, to);

/** One part of a plan, without its inputs. */
export function planWith(plan: Plan, to: Renumber): Plan {
  switch (plan.op) {
    case 'stateUpdate':
      return { ...plan, step: { ...plan.step, rule: ruleWith(plan.step.rule, to) } };
    case 'stateRead':
      return { ...plan, read: { ...plan.read, rule: ruleWith(plan.read.rule, to) } };
    default:
      return 'f' in plan || 'merge' in plan ? renumberedIn(plan, to) : plan;
  }
}

const partitionerWith = (spec: PartitionerSpec, to: Renumber): PartitionerSpec =>
  spec.kind === 'custom' ? renumberedIn(spec, to) : spec;

export function sinkWith(sink: Sink, to: Renumber): Sink {
  if (sink.kind !== 'shuffle') return renumberedIn(sink, to);
  const { partitioner, combine } = sink;
  return { ...sink, partitioner: partitionerWith(partitioner, to), combine: combine && renumberedIn(combine, to) };
}
