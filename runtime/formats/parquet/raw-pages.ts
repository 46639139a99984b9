// The pages of one column of one row group as bytes: unpacked, with the places of their levels and of their values.
import { unpack } from '../codecs';
import type { Chunk, Node } from './footer';
import { readOldBits, readRuns } from './levels';
import { type Struct, ThriftReader } from './thrift';

/** Where the levels of a page are written. */
export interface Levels {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  /** In the old way, without runs. */
  readonly isOld: boolean;
}

/** A page of values, which begin at `at`. */
export interface RawPage {
  /** Entries: values, nulls and ends of empty lists. */
  readonly count: number;
  readonly repetitions: Levels | undefined;
  readonly definitions: Levels | undefined;
  readonly bytes: Buffer;
  readonly at: number;
  readonly encoding: unknown;
}

export const damaged = (reason = 'a page is damaged'): never => {
  throw new RangeError(reason);
};

/** A page that is larger is damage: writers make pages of a megabyte. */
const mostPageBytes = 1 << 30;
export const mostPageValues = 1 << 28;

/** Reads all levels of a page, which are at most `most`. Throws RangeError. */
export function readLevels(levels: Levels, most: number, count: number): Int32Array {
  const width = 32 - Math.clz32(most);
  const { bytes, from, to, isOld } = levels;
  const read = isOld ? readOldBits(bytes, from, width, count) : readRuns(bytes, from, to, width, count);
  for (let i = 0; i < count; i++) if (read[i] > most || read[i] < 0) damaged('a level is too high');
  return read;
}

export class RawPages {
  readonly #node: Node;
  readonly #chunk: Chunk;
  readonly #bytes: Buffer;
  readonly #takeDictionary: (bytes: Buffer, count: number) => void;
  #at = 0;
  #seen = 0;

  /** `bytes`: those of the chunk. `takeDictionary` gets the values of a dictionary, as they lie one behind the other. */
  constructor(node: Node, chunk: Chunk, bytes: Buffer, takeDictionary: (bytes: Buffer, count: number) => void) {
    this.#node = node;
    this.#chunk = chunk;
    this.#bytes = bytes;
    this.#takeDictionary = takeDictionary;
  }

  /** The next page of values; undefined at the end. */
  next(): RawPage | undefined {
    while (this.#seen < this.#chunk.values) {
      if (this.#at >= this.#bytes.length) damaged('its pages end too early');
      const reader = new ThriftReader(this.#bytes, this.#at);
      const header = reader.struct();
      const number = (id: number) => (typeof header.get(id) === 'number' ? (header.get(id) as number) : damaged());
      const [type, size, packedSize] = [number(1), number(2), number(3)];
      const from = reader.at;
      if (size < 0 || packedSize < 0 || size > mostPageBytes || from + packedSize > this.#bytes.length)
        damaged('a page is longer than its column');
      const body = this.#bytes.subarray(from, from + packedSize);
      this.#at = from + packedSize;
      if (type === 2) this.#dictionary(header.get(7) as Struct | undefined, body, size);
      else if (type === 0 || type === 3) {
        const page =
          type === 0 ? this.#first(header.get(5) as Struct, body, size) : this.#second(header.get(8) as Struct, body, size);
        this.#seen += page.count;
        if (this.#seen > this.#chunk.values) damaged('its pages have more values than its column');
        return page;
      }
    }
    return undefined;
  }

  #dictionary(header: Struct | undefined, packed: Buffer, size: number): void {
    const count = header?.get(1);
    if (typeof count !== 'number' || count < 0 || count > mostPageValues) return damaged();
    this.#takeDictionary(unpack(this.#chunk.codec, packed, size), count);
  }

  #first(header: Struct | undefined, packed: Buffer, size: number): RawPage {
    if (!header) return damaged();
    const bytes = unpack(this.#chunk.codec, packed, size);
    const count = this.#countOf(header.get(1));
    const { maxDefinition, maxRepetition } = this.#node;
    let at = 0;
    const levels = (most: number, encoding: unknown): Levels | undefined => {
      if (most === 0) return undefined;
      const from = at;
      if (encoding === 4) {
        at += (count * (32 - Math.clz32(most)) + 7) >> 3;
        return { bytes, from, to: at, isOld: true };
      }
      if (at + 4 > bytes.length) damaged();
      const length = bytes.readUInt32LE(at);
      if (at + 4 + length > bytes.length) damaged();
      at += 4 + length;
      return { bytes, from: from + 4, to: at, isOld: false };
    };
    const repetitions = levels(maxRepetition, header.get(4));
    const definitions = levels(maxDefinition, header.get(3));
    return { count, repetitions, definitions, bytes, at, encoding: header.get(2) };
  }

  #second(header: Struct | undefined, packed: Buffer, size: number): RawPage {
    if (!header) return damaged();
    const count = this.#countOf(header.get(1));
    const [definitionBytes, repetitionBytes] = [header.get(5), header.get(6)].map((value) =>
      typeof value === 'number' ? value : 0,
    );
    const before = definitionBytes + repetitionBytes;
    if (definitionBytes < 0 || repetitionBytes < 0 || before > packed.length || before > size) damaged();
    const { maxDefinition, maxRepetition } = this.#node;
    const levels = (most: number, from: number, to: number): Levels | undefined =>
      most === 0 ? undefined : { bytes: packed, from, to, isOld: false };
    const repetitions = levels(maxRepetition, 0, repetitionBytes);
    const definitions = levels(maxDefinition, repetitionBytes, before);
    const rest = packed.subarray(before);
    const bytes = header.get(7) === false ? rest : unpack(this.#chunk.codec, rest, size - before);
    return { count, repetitions, definitions, bytes, at: 0, encoding: header.get(4) };
  }

  #countOf(count: unknown): number {
    return typeof count === 'number' && count >= 0 && count <= mostPageValues ? count : damaged();
  }
}
