// JavaScript values as DuckDB has them: the type of a column, and how each of its values is converted.
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { showElement } from '../../runtime/base/show-element';
import type { ColumnType } from '../../runtime/schema/schema';
import { kindText } from '../../runtime/schema/schema-text';
import { duckdb } from './duck';

/** A value that is not of the type that its column was taken for. */
export class Contradiction extends Error {
  constructor(
    readonly value: unknown,
    readonly type: ColumnType,
  ) {
    super(`${showElement(value)} is no ${kindText(type)}`);
  }
}

/** A type that tables of SQL do not have. */
export class NoSuchType extends Error {}

/** A column's type in DuckDB. Throws NoSuchType. */
export function duckType(type: ColumnType): DuckDBType {
  const duck = duckdb();
  switch (type.kind) {
    case 'boolean':
      return duck.BOOLEAN;
    case 'int':
      return duck.BIGINT;
    case 'bigint':
      return duck.HUGEINT;
    case 'double':
      return duck.DOUBLE;
    case 'decimal':
      return duck.DECIMAL(type.precision, type.scale);
    case 'text':
      return duck.VARCHAR;
    case 'bytes':
      return duck.BLOB;
    case 'date':
      return duck.DATE;
    case 'time':
      return duck.TIME;
    case 'timestamp':
      return duck.TIMESTAMPTZ;
    case 'unknown':
      // What DuckDB itself makes of a column of nulls.
      return duck.INTEGER;
    case 'list':
      return duck.LIST(duckType(type.of.type));
    case 'struct':
      if (type.fields.length === 0) throw new NoSuchType('objects without a field');
      return duck.STRUCT(Object.fromEntries(type.fields.map((field) => [field.name, duckType(field.type)])));
    case 'map':
      return duck.MAP(duckType(type.key.type), duckType(type.value.type));
    case 'union':
      throw new NoSuchType(`${type.of.map(kindText).join(' and ')} in one column`);
  }
}

const isMissing = (value: unknown): value is null | undefined => value === null || value === undefined;

const dayMs = 86_400_000;
const hugest = 2n ** 127n;

type Converter = (value: unknown) => DuckDBValue;

const converters: Partial<Record<ColumnType['kind'], (value: unknown) => DuckDBValue | undefined>> = {
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  int: (value) => (Number.isSafeInteger(value) ? BigInt(value as number) : undefined),
  bigint: (value) => {
    const whole = typeof value === 'bigint' ? value : Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
    return whole !== undefined && whole > -hugest && whole < hugest ? whole : undefined;
  },
  double: (value) => (typeof value === 'number' ? value : undefined),
  text: (value) => (typeof value === 'string' ? value : undefined),
  bytes: (value) => (value instanceof Uint8Array ? new (duckdb().DuckDBBlobValue)(value) : undefined),
  date: (value) => {
    const ms = typeof value === 'string' ? Date.parse(`${value}T00:00:00Z`) : Number.NaN;
    return Number.isNaN(ms) ? undefined : new (duckdb().DuckDBDateValue)(Math.floor(ms / dayMs));
  },
  time: (value) => {
    const parts = typeof value === 'string' ? /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$/.exec(value) : null;
    if (!parts) return undefined;
    const [hours, minutes, seconds] = parts.slice(1, 4).map(Number);
    const micros = Number((parts[4] ?? '').padEnd(6, '0').slice(0, 6));
    return new (duckdb().DuckDBTimeValue)(BigInt(((hours * 60 + minutes) * 60 + seconds) * 1e6 + micros));
  },
  timestamp: (value) => {
    if (!(value instanceof Date)) return undefined;
    const ms = value.getTime();
    // An invalid date is no instant, as SQL says it: null.
    return Number.isNaN(ms) ? null : new (duckdb().DuckDBTimestampTZValue)(BigInt(ms) * 1000n);
  },
};

/** Converts the values of a column. Throws Contradiction. */
export function converterOf(type: ColumnType): Converter {
  const convert = uncheckedConverter(type);
  return (value) => {
    if (isMissing(value)) return null;
    const converted = convert(value);
    if (converted === undefined) throw new Contradiction(value, type);
    return converted;
  };
}

function uncheckedConverter(type: ColumnType): (value: unknown) => DuckDBValue | undefined {
  switch (type.kind) {
    case 'list': {
      const item = converterOf(type.of.type);
      return (value) => {
        const isList =
          Array.isArray(value) || value instanceof Set || (ArrayBuffer.isView(value) && !(value instanceof DataView));
        return isList ? duckdb().listValue(Array.from(value as Iterable<unknown>, item)) : undefined;
      };
    }
    case 'struct': {
      const fields = type.fields.map((field) => ({ name: field.name, convert: converterOf(field.type) }));
      const known = new Set(type.fields.map(({ name }) => name));
      return (value) => {
        if (typeof value !== 'object' || Object.keys(value!).some((name) => !known.has(name))) return undefined;
        const held = value as Record<string, unknown>;
        return duckdb().structValue(Object.fromEntries(fields.map(({ name, convert }) => [name, convert(held[name])])));
      };
    }
    case 'map': {
      const [key, item] = [converterOf(type.key.type), converterOf(type.value.type)];
      return (value) =>
        value instanceof Map ? duckdb().mapValue([...value].map(([k, v]) => ({ key: key(k), value: item(v) }))) : undefined;
    }
    case 'decimal':
      return (value) => (typeof value === 'string' ? decimalOf(value, type.precision, type.scale) : undefined);
    default:
      return converters[type.kind] ?? (() => undefined);
  }
}

/** The exact value of a decimal's text; undefined where it has more digits than its type. */
function decimalOf(text: string, precision: number, scale: number): DuckDBValue | undefined {
  const parts = /^([-+]?)(\d*)(?:\.(\d*))?$/.exec(text);
  if (!parts || (parts[3] ?? '').length > scale) return undefined;
  const digits = `${parts[2]}${(parts[3] ?? '').padEnd(scale, '0')}`;
  if (digits === '' || digits.replace(/^0+/, '').length > precision) return undefined;
  const value = BigInt(digits);
  return duckdb().decimalValue(parts[1] === '-' ? -value : value, precision, scale);
}
