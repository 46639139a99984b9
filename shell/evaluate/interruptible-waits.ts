// The pending awaits of an entry: an interrupt ends the waiting, while the awaited work goes on unheard.
import { Interruption } from './breakable';

export class Waits {
  readonly #rejects = new Set<(reason: Interruption) => void>();

  /** Ends all pending awaits. SIGINT itself breaks a synchronous loop. */
  interrupt(): void {
    for (const reject of this.#rejects) reject(new Interruption());
  }

  /** Settles as the work does, or rejects with an Interruption. */
  async unlessInterrupted<T>(work: Promise<T>): Promise<T> {
    // After an interrupt the work may still fail, and nobody awaits it.
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
