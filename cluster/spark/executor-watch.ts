// Jobs that wait for executors of Spark: the user learns of it after a while, for Spark itself says so in its log alone.
import type { MillraceError } from '../../runtime/base/errors';
import type { Clock } from '../../runtime/base/time';
import type { DriverEvent } from './driver-events';
import { unmadeExecutor } from './task-failure';

const waitingMs = 15_000;

export class ExecutorWatch {
  readonly #clock: Clock;
  readonly #notice: (text: string) => void;
  readonly #ended: () => { readonly reason: string; readonly remedy: string } | undefined;
  #hadExecutors = false;
  /** Executors in a row that ended as they began, since a task last ended well. */
  #unmade = 0;
  readonly #hosts = new Map<string, string>();
  #cancel: (() => void) | undefined;

  /** `ended` tells of executors that ended before they joined. */
  constructor(
    clock: Clock,
    notice: (text: string) => void,
    ended: () => { readonly reason: string; readonly remedy: string } | undefined,
  ) {
    this.#clock = clock;
    this.#notice = notice;
    this.#ended = ended;
  }

  /** Whether any has joined so far. */
  get hadExecutors(): boolean {
    return this.#hadExecutors;
  }

  /** Called after whatever may have changed it: jobs that run, and executors that are there. */
  look(jobs: number, executors: number): void {
    this.#hadExecutors ||= executors > 0;
    const waits = jobs > 0 && executors === 0;
    if (waits === (this.#cancel !== undefined)) return;
    this.#cancel?.();
    this.#cancel = waits ? this.#clock.after(waitingMs, () => this.#notice(this.#textOf(jobs))) : undefined;
  }

  /** Once so many executors in a row could not be made: why, for the jobs that wait. Spark would go on starting them. */
  unmade(event: DriverEvent, most: number): MillraceError | undefined {
    if (event.kind === 'taskEnded' && event.failure === '') this.#unmade = 0;
    if (event.kind === 'executorAdded') this.#hosts.set(event.executorId, event.host);
    if (event.kind !== 'executorRemoved') return undefined;
    const host = this.#hosts.get(event.executorId) ?? 'a host';
    this.#hosts.delete(event.executorId);
    const error = unmadeExecutor(host, event.reason);
    if (error === undefined || ++this.#unmade < most) return undefined;
    this.#unmade = 0;
    return error;
  }

  #textOf(jobs: number): string {
    const ended = this.#hadExecutors ? undefined : this.#ended();
    return [
      `Nothing can run: ${jobs === 1 ? '1 job waits' : `${jobs} jobs wait`}, and Spark has had no executor for ${waitingMs / 1000} s.`,
      ended === undefined ? usual : `It says that ${ended.reason}. ${ended.remedy}`,
      'Jobs go on when an executor joins; Ctrl-C cancels them.',
    ].join(' ');
  }
}

const usual =
  'Its master must have the cores and the memory that an executor asks for (spark.executor.cores, spark.executor.memory), and executors must reach this machine by spark.driver.host. The page of the master has their logs.';
