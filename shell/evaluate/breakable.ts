// Runs the user's code so that SIGINT breaks it, even a loop that never ends: through a script that V8 is told to interrupt.
import vm from 'node:vm';
import type { InterruptGate } from './interrupt-gate';

const slot = Symbol.for('millrace.call');

type Slot = { [slot]?: () => unknown };

const script = new vm.Script(`globalThis[Symbol.for('millrace.call')]()`, { filename: 'node:internal/millrace' });

let gate: InterruptGate | undefined;

/** From now on the signals that break the user's code come through this gate, and none comes from outside. */
export function sendBreaksThrough(opened: InterruptGate): void {
  gate = opened;
}

/** Calls `f`. A SIGINT while it runs makes this throw an error for which `isInterruption` is true; what `f` did so far stays. */
export function breakable<T>(f: () => T): T {
  const holder = globalThis as Slot;
  const outer = holder[slot];
  const depth = gate?.depth ?? 0;
  const value = gate ? gate.pass.bind(gate, f) : f;
  Object.defineProperty(holder, slot, { value, configurable: true, enumerable: false, writable: true });
  try {
    return script.runInThisContext({ breakOnSigint: true, displayErrors: false }) as T;
  } catch (error) {
    if (isInterruption(error)) gate?.broken(depth);
    throw error;
  } finally {
    holder[slot] = outer;
  }
}

/** Whether an error says that SIGINT broke the code, or that an interrupt left an await. */
export function isInterruption(error: unknown): boolean {
  return error instanceof Interruption || (error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED';
}

/** What a pending await of an entry is rejected with when the user interrupts. */
export class Interruption extends Error {
  constructor() {
    super('The entry was interrupted.');
    this.name = 'Interruption';
  }
}
