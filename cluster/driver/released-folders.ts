// The folders of what a session released: executors remove them when told, and this what those leave that end before, or write after it.
import { rm } from 'node:fs/promises';

/** What was released longer ago than this many others is removed by all executors that could write it. */
const remembered = 1_000;

export class ReleasedFolders {
  readonly #folders = new Set<string>();

  /** `isTold`: an executor lives, which is told to remove it. */
  add(folder: string, isTold: boolean): void {
    this.#folders.add(folder);
    if (this.#folders.size > remembered) this.#folders.delete(this.#folders.values().next().value!);
    if (!isTold) void remove(folder);
  }

  /** An executor has ended: it may not have heard of a release, or have written for a task whose job was over. */
  executorEnded(): void {
    for (const folder of this.#folders) void remove(folder);
  }
}

/** Never holds up the session; what cannot be removed now goes with the session's folder. */
const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true }).catch(() => {});
