// Runs the user's code so that SIGINT breaks even an endless loop: inside a script that V8 can interrupt.
import vm from 'node:vm';
import { restoreBuiltins } from '../../runtime/closure/guarded-builtins';
import type { InterruptGate } from './interrupt-gate';

const slot = Symbol.for('millrace.call');

type Slot = { [slot]?: () => unknown };

const script = new vm.Script(`globalThis[Symbol.for('millrace.call')]()`, { filename: 'node:internal/millrace' });

let gate: InterruptGate | undefined;

/** From now on this gate alone sends the signals that break the user's code. */
export function sendBreaksThrough(opened: InterruptGate): void {
  gate = opened;
}

/** Calls `f`. A SIGINT meanwhile makes this throw an error for which `isInterruption` is true; the effects of `f` so far stay. */
export function breakable<T>(f: () => T): T {
  const holder = globalThis as Slot;
  const outer = holder[slot];
  const depth = gate?.depth ?? 0;
  const value = gate ? gate.pass.bind(gate, f) : f;
  Object.defineProperty(holder, slot, { value, configurable: true, enumerable: false, writable: true });
  try {
    return script.runInThisContext({ breakOnSigint: true, displayErrors: false }) as T;
  } catch (error) {
    restoreBuiltins();
    if (isInterruption(error)) gate?.broken(depth);
    throw error;
  } finally {
    restoreBuiltins();
    holder[slot] = outer;
  }
}

/** Whether SIGINT broke the code, or an interrupt ended an await. */
export function isInterruption(error: unknown): boolean {
  return error instanceof Interruption || (error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED';
}

/** An interrupt rejects the pending awaits of an entry with this. */
export class Interruption extends Error {
  constructor() {
    super('The entry was interrupted.');
    this.name = 'Interruption';
  }
}
