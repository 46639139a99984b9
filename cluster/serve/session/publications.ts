// The publications of one session whose files are being written, each by a job: cancelled with it, also before it begins and after it ended.
import type { Writing } from '../published-table';

export class SessionPublications {
  readonly #byJob = new Map<number, AbortController>();

  /** Publishes by a job of the session, which `write` begins. */
  async publish(job: number, write: Writing['write'], publish: (writing: Writing) => Promise<void>): Promise<void> {
    const controller = new AbortController();
    this.#byJob.set(job, controller);
    try {
      await publish({ write, signal: controller.signal });
    } finally {
      this.#byJob.delete(job);
    }
  }

  cancel(job: number, reason: string): void {
    this.#byJob.get(job)?.abort(reason);
  }

  cancelAll(reason: string): void {
    for (const controller of this.#byJob.values()) controller.abort(reason);
  }
}
