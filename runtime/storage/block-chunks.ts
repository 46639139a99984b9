// Gathers the chunks of a cached block as they come.
import { cacheChunk } from '../base/limits';

/** Gathers the chunks of a block, small ones joined, so that a block is few arrays. */
export class BlockChunks {
  readonly #whole: unknown[][] = [];
  #small: unknown[][] = [];
  #smallLength = 0;

  add(chunk: readonly unknown[]): void {
    this.#small.push(chunk as unknown[]);
    this.#smallLength += chunk.length;
    if (this.#smallLength >= cacheChunk) this.#join();
  }

  #join(): void {
    // The built-in method keeps arrays of numbers as such; a loop that also sees objects would not.
    if (this.#smallLength > 0) this.#whole.push(([] as unknown[]).concat(...this.#small));
    this.#small = [];
    this.#smallLength = 0;
  }

  end(): unknown[][] {
    this.#join();
    return this.#whole;
  }
}
