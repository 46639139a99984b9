// What Ctrl-C and signals mean: a ladder of answers for the key, and one exit status for each signal that ends the shell.

/** How long a running entry has to stop before the session may be given up for it. */
const patienceMs = 2_000;

export type InterruptAnswer =
  /** Nothing runs: say how to leave. */
  | 'hint'
  /** Stop what runs. */
  | 'stop'
  /** It was asked to stop and did not: say that once more ends the session. */
  | 'warn'
  /** End the session's process and start another. */
  | 'restart';

/** Counts the presses on one running entry. Ctrl-C never leaves the shell. */
export class InterruptLadder {
  #firstAt: number | undefined;
  #warned = false;

  /** A new entry runs, or none does. */
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

/** Exit statuses above this tell of a signal, by its number. */
export const signalStatus = 128;

const statusOf = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export type EndingSignal = keyof typeof statusOf;

/** Those that end the shell in order; what Ctrl-C means depends on what runs. */
export const endingSignals = ['SIGTERM', 'SIGHUP'] satisfies EndingSignal[];

/** The exit status of a process that a signal ended, as shells count it. */
export function exitStatus(signal: EndingSignal): number {
  return statusOf[signal];
}

/** With it the process of a script asks the one before it to suspend the job: a script that reads single keys, as readline does, gets Ctrl-Z itself. */
export const suspendSignal = 'SIGUSR2';
