// Saves again and again what changes: one save at a time, and one more for all that changed meanwhile.
export class Saver {
  readonly #write: () => Promise<void>;
  #running: Promise<void> | undefined;
  #isDue = false;

  /** `write` takes what is to be saved at once, when it is called, and never rejects. */
  constructor(write: () => Promise<void>) {
    this.#write = write;
  }

  /** Has what is there now saved; resolves when it is. */
  save(): Promise<void> {
    this.#isDue = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    // All that changes in this turn is saved at once.
    await Promise.resolve();
    while (this.#isDue) {
      this.#isDue = false;
      await this.#write();
    }
  }

  /** Resolves when all is saved. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }
}
