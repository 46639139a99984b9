// What keeps the process of a script alive: as in Node, whatever the script has begun, and nothing of ours.
import type { CompiledCell } from '../contract/type-service';

const longestMs = 2 ** 31 - 1;
/** How long the process goes on while only jobs, streams or background entries are left to wait for. */
const activeMs = 50;
/** How long a statement may await while nothing is left that could end the wait. */
const stuckMs = 1_000;

export interface LifeEvents {
  /** Whether jobs, streams or background entries run: they hold nothing of Node's. */
  isActive(): boolean;
  /** A statement awaits what can never come. */
  stuck(cell: CompiledCell | undefined): void;
}

export class ScriptLife {
  readonly #events: LifeEvents;
  /** Holds the process during our own work: checking a script, printing a value. */
  readonly #hold = setInterval(() => {}, longestMs);
  /** What is awaited now; another object each time. */
  #awaited: { readonly cell: CompiledCell | undefined } | undefined;
  /** What was awaited when nothing was left to do, and when that was. */
  #suspect: { readonly awaited: object; readonly at: number } | undefined;
  #drained: (() => void) | undefined;
  /** What Node lists of resources that keep no process alive, such as pipes for output. */
  #left = 0;
  readonly #onIdle = () => this.#idle();

  constructor(events: LifeEvents) {
    this.#events = events;
    process.on('beforeExit', () => {
      this.#left = process.getActiveResourcesInfo().length;
    });
    process.on('beforeExit', this.#onIdle);
    // Ours stays the last: what the script does there comes first.
    process.on('newListener', (event, listener) => {
      if (event === 'beforeExit' && listener !== this.#onIdle) process.nextTick(() => this.#comeLast());
    });
  }

  /** Does work of the script: the process lives on only while the script or its jobs can. */
  async ofScript<T>(cell: CompiledCell | undefined, work: () => Promise<T>): Promise<T> {
    this.#awaited = { cell };
    this.#hold.unref();
    try {
      return await work();
    } finally {
      this.#hold.ref();
      this.#awaited = undefined;
    }
  }

  /** Resolves once nothing is left to do: no timer, no server, no open input, no job. */
  async drained(): Promise<void> {
    const drained = new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
    this.#hold.unref();
    await drained;
    this.#hold.ref();
  }

  /** Whether the script has run, and what it has begun has not ended. */
  get isDraining(): boolean {
    return this.#drained !== undefined;
  }

  /** Nothing but our own wait was between two idle moments: after more, the statement has gone on. */
  #isStuck(awaited: object): boolean {
    return this.#suspect?.awaited === awaited && performance.now() - this.#suspect.at < 2 * stuckMs;
  }

  #comeLast(): void {
    process.off('beforeExit', this.#onIdle);
    process.on('beforeExit', this.#onIdle);
  }

  #idle(): void {
    // A handler of the script has begun something.
    if (process.getActiveResourcesInfo().length > this.#left) return;
    if (this.#events.isActive()) setTimeout(() => {}, activeMs);
    else if (this.#drained) this.#drained();
    else if (this.#awaited && this.#isStuck(this.#awaited)) this.#events.stuck(this.#awaited.cell);
    else {
      this.#suspect = this.#awaited && { awaited: this.#awaited, at: performance.now() };
      setTimeout(() => {}, stuckMs);
    }
  }
}
