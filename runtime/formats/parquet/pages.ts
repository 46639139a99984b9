// The pages of one column of one row group: levels that say what is null or repeated, and values of JavaScript.
import type { Chunk, Node } from './footer';
import { RawPages, readLevels } from './raw-pages';
import { type Convert, ValueDecoder } from './value-decoder';

/** Values of one page. */
export interface Page {
  /** Entries: values, nulls and ends of empty lists. */
  readonly count: number;
  readonly definitions: Int32Array | undefined;
  readonly repetitions: Int32Array | undefined;
  /** A value for each entry that has one. */
  readonly values: readonly unknown[];
}

export class Pages {
  readonly #node: Node;
  readonly #pages: RawPages;
  readonly #decoder: ValueDecoder;
  #dictionary: readonly unknown[] | undefined;

  /** `bytes`: those of the chunk. */
  constructor(node: Node, chunk: Chunk, bytes: Buffer, convert: Convert) {
    this.#node = node;
    this.#decoder = new ValueDecoder(node, convert);
    this.#pages = new RawPages(node, chunk, bytes, (plain, count) => {
      this.#dictionary = this.#decoder.plain(plain, 0, count);
    });
  }

  /** The next page of values; undefined at the end. */
  next(): Page | undefined {
    const page = this.#pages.next();
    if (!page) return undefined;
    const { maxDefinition, maxRepetition } = this.#node;
    const { count, bytes, at, encoding } = page;
    const repetitions = page.repetitions && readLevels(page.repetitions, maxRepetition, count);
    const definitions = page.definitions && readLevels(page.definitions, maxDefinition, count);
    let present = count;
    if (definitions) {
      present = 0;
      for (let i = 0; i < count; i++) if (definitions[i] === maxDefinition) present++;
    }
    return { count, repetitions, definitions, values: this.#decoder.values(bytes, at, present, encoding, this.#dictionary) };
  }
}
