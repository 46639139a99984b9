// What an entry awaits, so that an interrupt can leave it: the work goes on, but nobody waits for it any more.
import { Interruption } from './breakable';

export class Waits {
  readonly #rejects = new Set<(reason: Interruption) => void>();

  /** Leaves all that is awaited now. A synchronous loop is broken by SIGINT itself. */
  interrupt(): void {
    for (const reject of this.#rejects) reject(new Interruption());
  }

  /** How the work ends; rejects with an Interruption when it is left. */
  async unlessInterrupted<T>(work: Promise<T>): Promise<T> {
    // What is left behind may still fail; nobody waits for it then.
    work.catch(() => {});
    let reject!: (reason: Interruption) => void;
    const interruption = new Promise<never>((_, fail) => {
      reject = fail;
    });
    this.#rejects.add(reject);
    try {
      return await Promise.race([work, interruption]);
    } finally {
      this.#rejects.delete(reject);
    }
  }
}
