// Thrift's compact encoding, as the footers and page headers of Parquet have it: structs as lists of fields by number.

/** A struct: its fields by number. */
export type Struct = ReadonlyMap<number, Value>;
export type Value = boolean | number | bigint | Buffer | readonly Value[] | Struct;

/** Structs in structs: deeper ones are damage. */
const mostDepth = 64;

export class ThriftReader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Throws RangeError where the bytes end too early, or are none of this encoding. */
  struct(depth = 0): Struct {
    if (depth > mostDepth) throw new RangeError('its footer is nested too deep');
    const fields = new Map<number, Value>();
    let id = 0;
    for (;;) {
      const head = this.#byte();
      const type = head & 15;
      if (type === 0) return fields;
      id = head >> 4 === 0 ? this.#zigzag() : id + (head >> 4);
      fields.set(id, type === 1 ? true : type === 2 ? false : this.#value(type, depth));
    }
  }

  #value(type: number, depth: number): Value {
    switch (type) {
      case 1:
      case 2:
        return this.#byte() === 1;
      case 3:
        return (this.#byte() << 24) >> 24;
      case 4:
      case 5:
        return this.#zigzag();
      case 6: {
        const n = this.#varint();
        const value = (n >> 1n) ^ -(n & 1n);
        return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
      }
      case 7: {
        const at = this.#skip(8);
        return this.#bytes.readDoubleLE(at);
      }
      case 8: {
        const length = Number(this.#varint());
        const at = this.#skip(length);
        return this.#bytes.subarray(at, at + length);
      }
      case 9:
      case 10:
        return this.#list(depth);
      case 12:
        return this.struct(depth + 1);
      default:
        throw new RangeError('its footer is damaged');
    }
  }

  #list(depth: number): Value[] {
    const head = this.#byte();
    const length = head >> 4 === 15 ? Number(this.#varint()) : head >> 4;
    // Each element takes a byte at least.
    if (length > this.#bytes.length - this.at) throw new RangeError('its footer ends too early');
    const type = head & 15;
    if (depth > mostDepth) throw new RangeError('its footer is nested too deep');
    return Array.from({ length }, () => this.#value(type, depth + 1));
  }

  #byte(): number {
    return this.#bytes[this.#skip(1)];
  }

  #skip(bytes: number): number {
    const { at } = this;
    if (!(bytes >= 0) || at + bytes > this.#bytes.length) throw new RangeError('its footer ends too early');
    this.at += bytes;
    return at;
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new RangeError('its footer is damaged');
  }

  #zigzag(): number {
    const n = this.#varint();
    return Number((n >> 1n) ^ -(n & 1n));
  }
}
