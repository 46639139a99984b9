// Saves changes: one save at a time, and one more for everything that changed meanwhile.
export class Saver {
  readonly #write: () => Promise<void>;
  #running: Promise<void> | undefined;
  #isDue = false;

  /** `write` takes its snapshot when it is called, and never rejects. */
  constructor(write: () => Promise<void>) {
    this.#write = write;
  }

  /** Saves the present state; resolves when it is written. */
  save(): Promise<void> {
    this.#isDue = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    // One save covers all changes of this turn.
    await Promise.resolve();
    while (this.#isDue) {
      this.#isDue = false;
      await this.#write();
    }
  }

  /** Resolves when everything is saved. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }
}
