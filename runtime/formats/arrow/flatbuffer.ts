// Tables of FlatBuffers, in which Arrow writes its schemas and the places of its buffers. Every offset is checked.

const outside = (): never => {
  throw new RangeError('its metadata is damaged');
};

/** Tables in tables: deeper ones are damage. */
const mostDepth = 100;

export class FlatTable {
  readonly #bytes: Buffer;
  readonly #at: number;
  readonly #depth: number;

  private constructor(bytes: Buffer, at: number, depth: number) {
    if (at < 0 || at + 4 > bytes.length || depth > mostDepth) outside();
    this.#bytes = bytes;
    this.#at = at;
    this.#depth = depth;
    const table = this.#table();
    if (table < 0 || table + 4 > bytes.length || table + bytes.readUInt16LE(table) > bytes.length) outside();
  }

  /** The table that a buffer begins with. Throws RangeError. */
  static root(bytes: Buffer): FlatTable {
    if (bytes.length < 8) outside();
    return new FlatTable(bytes, bytes.readUInt32LE(0), 0);
  }

  #table(): number {
    return this.#at - this.#bytes.readInt32LE(this.#at);
  }

  /** Where a field lies; 0 where it has its default. */
  #field(slot: number, width: number): number {
    const table = this.#table();
    const place = 4 + 2 * slot;
    if (place + 2 > this.#bytes.readUInt16LE(table)) return 0;
    const offset = this.#bytes.readUInt16LE(table + place);
    if (offset === 0) return 0;
    const at = this.#at + offset;
    return at + width <= this.#bytes.length ? at : outside();
  }

  byte(slot: number, otherwise = 0): number {
    const at = this.#field(slot, 1);
    return at === 0 ? otherwise : this.#bytes[at];
  }

  short(slot: number, otherwise = 0): number {
    const at = this.#field(slot, 2);
    return at === 0 ? otherwise : this.#bytes.readInt16LE(at);
  }

  int(slot: number, otherwise = 0): number {
    const at = this.#field(slot, 4);
    return at === 0 ? otherwise : this.#bytes.readInt32LE(at);
  }

  long(slot: number, otherwise = 0): number {
    const at = this.#field(slot, 8);
    return at === 0 ? otherwise : longAt(this.#bytes, at);
  }

  /** Where a table, a text or a vector lies that a field points to. */
  #target(slot: number): number | undefined {
    const at = this.#field(slot, 4);
    if (at === 0) return undefined;
    const target = at + this.#bytes.readUInt32LE(at);
    return target + 4 <= this.#bytes.length ? target : outside();
  }

  table(slot: number): FlatTable | undefined {
    const at = this.#target(slot);
    return at === undefined ? undefined : new FlatTable(this.#bytes, at, this.#depth + 1);
  }

  text(slot: number): string | undefined {
    const at = this.#target(slot);
    if (at === undefined) return undefined;
    const length = this.#bytes.readUInt32LE(at);
    return at + 4 + length <= this.#bytes.length ? this.#bytes.toString('utf8', at + 4, at + 4 + length) : outside();
  }

  /** The places of the elements of a vector, each of `width` bytes. */
  #elements(slot: number, width: number): number[] {
    const at = this.#target(slot);
    if (at === undefined) return [];
    const length = this.#bytes.readUInt32LE(at);
    if (at + 4 + length * width > this.#bytes.length) outside();
    return Array.from({ length }, (_, i) => at + 4 + i * width);
  }

  tables(slot: number): FlatTable[] {
    return this.#elements(slot, 4).map((at) => new FlatTable(this.#bytes, at + this.#bytes.readUInt32LE(at), this.#depth + 1));
  }

  ints(slot: number): number[] {
    return this.#elements(slot, 4).map((at) => this.#bytes.readInt32LE(at));
  }

  longs(slot: number): number[] {
    return this.#elements(slot, 8).map((at) => longAt(this.#bytes, at));
  }

  /** Structs of two numbers of 64 bits. */
  pairs(slot: number): (readonly [number, number])[] {
    return this.#elements(slot, 16).map((at) => [longAt(this.#bytes, at), longAt(this.#bytes, at + 8)] as const);
  }

  /** Blocks of a file's footer: where a message lies, and the bytes of its metadata and its body. */
  blocks(slot: number): Block[] {
    return this.#elements(slot, 24).map((at) => ({
      at: longAt(this.#bytes, at),
      metadata: this.#bytes.readInt32LE(at + 8),
      body: longAt(this.#bytes, at + 16),
    }));
  }
}

export interface Block {
  readonly at: number;
  readonly metadata: number;
  readonly body: number;
}

function longAt(bytes: Buffer, at: number): number {
  const value = Number(bytes.readBigInt64LE(at));
  return Number.isSafeInteger(value) ? value : outside();
}
