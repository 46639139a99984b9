// How the pairs of a batch change the state of their keys: one function for each rule, called with a table that holds the version before.
import { MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import type { FunctionRef } from '../../plan/function-ref';
import type { StateRule, StateStep } from '../../plan/state-spec';
import { StepFailure } from '../../plan/step-failure';
import { notAPair } from '../task-runtime';
import { sessionsOf } from './session-rule';
import { StateHandle } from './state-of-key';
import { absent, type StateTable } from './state-table';

/** What a step did to its table: the keys that the delta file must tell of, and the rows that the function made. */
export interface Change {
  readonly touched: readonly number[];
  readonly mapped: readonly unknown[];
}

type Call = (f: Function, element: unknown, ...args: unknown[]) => unknown;

/** Everything that a rule works with. */
interface Step {
  readonly table: StateTable;
  readonly version: number;
  readonly operation: string;
  readonly rows: Iterable<readonly unknown[]>;
  readonly resolve: (ref: FunctionRef) => Function;
  readonly call: Call;
  readonly touched: number[];
}

/** Applies a batch to the table. What the user's functions throw names the pair they were called for. */
export function applyRule(
  { rule, version, operation }: StateStep,
  table: StateTable,
  rows: Iterable<readonly unknown[]>,
  resolve: (ref: FunctionRef) => Function,
): Change {
  const call: Call = (f, element, ...args) => {
    try {
      return f(...args);
    } catch (thrown) {
      throw new StepFailure(thrown, operation, showElement(element));
    }
  };
  const step: Step = { table, version, operation, rows, resolve, call, touched: [] };
  const mapped = ruleOf(rule, step);
  return { touched: step.touched, mapped };
}

function ruleOf(rule: StateRule, step: Step): readonly unknown[] {
  switch (rule.kind) {
    case 'update':
      return updated(step, step.resolve(rule.f));
    case 'map':
      return mapped(step, step.resolve(rule.f), rule.timeout);
    case 'track':
      return tracked(step, step.resolve(rule.init), step.resolve(rule.update), rule.timeout);
    case 'reduce':
      return reduced(step, step.resolve(rule.f));
    case 'sessions': {
      const merge = rule.merge && step.resolve(rule.merge);
      const merging = merge && ((key: unknown) => (a: unknown, b: unknown) => step.call(merge, [key, b], a, b));
      return sessionsOf({ ...step, merge: merging, drop: step.resolve(rule.drop) as (count: number) => unknown }, rule.sizes);
    }
    case 'window':
      throw new MillraceError('INTERNAL', { reason: 'a window is no rule of single keys' });
  }
}

/** The pairs of the batch, each key touched. */
function* pairsOf({ table, version, operation, rows, touched }: Step): Generator<[n: number, pair: [unknown, unknown]]> {
  for (const chunk of rows) {
    for (const pair of chunk) {
      if (!Array.isArray(pair) || pair.length !== 2) notAPair(operation, pair);
      const n = table.find((pair as unknown[])[0]);
      if (table.touch(n, version)) touched.push(n);
      yield [n, pair as [unknown, unknown]];
    }
  }
}

const isNothing = (value: unknown): boolean => value === undefined || value === null;

/** A value that cannot have been changed in place. */
const isPrimitive = (value: unknown): boolean => typeof value !== 'object' || value === null;

function setOrRemove(table: StateTable, n: number, value: unknown, isGone: boolean): void {
  if (isGone) table.remove(n);
  else table.set(n, value);
}

/** `updateStateByKey`: every key that has state or values, each batch. Rows are [key, values]. */
function updated(step: Step, f: Function): readonly unknown[] {
  const { table, version, call, touched } = step;
  const update = (n: number, values: unknown) => {
    const [key, before] = [table.keyOf(n), table.get(n)];
    const after = call(f, [key, values], values, before === absent ? undefined : before, key, version);
    setOrRemove(table, n, after, after === undefined);
    return before !== after || !isPrimitive(after);
  };
  for (const [n, [, values]] of pairsOf(step)) update(n, values);
  for (let n = 0; n < table.numbers; n++) {
    // The stamp of a key without values stays; its file row is needed where the state may have changed.
    if (table.has(n) && table.stampOf(n) !== version && update(n, [])) touched.push(n);
  }
  return [];
}

/** `mapWithState`: the keys of the batch, then those that time out. */
function mapped(step: Step, f: Function, timeout: number | undefined): readonly unknown[] {
  const { table, version, call, touched } = step;
  const handle = new StateHandle(step.operation);
  const out: unknown[] = [];
  const visit = (n: number, value: unknown, isTimingOut: boolean) => {
    const key = table.keyOf(n);
    handle.pointAt(key, table.get(n), isTimingOut);
    const made = call(f, [key, value], key, value, handle, version);
    setOrRemove(table, n, handle.value, isTimingOut || handle.value === absent);
    if (made !== undefined) out.push(made);
  };
  for (const [n, [, value]] of pairsOf(step)) visit(n, value, false);
  if (timeout === undefined) return out;
  for (const n of table.takeUntouchedSince(version - timeout)) {
    visit(n, undefined, true);
    touched.push(n);
  }
  return out;
}

/** `track`: events into the state of their key. */
function tracked(step: Step, init: Function, update: Function, timeout: number | undefined): readonly unknown[] {
  const { table, version, call, touched } = step;
  for (const [n, [key, event]] of pairsOf(step)) {
    const value = table.has(n) ? call(update, [key, event], key, table.get(n), event) : call(init, [key, event], key, event);
    setOrRemove(table, n, value, isNothing(value));
  }
  if (timeout === undefined) return [];
  for (const n of table.takeUntouchedSince(version - timeout)) {
    table.remove(n);
    touched.push(n);
  }
  return [];
}

function reduced(step: Step, f: Function): readonly unknown[] {
  const { table, call } = step;
  for (const [n, [key, value]] of pairsOf(step)) table.set(n, table.has(n) ? call(f, [key, value], table.get(n), value) : value);
  return [];
}
