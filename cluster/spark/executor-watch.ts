// Jobs that wait for executors of Spark: the user learns of it after a while, for Spark itself says so in its log alone.
import type { Clock } from '../../runtime/base/time';

const waitingMs = 15_000;

export class ExecutorWatch {
  readonly #clock: Clock;
  readonly #notice: (text: string) => void;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, notice: (text: string) => void) {
    this.#clock = clock;
    this.#notice = notice;
  }

  /** Called after whatever may have changed it: jobs that run, and executors that are there. */
  look(jobs: number, executors: number): void {
    const waits = jobs > 0 && executors === 0;
    if (waits === (this.#cancel !== undefined)) return;
    this.#cancel?.();
    this.#cancel = waits ? this.#clock.after(waitingMs, () => this.#notice(textOf(jobs))) : undefined;
  }
}

const textOf = (jobs: number): string =>
  [
    `Nothing can run: ${jobs === 1 ? '1 job waits' : `${jobs} jobs wait`}, and Spark has had no executor for ${waitingMs / 1000} s.`,
    'Its master must have the cores and the memory that an executor asks for (spark.executor.cores, spark.executor.memory),',
    'and executors must reach this machine by spark.driver.host. The page of the master has their logs.',
    'Jobs go on when an executor joins; Ctrl-C cancels them.',
  ].join(' ');
