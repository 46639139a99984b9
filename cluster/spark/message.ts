// Binary messages between session, Spark and workers: whole numbers, texts and bytes in a fixed order, in the byte order of Java.

/** Puts a message together. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];

  byte(value: number): this {
    this.#parts.push(Uint8Array.of(value));
    return this;
  }

  flag(value: boolean): this {
    return this.byte(value ? 1 : 0);
  }

  int(value: number): this {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeInt32BE(value);
    this.#parts.push(bytes);
    return this;
  }

  double(value: number): this {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleBE(value);
    this.#parts.push(bytes);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.int(value.length);
    this.#parts.push(value);
    return this;
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value));
  }

  texts(values: readonly string[]): this {
    this.int(values.length);
    for (const value of values) this.text(value);
    return this;
  }

  ints(values: readonly number[]): this {
    const bytes = Buffer.allocUnsafe(4 * values.length);
    values.forEach((value, i) => {
      bytes.writeInt32BE(value, 4 * i);
    });
    this.int(values.length);
    this.#parts.push(bytes);
    return this;
  }

  end(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Reads what a message has, in its order. A message that ends too early throws a RangeError. */
export class MessageReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, from = 0) {
    this.#bytes = bytes;
    this.#at = from;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#at++);
  }

  flag(): boolean {
    return this.byte() === 1;
  }

  int(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  double(): number {
    this.#at += 8;
    return this.#bytes.readDoubleBE(this.#at - 8);
  }

  bytes(): Buffer {
    const length = this.int();
    if (length < 0 || this.#at + length > this.#bytes.length) throw new RangeError('The message ends too early.');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(): string {
    return this.bytes().toString();
  }

  texts(): string[] {
    return Array.from({ length: this.int() }, () => this.text());
  }

  ints(): number[] {
    return Array.from({ length: this.int() }, () => this.int());
  }

  /** All that is left. */
  rest(): Buffer {
    return this.#bytes.subarray(this.#at);
  }
}
