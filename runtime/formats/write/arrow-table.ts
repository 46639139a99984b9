// Writes rows as an Arrow file or stream, a record batch at a time.
import type { TableTarget, WrittenColumn } from '../../plan/table-spec';
import type { ColumnType } from '../../schema/schema';
import { type BatchBlock, batchMessage, decimalBits, entriesType, footerBytes, magic, schemaMessage } from './arrow-message';
import { ColumnRows } from './column-rows';
import type { TableWriter, WriteBytes } from './table-writer';

/** Nothing more comes. */
const endMark = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

type Values = readonly unknown[];

/** The buffers of one record batch, each at a place of whole 8 bytes. */
class Body {
  readonly nodes: (readonly [number, number])[] = [];
  readonly places: (readonly [number, number])[] = [];
  readonly parts: Buffer[] = [];
  bytes = 0;

  /** The values of one field, with those below it. */
  field(type: ColumnType, values: Values): void {
    const { length } = values;
    let nulls = 0;
    for (const value of values) if (value === null) nulls++;
    this.nodes.push([length, nulls]);
    // A field without a type has no buffers.
    if (type.kind === 'unknown') return;
    this.#add(nulls === 0 ? Buffer.alloc(0) : bitmap(values, (value) => value !== null));
    this.#values(type, values);
  }

  #add(buffer: Buffer): void {
    this.places.push([this.bytes, buffer.length]);
    this.parts.push(buffer);
    this.bytes += buffer.length;
    const pad = -buffer.length & 7;
    if (pad > 0) this.parts.push(Buffer.alloc(pad));
    this.bytes += pad;
  }

  #values(type: ColumnType, values: Values): void {
    switch (type.kind) {
      case 'boolean':
        return this.#add(bitmap(values, (value) => value === true));
      case 'int':
      case 'bigint':
      case 'timestamp':
        return this.#add(longs(values, 1n));
      case 'time':
        return this.#add(longs(values, type.unit === 'ms' ? 1000n : type.unit === 's' ? 1_000_000n : 1n));
      case 'double':
        return this.#add(fixed(values, 8, (to, at, value: number) => to.writeDoubleLE(value, at)));
      case 'date':
        return this.#add(fixed(values, 4, (to, at, value: number) => to.writeInt32LE(value, at)));
      case 'decimal': {
        const width = decimalBits(type.precision) / 8;
        return this.#add(fixed(values, width, (to, at, value: bigint) => writeWide(to, at, value, width / 8)));
      }
      case 'text':
      case 'bytes':
        return this.#bytes(values);
      case 'list':
        return this.#list(values as readonly (Values | null)[], type.of.type);
      case 'map':
        return this.#list(values as readonly (Values | null)[], entriesType(type));
      case 'struct':
        for (const [i, { type: own }] of type.fields.entries())
          this.field(
            own,
            values.map((value) => (value === null ? null : (value as Values)[i])),
          );
    }
  }

  #bytes(values: Values): void {
    const parts = values.map((value) => {
      if (value === null) return Buffer.alloc(0);
      return typeof value === 'string' ? Buffer.from(value) : Buffer.from(value as Uint8Array);
    });
    this.#add(offsetsOf(parts));
    this.#add(Buffer.concat(parts));
  }

  #list(values: readonly (Values | null)[], of: ColumnType): void {
    this.#add(offsetsOf(values.map((value) => value ?? [])));
    this.field(of, values.flatMap((value) => value ?? []) as Values);
  }
}

function bitmap(values: Values, isSet: (value: unknown) => boolean): Buffer {
  const bits = Buffer.alloc((values.length + 7) >> 3);
  for (let i = 0; i < values.length; i++) if (isSet(values[i])) bits[i >> 3] |= 1 << (i & 7);
  return bits;
}

function fixed<T>(values: Values, width: number, write: (to: Buffer, at: number, value: T) => void): Buffer {
  const to = Buffer.alloc(values.length * width);
  for (let i = 0; i < values.length; i++) if (values[i] !== null) write(to, i * width, values[i] as T);
  return to;
}

const longs = (values: Values, times: bigint): Buffer =>
  fixed(values, 8, (to, at, value: bigint) => to.writeBigInt64LE(value * times, at));

function writeWide(to: Buffer, at: number, value: bigint, words: number): void {
  for (let word = 0; word < words; word++) to.writeBigUInt64LE(BigInt.asUintN(64, value >> BigInt(64 * word)), at + 8 * word);
}

function offsetsOf(parts: readonly { readonly length: number }[]): Buffer {
  const to = Buffer.alloc((parts.length + 1) * 4);
  let sum = 0;
  for (let i = 0; i < parts.length; i++) {
    sum += parts[i].length;
    to.writeInt32LE(sum, (i + 1) * 4);
  }
  return to;
}

export class ArrowTable implements TableWriter {
  readonly #columns: readonly WrittenColumn[];
  readonly #rows: ColumnRows;
  readonly #write: WriteBytes;
  readonly #isStream: boolean;
  readonly #blocks: BatchBlock[] = [];
  #at = 0;

  constructor({ columns }: Pick<TableTarget, 'columns'>, write: WriteBytes, isStream = false) {
    this.#columns = columns;
    this.#rows = new ColumnRows(columns);
    this.#write = write;
    this.#isStream = isStream;
    if (!isStream) this.#out(Buffer.concat([magic, Buffer.alloc(2)]));
    this.#out(schemaMessage(columns));
  }

  #out(bytes: Buffer): void {
    this.#write(bytes);
    this.#at += bytes.length;
  }

  add(row: Readonly<Record<string, unknown>>): void {
    this.#rows.add(row);
    if (this.#rows.isFull) this.#batch();
  }

  #batch(): void {
    const { rows } = this.#rows;
    if (rows === 0) return;
    const body = new Body();
    for (const [c, values] of this.#rows.take().entries()) body.field(this.#columns[c].type, values);
    const message = batchMessage(rows, body.nodes, body.places, body.bytes);
    this.#blocks.push({ at: this.#at, metadata: message.length, body: body.bytes });
    this.#out(message);
    for (const part of body.parts) if (part.length > 0) this.#out(part);
  }

  end(): void {
    this.#batch();
    this.#out(endMark);
    if (!this.#isStream) this.#out(footerBytes(this.#columns, this.#blocks));
  }
}
