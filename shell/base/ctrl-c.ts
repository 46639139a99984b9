// What Ctrl-C and signals mean: a ladder of answers for the key, and an exit status per signal that ends the shell.

/** How long a running entry has to stop before Ctrl-C may end its session. */
const patienceMs = 2_000;

export type InterruptAnswer =
  /** Nothing runs: tell the user how to leave. */
  | 'hint'
  /** Stop what runs. */
  | 'stop'
  /** The entry did not stop: warn that the next press ends the session. */
  | 'warn'
  /** Kill the session process and start another. */
  | 'restart';

/** Counts the presses during one entry. Ctrl-C never leaves the shell. */
export class InterruptLadder {
  #firstAt: number | undefined;
  #warned = false;

  /** Called when another entry starts or none runs any more. */
  reset(): void {
    this.#firstAt = undefined;
    this.#warned = false;
  }

  press(running: boolean, nowMs: number): InterruptAnswer {
    if (!running) return 'hint';
    this.#firstAt ??= nowMs;
    if (nowMs - this.#firstAt < patienceMs) return 'stop';
    if (this.#warned) return 'restart';
    this.#warned = true;
    return 'warn';
  }
}

/** An exit status above this is that of a signal: this plus its number. */
export const signalStatus = 128;

const statusOf = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export type EndingSignal = keyof typeof statusOf;

/** The signals that end the shell in an orderly way. SIGINT is not among them: its meaning depends on what runs. */
export const endingSignals = ['SIGTERM', 'SIGHUP'] satisfies EndingSignal[];

/** The exit status of a process that a signal ended, as shells report it. */
export function exitStatus(signal: EndingSignal): number {
  return statusOf[signal];
}

/** A script process sends this to its parent to suspend the whole job. A script that reads single keys, as readline does, gets Ctrl-Z itself. */
export const suspendSignal = 'SIGUSR2';
