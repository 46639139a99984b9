// The terminal of a prompt that outlives it: what the prompt may ask of it. Other prompts have the terminal of their own process.
import type { SystemEnd } from '../contract/commands';

export interface HeldTerminal {
  /** The name by which `millrace attach` finds this prompt. */
  readonly name: string;
  /** Whether it has no terminal now. */
  readonly isDetached: boolean;
  /** Calls `changed` whenever it has lost its terminal, or has one again. */
  watch(changed: () => void): void;
  /** Leaves the terminal to the user's shell; the prompt goes on without one. */
  detach(): void;
  /** Suspends the program at the terminal. */
  suspend(): void;
  /** Runs a program at the terminal. */
  run(program: string, args: readonly string[], folder: string): Promise<SystemEnd>;
  /** Tells the terminal the exit status, once all output has left. */
  leave(status: number): Promise<void>;
}

let held: HeldTerminal | undefined;

export const heldTerminal = (): HeldTerminal | undefined => held;

/** Called once, before the prompt starts. */
export function holdTerminal(terminal: HeldTerminal): void {
  held = terminal;
}

/** Leaves the terminal of this prompt once its answer is painted; false for a prompt that cannot be without. */
export function detachPrompt(): boolean {
  const terminal = held;
  if (terminal) setImmediate(() => terminal.detach());
  return terminal !== undefined;
}
