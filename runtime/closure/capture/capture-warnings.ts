// Warnings of a capture: functions that change what they captured, which each task only does to a copy of its own.
import { types } from 'node:util';
import { travelsAs } from '../../base/markers';
import type { Place } from '../../base/place';
import type { FunctionFacts, Variable } from '../function-facts';

/** A closure that changes a variable that it captured: the change would be lost. */
export interface CaptureWarning {
  readonly kind: 'assigned' | 'mutated' | 'eval';
  readonly name: string;
  readonly place: Place;
  /** What happens and what to do instead. */
  readonly message: string;
}

/** The warnings of one capture, each once. */
export class Warnings {
  readonly list: CaptureWarning[] = [];
  readonly #said = new Set<string>();

  /** Looks at what a function does to the variables that it captured. */
  check(facts: FunctionFacts, entries: readonly { readonly variable: Variable }[], read: (variable: Variable) => unknown): void {
    const captured = (name: string) => entries.find((e) => e.variable.name === name)?.variable;
    for (const { name, at } of facts.writes) if (captured(name)) this.#say(facts, 'assigned', name, at, assignedMessage(name));
    for (const { name, at, how } of facts.mutations) {
      const variable = captured(name);
      // Globals have no thunk, and what `require` and its like hold is not the user's.
      if (!variable || variable.index < 0 || variable.moduleName) continue;
      if (isMutated(read(variable), how)) this.#say(facts, 'mutated', name, at, mutatedMessage(name, how));
    }
    if (facts.usesEval) this.#say(facts, 'eval', 'eval', facts.start, evalMessage);
  }

  #say(facts: FunctionFacts, kind: CaptureWarning['kind'], name: string, at: number, message: string): void {
    const key = `${facts.id} ${kind} ${name}`;
    // The compiler's helpers do as they must.
    if (this.#said.has(key) || !facts.text.isUsers(at)) return;
    this.#said.add(key);
    this.list.push({ kind, name, place: facts.text.place(at), message });
  }
}

const evalMessage = 'eval in a function that runs on executors sees only the variables that the function names itself.';

/** Methods change only what has them; a property can be assigned on any object. Accumulators are there to be changed. */
function isMutated(value: unknown, how: string): boolean {
  if (typeof value !== 'object' || value === null || travelsAs in value) return false;
  if (how === 'assignment to a property') return true;
  return (
    Array.isArray(value) ||
    types.isMap(value) ||
    types.isSet(value) ||
    (ArrayBuffer.isView(value) && !(value instanceof DataView))
  );
}

function assignedMessage(name: string): string {
  return (
    `'${name}' is assigned inside a function that runs on executors: each task changes a copy of its own, and ${name} here stays as ` +
    'it is. To count, use sc.accumulator(0) and add to it; to combine elements, use reduce().'
  );
}

function mutatedMessage(name: string, how: string): string {
  const change = how === 'assignment to a property' ? `A property of '${name}' is assigned` : `'${name}.${how}()' is called`;
  return (
    `${change} inside a function that runs on executors: each task changes a copy of its own, and ${name} here stays as it is. ` +
    'To gather results, return them and collect(); to count, use sc.accumulator(0).'
  );
}
