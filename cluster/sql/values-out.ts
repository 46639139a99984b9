// The values of DuckDB as JavaScript has them: the type of a column of an answer, and how each of its values is read.
import type {
  DuckDBArrayType,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampValue,
  DuckDBType,
  DuckDBValue,
} from '@duckdb/node-api';
import type { SqlForm } from '../../runtime/plan/sql-engine';
import type { ColumnType } from '../../runtime/schema/schema';
import { zoneOf } from '../../runtime/schema/time-zone';
import { duckdb } from './duck';
import { QueryFault } from './faults';

/** How a column of an answer is read. */
export interface ColumnReader {
  readonly type: ColumnType;
  read(value: DuckDBValue): unknown;
}

const plainReader = (
  kind: 'boolean' | 'double' | 'text',
  read: (value: DuckDBValue) => unknown = (value) => value,
): ColumnReader => ({
  type: { kind },
  read,
});

/** Digits that a number holds exactly. */
const numberDigits = 15;

const tooLarge = (name: string, value: unknown): QueryFault =>
  new QueryFault({
    message: `The column ${name} has ${value}, which no number holds exactly`,
    near: [],
    remedy: "Write sql({ int64: 'bigint' })`…` for whole numbers as bigint, or cast it in the query: ::varchar.",
  });

function whole(name: string, { int64 }: SqlForm): ColumnReader {
  if (int64 === 'bigint') return { type: { kind: 'bigint' }, read: (value) => value };
  return {
    type: { kind: 'int' },
    read: (value) => {
      const number = Number(value);
      if (Number.isSafeInteger(number)) return number;
      throw tooLarge(name, value);
    },
  };
}

function decimal(name: string): ColumnReader {
  return {
    type: { kind: 'double' },
    read: (value) => {
      const { value: digits } = value as DuckDBDecimalValue;
      if (String(digits < 0n ? -digits : digits).length <= numberDigits) return Number(String(value));
      throw new QueryFault({
        message: `The column ${name} has ${value}, which no number holds exactly`,
        near: [],
        remedy: 'Cast it in the query: ::varchar keeps all digits, ::double rounds.',
      });
    },
  };
}

/** The values of the instants of DuckDB: infinity and -infinity have no date. */
const dateOf = (ms: number): Date | null => (Math.abs(ms) <= 8.64e15 ? new Date(ms) : null);

const milliseconds = (micros: bigint): number => Number(micros >= 0n ? micros / 1000n : -((-micros + 999n) / 1000n));

const instant = (read: (value: DuckDBValue) => number): ColumnReader => ({
  type: { kind: 'timestamp', zone: true, unit: 'ms' },
  read: (value) => dateOf(read(value)),
});

/** How the values of a column of an answer are read, by its type in DuckDB. Throws QueryFault for a type that has no value here. */
export function readerOf(name: string, type: DuckDBType, form: SqlForm): ColumnReader {
  const reader = valueReader(name, type, form);
  return { type: reader.type, read: (value) => (value === null ? null : reader.read(value)) };
}

function valueReader(name: string, type: DuckDBType, form: SqlForm): ColumnReader {
  const { DuckDBTypeId } = duckdb();
  const local = (micros: bigint) => zoneOf(form.timeZone).instant(milliseconds(micros));
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return plainReader('boolean');
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
    case DuckDBTypeId.UINTEGER:
      return { type: { kind: 'int' }, read: (value) => value };
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UHUGEINT:
    case DuckDBTypeId.BIGNUM:
      return whole(name, form);
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
      return plainReader('double');
    case DuckDBTypeId.DECIMAL:
      return decimal(name);
    case DuckDBTypeId.DATE:
      return { type: { kind: 'date' }, read: (value) => String(value as DuckDBDateValue) };
    case DuckDBTypeId.TIME:
    case DuckDBTypeId.TIME_TZ:
    case DuckDBTypeId.TIME_NS:
      return { type: { kind: 'time', unit: 'us' }, read: String };
    case DuckDBTypeId.TIMESTAMP_TZ:
      return instant((value) => milliseconds((value as DuckDBTimestampValue).micros));
    case DuckDBTypeId.TIMESTAMP:
      return instant((value) => local((value as DuckDBTimestampValue).micros));
    case DuckDBTypeId.TIMESTAMP_S:
      return instant((value) => local((value as unknown as { seconds: bigint }).seconds * 1_000_000n));
    case DuckDBTypeId.TIMESTAMP_MS:
      return instant((value) => local((value as unknown as { millis: bigint }).millis * 1000n));
    case DuckDBTypeId.TIMESTAMP_NS:
      return instant((value) => local((value as unknown as { nanos: bigint }).nanos / 1000n));
    case DuckDBTypeId.BLOB:
      return { type: { kind: 'bytes' }, read: (value) => new Uint8Array((value as DuckDBBlobValue).bytes) };
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY: {
      const item = readerOf(name, (type as DuckDBListType | DuckDBArrayType).valueType, form);
      return {
        type: { kind: 'list', of: { type: item.type, nullable: false } },
        read: (value) => (value as DuckDBListValue).items.map(item.read),
      };
    }
    case DuckDBTypeId.STRUCT:
      return structReader(name, type as DuckDBStructType, form);
    case DuckDBTypeId.MAP: {
      const { keyType, valueType } = type as DuckDBMapType;
      const [key, item] = [readerOf(name, keyType, form), readerOf(name, valueType, form)];
      return {
        type: { kind: 'map', key: { type: key.type, nullable: false }, value: { type: item.type, nullable: false } },
        read: (value) => new Map((value as DuckDBMapValue).entries.map((entry) => [key.read(entry.key), item.read(entry.value)])),
      };
    }
    case DuckDBTypeId.SQLNULL:
      return { type: { kind: 'unknown' }, read: () => null };
    default:
      // Texts, members of enumerations, and what is best read as text: intervals, bits, ids.
      return plainReader('text', String);
  }
}

function structReader(name: string, { entryNames, entryTypes }: DuckDBStructType, form: SqlForm): ColumnReader {
  const fields = entryNames.map((field, i) => ({ field, ...readerOf(`${name}.${field}`, entryTypes[i], form) }));
  return {
    type: { kind: 'struct', fields: fields.map(({ field, type }) => ({ name: field, type, nullable: false })) },
    read: (value) => {
      const row: Record<string, unknown> = {};
      const { entries } = value as DuckDBStructValue;
      for (const { field, read } of fields) setField(row, field, read(entries[field]));
      return row;
    },
  };
}

/** A field of a row, whatever its name: `__proto__` is one like others. */
export function setField(row: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(row, name, { value, enumerable: true, writable: true, configurable: true });
  else row[name] = value;
}
