// Work that is done once before the first job that needs it, such as sampling the bounds of a sort; again after it failed.
import { forEveryone } from '../flow';

export class Preparation {
  readonly #work: () => Promise<void>;
  #done: Promise<void> | undefined;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  run(): Promise<void> {
    this.#done ??= forEveryone(this.#work).catch((error) => {
      this.#done = undefined;
      throw error;
    });
    return this.#done;
  }
}
