// What the bytes of a leaf column are as values of JavaScript, and the type of such a column.
import type { ColumnType, TimeUnit } from '../../schema/schema';
import type { Zone } from '../../schema/time-zone';
import { decimalText, exactInstant, halfOf, instantOf, safe, signedOf, timeOfDay, uuidText } from '../plain-values';
import { dateText } from '../time-text';
import type { Node } from './footer';
import type { Struct } from './thrift';

/** Physical types. */
export const physical = { boolean: 0, int32: 1, int64: 2, int96: 3, float: 4, double: 5, bytes: 6, fixed: 7 } as const;

const converted = {
  utf8: 0,
  enum: 4,
  decimal: 5,
  date: 6,
  timeMs: 7,
  timeUs: 8,
  timestampMs: 9,
  timestampUs: 10,
  uint32: 13,
  uint64: 14,
  json: 19,
} as const;

/** What numbers of 8 and 16 bits can be, by their annotation. */
const narrowBits: Readonly<Record<number, readonly [number, number]>> = {
  11: [0, 255],
  12: [0, 65_535],
  15: [-128, 127],
  16: [-32_768, 32_767],
};

/** Annotations of whole numbers of up to 32 bits, and of 64. */
const ofInt32: ReadonlySet<number> = new Set([11, 12, converted.uint32, 15, 16, 17]);
const ofInt64: ReadonlySet<number> = new Set([converted.uint64, 18]);

/** What a leaf is by its annotation. */
export interface Kind {
  readonly type: ColumnType;
  readonly unit?: TimeUnit;
  readonly unsigned?: boolean;
  /** The least and the greatest number that its annotation allows. */
  readonly narrow?: readonly [least: number, greatest: number];
  readonly isHalf?: boolean;
  readonly isUuid?: boolean;
}

const unitOf = (logical: Struct | undefined): TimeUnit => {
  const unit = logical?.get(2) as Struct | undefined;
  return unit?.has(1) ? 'ms' : unit?.has(3) ? 'ns' : 'us';
};

/** Throws RangeError for annotations that contradict the physical type. */
export function kindOf(node: Node): Kind {
  const logical = node.logical;
  const of = (id: number) => logical?.get(id) as Struct | undefined;
  const is = (code: number) => node.converted === code;
  if (of(1) || of(4) || of(12) || is(converted.utf8) || is(converted.enum) || is(converted.json)) {
    if (node.physical === physical.bytes || node.physical === physical.fixed) return { type: { kind: 'text' } };
  }
  if (of(14)) return { type: { kind: 'text' }, isUuid: true };
  if (of(15)) return { type: { kind: 'double' }, isHalf: true };
  if (of(5) || is(converted.decimal)) {
    const precision = node.precision || ((of(5)?.get(2) as number) ?? 0);
    const scale = node.scale || ((of(5)?.get(1) as number) ?? 0);
    if (scale < 0 || scale > precision || precision > 1000)
      throw new RangeError(`the decimal column ${node.name} has a scale of ${scale}`);
    return { type: { kind: 'decimal', precision, scale } };
  }
  if (of(6) || is(converted.date)) return need(node, physical.int32, { type: { kind: 'date' } });
  if (of(7) || is(converted.timeMs) || is(converted.timeUs)) {
    const unit = of(7) ? unitOf(of(7)) : is(converted.timeMs) ? 'ms' : 'us';
    return need(node, unit === 'ms' ? physical.int32 : physical.int64, { type: { kind: 'time', unit }, unit });
  }
  if (of(8) || is(converted.timestampMs) || is(converted.timestampUs)) {
    const unit = of(8) ? unitOf(of(8)) : is(converted.timestampMs) ? 'ms' : 'us';
    const zone = of(8) ? of(8)!.get(1) === true : true;
    return need(node, physical.int64, { type: { kind: 'timestamp', zone, unit }, unit });
  }
  if (ofInt32.has(node.converted ?? -1)) need(node, physical.int32, { type: { kind: 'int' } });
  if (ofInt64.has(node.converted ?? -1)) need(node, physical.int64, { type: { kind: 'int' } });
  const narrow = narrowBits[node.converted ?? -1];
  const unsigned = (of(10) && of(10)!.get(2) === false) || is(converted.uint32) || is(converted.uint64);
  switch (node.physical) {
    case physical.boolean:
      return { type: { kind: 'boolean' } };
    case physical.int32:
    case physical.int64:
      return { type: of(11) ? { kind: 'unknown' } : { kind: 'int' }, unsigned, narrow };
    case physical.int96:
      return { type: { kind: 'timestamp', zone: true, unit: 'ns' }, unit: 'ns' };
    case physical.float:
    case physical.double:
      return { type: { kind: 'double' } };
    default:
      return { type: { kind: 'bytes' } };
  }
}

function need(node: Node, type: number, kind: Kind): Kind {
  if (node.physical !== type) throw new RangeError(`the column ${node.name} is annotated as what it cannot be`);
  return kind;
}

/** A function that makes a value of one raw value. `type` is that of the table's schema, which may have given the column another one. */
export function converterOf(node: Node, type: ColumnType, zone: Zone): (raw: number | bigint | boolean | Buffer) => unknown {
  const kind = kindOf(node);
  const own = kind.type;
  if (own.kind === 'decimal') {
    const { scale } = own;
    const exact = (raw: unknown) => decimalText(Buffer.isBuffer(raw) ? signedOf(raw) : BigInt(raw as number), scale);
    return type.kind === 'double' ? (raw) => Number(exact(raw)) : exact;
  }
  if (own.kind === 'text') {
    if (kind.isUuid) return (raw) => uuidText(raw as Buffer);
    return (raw) => (raw as Buffer).toString('utf8');
  }
  if (kind.isHalf) return (raw) => halfOf((raw as Buffer).readUInt16LE(0));
  if (own.kind === 'date') return (raw) => dateText(raw as number);
  if (own.kind === 'time') return (raw) => timeOfDay(BigInt(raw as number), own.unit);
  if (own.kind === 'timestamp') {
    if (type.kind === 'text') {
      const isOld = node.physical === physical.int96;
      return (raw) => exactInstant(isOld ? int96(raw as Buffer) : (raw as bigint), own.unit, own.zone);
    }
    if (node.physical === physical.int96) return (raw) => instantOf(int96(raw as Buffer), 'ns');
    const { unit, zone: hasZone } = own;
    return hasZone ? (raw) => instantOf(raw as bigint, unit) : (raw) => zone.date(instantOf(raw as bigint, unit));
  }
  if (own.kind === 'bytes')
    return type.kind === 'text' ? (raw) => (raw as Buffer).toString('utf8') : (raw) => new Uint8Array(raw as Buffer);
  if (node.physical === physical.int64) {
    const wide = kind.unsigned ? (raw: unknown) => BigInt.asUintN(64, raw as bigint) : (raw: unknown) => raw as bigint;
    return type.kind === 'bigint' ? wide : type.kind === 'text' ? (raw) => String(wide(raw)) : (raw) => safe(wide(raw));
  }
  if (node.physical === physical.int32) {
    const narrow = narrowOf(kind, node);
    return type.kind === 'bigint' ? (raw) => BigInt(narrow(raw)) : type.kind === 'text' ? (raw) => String(narrow(raw)) : narrow;
  }
  return (raw) => raw;
}

const dayMs = 86_400_000;

/** Nanoseconds of a day and the Julian day, as old writers put instants. */
function int96(bytes: Buffer): bigint {
  const days = BigInt(bytes.readInt32LE(8) - 2_440_588);
  return days * BigInt(dayMs) * 1_000_000n + bytes.readBigInt64LE(0);
}

/** A whole number of at most 32 bits. Throws RangeError for what its annotation does not allow. */
function narrowOf({ unsigned, narrow }: Kind, { name }: Node): (raw: unknown) => number {
  if (!narrow) return unsigned ? (raw) => (raw as number) >>> 0 : (raw) => raw as number;
  const [least, greatest] = narrow;
  return (raw) => {
    const n = raw as number;
    if (n < least || n > greatest) throw new RangeError(`the column ${name} has ${n}, which its type does not allow`);
    return n;
  };
}
