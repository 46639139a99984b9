// Gathers the chunks of a cached block as they come; texts among them as bytes, rows of one shape as columns.
import { cacheChunk } from '../base/limits';
import { StoredLines, storedLines } from '../columns/stored-lines';
import { StoredRows, storedRows } from '../columns/stored-rows';
import { sizeOfArray } from './size-of';

/** Some rows of a block: values as they came, texts as bytes, or rows as columns. */
export type StoredPart = readonly unknown[] | StoredLines | StoredRows;

/** The rows themselves, some at a time. */
export function rowsOfPart(part: StoredPart): Iterable<readonly unknown[]> {
  if (part instanceof StoredRows) return part.rows();
  return [part instanceof StoredLines ? part.rows() : part];
}

/** Those of several parts. */
export function* rowsOfParts(parts: Iterable<StoredPart>): Generator<unknown[]> {
  for (const part of parts) yield* rowsOfPart(part) as Iterable<unknown[]>;
}

/** An object of a buffer, and what V8 keeps of it. */
const linesBytes = 200;

/** Gathers the chunks of a block, small ones joined, so that a block is few parts. */
export class BlockChunks {
  readonly #whole: StoredPart[] = [];
  #wholeBytes = 0;
  #small: (readonly unknown[])[] = [];
  #smallLength = 0;
  #smallBytes = 0;

  /** An estimate of what they take in memory. */
  get bytes(): number {
    return this.#wholeBytes + this.#smallBytes;
  }

  add(chunk: readonly unknown[]): void {
    this.#small.push(chunk);
    this.#smallLength += chunk.length;
    this.#smallBytes += sizeOfArray(chunk);
    // Lines of a file come with their bytes, which are not made again.
    if (this.#smallLength >= cacheChunk || (this.#small.length === 1 && storedLines(chunk))) this.#join();
  }

  #join(): void {
    if (this.#smallLength > 0) {
      // The built-in method keeps arrays of numbers as such; a loop that also sees objects would not.
      const joined = this.#small.length === 1 ? this.#small[0] : ([] as unknown[]).concat(...(this.#small as unknown[][]));
      const lines = storedLines(joined);
      const stored = lines ? undefined : storedRows(joined);
      this.#whole.push(lines ?? stored ?? joined);
      this.#wholeBytes += lines ? lines.bytes.length + linesBytes : (stored?.bytes ?? this.#smallBytes);
    }
    this.#small = [];
    this.#smallLength = 0;
    this.#smallBytes = 0;
  }

  end(): readonly StoredPart[] {
    this.#join();
    return this.#whole;
  }
}
