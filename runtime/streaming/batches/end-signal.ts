// The end of a streaming context as a signal: that it begins, what is cleaned up at last, and who waits for it.
import type { Attempt } from '../graph/display';

export class Ending {
  /** Resolves when everything has ended. */
  readonly reached: Promise<void>;
  readonly #begun = new AbortController();
  readonly #cleanups: (() => void)[] = [];
  #reach = () => {};

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
  }

  /** Aborts when the end begins. */
  get signal(): AbortSignal {
    return this.#begun.signal;
  }

  begin(): void {
    this.#begun.abort();
  }

  /** Calls `cleanUp` at the end. */
  onEnd(cleanUp: () => void): void {
    this.#cleanups.push(cleanUp);
  }

  /** Everything has ended but the clean-ups; one that fails is passed to `attempt` and does not keep the others from theirs. */
  async reach(attempt: Attempt): Promise<void> {
    for (const cleanUp of this.#cleanups) await attempt('the end of the streams', cleanUp);
    this.#reach();
  }
}
