// Work that is done once before the first job that needs it, such as sampling the bounds of a sort; again after it failed.
import { forEveryone } from './flow';

export class Preparation {
  /** Given up once it is done, with the datasets that it refers to. */
  #work: (() => Promise<void>) | undefined;
  #done: Promise<void> | undefined;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  run(): Promise<void> {
    this.#done ??= this.#run(this.#work!);
    return this.#done;
  }

  async #run(work: () => Promise<void>): Promise<void> {
    try {
      await forEveryone(work);
      this.#work = undefined;
    } catch (error) {
      this.#done = undefined;
      throw error;
    }
  }
}
