// Work that is done once before the first job that needs it, such as sampling the bounds of a sort; again after it failed.
import { MillraceError } from './errors';

export class Preparation {
  /** Given up once it is done, with the datasets that it refers to. */
  #work: (() => Promise<void>) | undefined;
  #done: Promise<void> | undefined;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** The one who began it may cancel it; others who wait for it begin it again then. */
  async run(): Promise<void> {
    if (!this.#done) {
      this.#done = this.#run(this.#work!);
      return this.#done;
    }
    try {
      await this.#done;
    } catch (error) {
      if (!(error instanceof MillraceError && error.code === 'JOB_CANCELLED')) throw error;
      await this.run();
    }
  }

  async #run(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#work = undefined;
    } catch (error) {
      this.#done = undefined;
      throw error;
    }
  }
}
