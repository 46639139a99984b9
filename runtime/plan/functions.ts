// Puts other references in the place of those to closures, in all that a program is made of.
import { type ClosureRef, type FunctionRef, isFunctionRef } from './function-ref';
import type { Plan, Sink } from './program';

type Change = (ref: ClosureRef) => ClosureRef;

function changed(ref: FunctionRef, change: Change): FunctionRef {
  if (ref.kind === 'closure') return change(ref);
  return ref.args.some(isFunctionRef) ? { ...ref, args: ref.args.map((a) => (isFunctionRef(a) ? changed(a, change) : a)) } : ref;
}

/** The names under which steps, sinks, partitioners and rules of states hold functions. */
const functionNames = ['f', 'create', 'merge', 'join', 'init', 'update', 'inverse', 'drop'] as const;

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

/** Calls `visit` with each closure that a record names, also as an argument of a library function. */
function closuresIn(record: object, visit: (ref: ClosureRef, isFold: boolean) => void): void {
  const walk = (ref: FunctionRef, isFold: boolean): void => {
    if (ref.kind === 'closure') return visit(ref, isFold);
    for (const arg of ref.args) if (isFunctionRef(arg)) walk(arg, isFold || folds.has(ref.name));
  };
  const { create } = record as { readonly create?: FunctionRef };
  // What a value is merged into began as a copy of a zero.
  const fromZero = create?.kind === 'library' && folds.has(create.name);
  for (const name of functionNames) {
    const value = (record as Record<string, unknown>)[name];
    if (isFunctionRef(value)) walk(value, name === 'merge' && fromZero);
  }
}

/** Library functions whose function gets what they have made themselves, and adds elements to it. */
const folds: ReadonlySet<string> = new Set(['fromZero', 'foldPartition']);

/** What the functions of a program may change: rows that they read, states, values that they have captured. */
export interface ProgramChanges {
  readonly rows: boolean;
  /** The same without the functions of states, which are there to change them. */
  readonly emitted: boolean;
  readonly captured: boolean;
}

export function changesOfProgram(nodes: Iterable<Plan>, sink: Sink): ProgramChanges {
  let [rows, emitted, captured] = [false, false, false];
  const visit =
    (isOfState: boolean, isSinkFold = false) =>
    ({ changes }: ClosureRef, isFold: boolean) => {
      if (!changes) return;
      captured ||= changes.captured === true;
      const isOwn = (isFold || isSinkFold) && !changes.mixes;
      if (!changes.others && (isOwn || !changes.first)) return;
      rows = true;
      emitted ||= !isOfState;
    };
  for (const node of nodes) {
    closuresIn(node, visit(false));
    if (node.op === 'stateUpdate') closuresIn(node.step.rule, visit(true));
    if (node.op === 'stateRead') closuresIn(node.read.rule, visit(true));
  }
  closuresIn(sink, visit(false, sink.kind === 'aggregate'));
  if (sink.kind === 'shuffle') {
    closuresIn(sink.partitioner, visit(false));
    if (sink.combine) closuresIn(sink.combine, visit(false));
  }
  return { rows, emitted, captured };
}
