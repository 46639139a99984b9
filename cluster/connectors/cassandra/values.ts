// Values of Cassandra's types as JavaScript has them, and back.
import type { Column, ColumnType } from '../../../runtime/index';
import type { Package, TypeInfo } from './client';

/** Numbers of types in the protocol. */
const codes = {
  custom: 0,
  bigint: 2,
  blob: 3,
  boolean: 4,
  counter: 5,
  decimal: 6,
  double: 7,
  float: 8,
  int: 9,
  text: 10,
  timestamp: 11,
  varchar: 13,
  varint: 14,
  date: 17,
  time: 18,
  smallint: 19,
  tinyint: 20,
  duration: 21,
  list: 32,
  map: 33,
  set: 34,
  udt: 48,
  tuple: 49,
} as const;

const bigs: readonly number[] = [codes.bigint, codes.counter, codes.varint];
interface Udt {
  readonly fields: readonly { readonly name: string; readonly type: TypeInfo }[];
}

const plain: Readonly<Record<number, ColumnType>> = {
  [codes.bigint]: { kind: 'bigint' },
  [codes.counter]: { kind: 'bigint' },
  [codes.varint]: { kind: 'bigint' },
  [codes.blob]: { kind: 'bytes' },
  [codes.boolean]: { kind: 'boolean' },
  [codes.double]: { kind: 'double' },
  [codes.float]: { kind: 'double' },
  [codes.int]: { kind: 'int' },
  [codes.smallint]: { kind: 'int' },
  [codes.tinyint]: { kind: 'int' },
  [codes.timestamp]: { kind: 'timestamp', zone: true, unit: 'ms' },
  [codes.date]: { kind: 'date' },
  [codes.time]: { kind: 'time', unit: 'ns' },
};

const ofValues = (type: unknown) => ({ type: typeOf(type as TypeInfo), nullable: true });

/** The type of a column; decimals have as many digits as they like, so they are texts, exact ones. */
export function typeOf({ code, info }: TypeInfo): ColumnType {
  if (code === codes.list || code === codes.set) return { kind: 'list', of: ofValues(info) };
  if (code === codes.tuple)
    return { kind: 'list', of: { type: { kind: 'union', of: (info as readonly TypeInfo[]).map(typeOf) }, nullable: true } };
  if (code === codes.map) {
    const [key, value] = info as readonly TypeInfo[];
    return { kind: 'map', key: { type: typeOf(key), nullable: false }, value: ofValues(value) };
  }
  if (code === codes.udt)
    return {
      kind: 'struct',
      fields: (info as Udt).fields.map(({ name, type }): Column => ({ name, type: typeOf(type), nullable: true })),
    };
  return plain[code] ?? { kind: 'text' };
}

/** Texts that are compared as such: ascii holds fewer, and uuids and addresses are texts here alone. */
export const isText = ({ code }: TypeInfo): boolean => code === codes.text || code === codes.varchar;

/** The greatest whole number of a type whose values are numbers; -1 of any other. */
export const greatestOf = ({ code }: TypeInfo): number =>
  code === codes.int ? 2 ** 31 - 1 : code === codes.smallint ? 32_767 : code === codes.tinyint ? 127 : -1;

export const isCounter = ({ code }: TypeInfo): boolean => code === codes.counter;

/** A value as rows have it. */
export function readValue({ code, info }: TypeInfo, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  switch (code) {
    case codes.blob:
      return Uint8Array.from(value as Buffer);
    case codes.list:
    case codes.set:
      return (value as unknown[]).map((item) => readValue(info as TypeInfo, item));
    case codes.map: {
      const [key, of] = info as readonly TypeInfo[];
      return new Map([...(value as Map<unknown, unknown>)].map(([k, v]) => [readValue(key, k), readValue(of, v)]));
    }
    case codes.tuple: {
      const { elements } = value as { readonly elements: readonly unknown[] };
      return (info as readonly TypeInfo[]).map((type, i) => readValue(type, elements[i]));
    }
    case codes.udt:
      return Object.fromEntries(
        (info as Udt).fields.map(({ name, type }) => [name, readValue(type, (value as Record<string, unknown>)[name])]),
      );
    default:
      if (value instanceof Date || typeof value !== 'object') return value;
      // Vectors of numbers.
      return ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : String(value);
  }
}

/** A value as the client takes it: undefined leaves the column as it is. */
export function writtenValue({ types }: Package, type: TypeInfo, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  const { code, info } = type;
  const written = (of: unknown, item: unknown) => writtenValue({ types } as Package, of as TypeInfo, item);
  if (bigs.includes(code)) return typeof value === 'number' ? BigInt(value) : value;
  switch (code) {
    case codes.blob:
      return value instanceof Uint8Array ? Buffer.from(value) : value;
    case codes.list:
    case codes.set:
      return Array.from(value as Iterable<unknown>, (item) => written(info, item));
    case codes.map: {
      const [key, of] = info as readonly TypeInfo[];
      const entries = value instanceof Map ? [...value] : Object.entries(value);
      return new Map(entries.map(([k, v]) => [written(key, k), written(of, v)]));
    }
    case codes.tuple:
      return types.Tuple.fromArray((info as readonly TypeInfo[]).map((of, i) => written(of, (value as readonly unknown[])[i])));
    case codes.udt: {
      const fields = (info as Udt).fields.map(({ name, type: of }) => [
        name,
        written(of, (value as Record<string, unknown>)[name]),
      ]);
      return Object.fromEntries(fields);
    }
    case codes.duration:
    case codes.custom:
      return code === codes.duration && typeof value === 'string' ? types.Duration.fromString(value) : value;
    default:
      return value;
  }
}
