// The messages of Arrow's files and streams: schemas, record batches and footers as flatbuffers.
import { Builder } from 'flatbuffers';
import type { WrittenColumn } from '../../plan/table-spec';
import type { ColumnType, TimeUnit } from '../../schema/schema';

/** Where a record batch lies in a file, for its footer. */
export interface BatchBlock {
  readonly at: number;
  readonly metadata: number;
  readonly body: number;
}

/** Version 5 of the metadata, of Arrow 1.0 on. */
const version = 4;
const headers = { schema: 1, batch: 3 } as const;

const typeIds: Readonly<Record<Exclude<ColumnType['kind'], 'union'>, number>> = {
  unknown: 1,
  int: 2,
  bigint: 2,
  double: 3,
  bytes: 4,
  text: 5,
  boolean: 6,
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  list: 12,
  struct: 13,
  map: 17,
};

const unitIds: Readonly<Record<TimeUnit, number>> = { s: 0, ms: 1, us: 2, ns: 3 };

/** Bits of a decimal. */
export const decimalBits = (precision: number): 128 | 256 => (precision > 38 ? 256 : 128);

/** Times of day are of 64 bits, which hold micro- and nanoseconds only. */
const dayUnit = (unit: TimeUnit): 'us' | 'ns' => (unit === 'ns' ? 'ns' : 'us');

function table(b: Builder, fields: number, fill: () => void): number {
  b.startObject(fields);
  fill();
  return b.endObject();
}

function offsets(b: Builder, all: readonly number[]): number {
  b.startVector(4, all.length, 4);
  for (const offset of [...all].reverse()) b.addOffset(offset);
  return b.endVector();
}

function typeTable(b: Builder, type: ColumnType): number {
  switch (type.kind) {
    case 'int':
    case 'bigint':
      return table(b, 2, () => {
        b.addFieldInt32(0, 64, 0);
        b.addFieldInt8(1, 1, 0);
      });
    case 'double':
      return table(b, 1, () => b.addFieldInt16(0, 2, 0));
    case 'decimal':
      return table(b, 3, () => {
        b.addFieldInt32(0, type.precision, 0);
        b.addFieldInt32(1, type.scale, 0);
        b.addFieldInt32(2, decimalBits(type.precision), 128);
      });
    case 'date':
      return table(b, 1, () => b.addFieldInt16(0, 0, 1));
    case 'time':
      return table(b, 2, () => {
        b.addFieldInt16(0, unitIds[dayUnit(type.unit)], 1);
        b.addFieldInt32(1, 64, 32);
      });
    case 'timestamp': {
      const zone = b.createString('UTC');
      return table(b, 2, () => {
        b.addFieldInt16(0, unitIds[type.unit], 0);
        b.addFieldOffset(1, zone, 0);
      });
    }
    case 'map':
      return table(b, 1, () => b.addFieldInt8(0, 0, 0));
    default:
      return table(b, 0, () => {});
  }
}

function field(b: Builder, { name, type, nullable, children: own = childrenOf(type) }: Child): number {
  const children = own.map((child) => field(b, child));
  return fieldTable(b, { name, nullable, id: typeIds[type.kind as keyof typeof typeIds] }, typeTable(b, type), children);
}

function fieldTable(
  b: Builder,
  { name, nullable, id }: { name: string; nullable: boolean; id: number },
  type: number,
  children: readonly number[],
): number {
  const [shown, below] = [b.createString(name), offsets(b, children)];
  return table(b, 7, () => {
    b.addFieldOffset(0, shown, 0);
    b.addFieldInt8(1, nullable ? 1 : 0, 0);
    b.addFieldInt8(2, id, 0);
    b.addFieldOffset(3, type, 0);
    b.addFieldOffset(5, below, 0);
  });
}

interface Child {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** What is below, where it is no plain struct. */
  readonly children?: readonly Child[];
}

/** What stands below a type: elements of lists, fields of structs, entries of maps. */
function childrenOf(type: ColumnType): readonly Child[] {
  if (type.kind === 'list') return [{ name: 'item', type: type.of.type, nullable: true }];
  if (type.kind === 'struct') return type.fields.map((one) => ({ name: one.name, type: one.type, nullable: true }));
  if (type.kind !== 'map') return [];
  const key = { name: 'key', type: type.key.type, nullable: false };
  const value = { name: 'value', type: type.value.type, nullable: true };
  return [{ name: 'entries', type: { kind: 'struct', fields: [key, value] }, nullable: false, children: [key, value] }];
}

function schemaTable(b: Builder, columns: readonly WrittenColumn[]): number {
  const fields = offsets(
    b,
    columns.map((column) => field(b, column)),
  );
  return table(b, 4, () => b.addFieldOffset(1, fields, 0));
}

/** A message with its length before it, of whole 8 bytes. */
function framed(b: Builder, header: number, kind: number, bodyBytes: number): Buffer {
  const root = table(b, 5, () => {
    b.addFieldInt16(0, version, 0);
    b.addFieldInt8(1, kind, 0);
    b.addFieldOffset(2, header, 0);
    b.addFieldInt64(3, BigInt(bodyBytes), 0n);
  });
  b.finish(root);
  const bytes = b.asUint8Array();
  const padded = (bytes.length + 7) & ~7;
  const message = Buffer.alloc(8 + padded);
  message.writeInt32LE(-1, 0);
  message.writeInt32LE(padded, 4);
  message.set(bytes, 8);
  return message;
}

export function schemaMessage(columns: readonly WrittenColumn[]): Buffer {
  const b = new Builder(1024);
  return framed(b, schemaTable(b, columns), headers.schema, 0);
}

/** Pairs of numbers of 64 bits. */
function pairs(b: Builder, all: readonly (readonly [number, number])[]): number {
  b.startVector(16, all.length, 8);
  for (const [first, second] of [...all].reverse()) {
    b.prep(8, 16);
    b.writeInt64(BigInt(second));
    b.writeInt64(BigInt(first));
  }
  return b.endVector();
}

/** `nodes` have lengths and numbers of nulls, `buffers` places and lengths. */
export function batchMessage(
  rows: number,
  nodes: readonly (readonly [number, number])[],
  buffers: readonly (readonly [number, number])[],
  bodyBytes: number,
): Buffer {
  const b = new Builder(1024);
  const [nodeVector, bufferVector] = [pairs(b, nodes), pairs(b, buffers)];
  const header = table(b, 5, () => {
    b.addFieldInt64(0, BigInt(rows), 0n);
    b.addFieldOffset(1, nodeVector, 0);
    b.addFieldOffset(2, bufferVector, 0);
  });
  return framed(b, header, headers.batch, bodyBytes);
}

/** The footer of a file, with its length and magic behind it. */
export function footerBytes(columns: readonly WrittenColumn[], blocks: readonly BatchBlock[]): Buffer {
  const b = new Builder(1024);
  const schema = schemaTable(b, columns);
  b.startVector(24, blocks.length, 8);
  for (const { at, metadata, body } of [...blocks].reverse()) {
    b.prep(8, 24);
    b.writeInt64(BigInt(body));
    b.pad(4);
    b.writeInt32(metadata);
    b.writeInt64(BigInt(at));
  }
  const batches = b.endVector();
  b.startVector(24, 0, 8);
  const dictionaries = b.endVector();
  const root = table(b, 5, () => {
    b.addFieldInt16(0, version, 0);
    b.addFieldOffset(1, schema, 0);
    b.addFieldOffset(2, dictionaries, 0);
    b.addFieldOffset(3, batches, 0);
  });
  b.finish(root);
  const bytes = b.asUint8Array();
  const end = Buffer.alloc(4);
  end.writeInt32LE(bytes.length);
  return Buffer.concat([bytes, end, magic]);
}

export const magic = Buffer.from('ARROW1');

/** The entries of a map as a struct. */
export const entriesType = (type: ColumnType & { kind: 'map' }): ColumnType => childrenOf(type)[0].type;
