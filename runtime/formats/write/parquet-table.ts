// Writes rows as a Parquet file, a row group at a time.
import type { ByteWriter, ParquetWriter, SchemaElement } from 'hyparquet-writer';
import type { TableTarget, WrittenColumn } from '../../plan/table-spec';
import type { ColumnType, TimeUnit } from '../../schema/schema';
import { ColumnRows } from './column-rows';
import type { TableWriter, WriteBytes } from './table-writer';

const units: Readonly<Record<TimeUnit, 'MILLIS' | 'MICROS' | 'NANOS'>> = { s: 'MILLIS', ms: 'MILLIS', us: 'MICROS', ns: 'NANOS' };

/** Digits of a decimal that 32 and 64 bits hold, and that bytes do. */
const [intDigits, longDigits] = [9, 18];

/** Bytes that hold a decimal of more digits. */
const decimalBytes = (precision: number): number => Math.ceil((precision * Math.log2(10) + 1) / 8);

/** A node of the schema and what is below it, in the order of the file. */
function elements(name: string, type: ColumnType, nullable: boolean): SchemaElement[] {
  const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED';
  const leaf = (physical: SchemaElement['type'], rest: Partial<SchemaElement> = {}): SchemaElement[] => [
    { name, type: physical, repetition_type, ...rest },
  ];
  switch (type.kind) {
    case 'boolean':
      return leaf('BOOLEAN');
    case 'int':
    case 'bigint':
      return leaf('INT64');
    case 'double':
      return leaf('DOUBLE');
    case 'text':
      return leaf('BYTE_ARRAY', { converted_type: 'UTF8', logical_type: { type: 'STRING' } });
    case 'bytes':
      return leaf('BYTE_ARRAY');
    case 'date':
      return leaf('INT32', { converted_type: 'DATE', logical_type: { type: 'DATE' } });
    case 'time':
      return leaf('INT64', { logical_type: { type: 'TIME', isAdjustedToUTC: false, unit: timeUnit(type.unit) } });
    case 'timestamp':
      return leaf('INT64', { logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: units[type.unit] } });
    case 'decimal': {
      const { precision, scale } = type;
      const physical = precision <= intDigits ? 'INT32' : precision <= longDigits ? 'INT64' : 'FIXED_LEN_BYTE_ARRAY';
      const type_length = physical === 'FIXED_LEN_BYTE_ARRAY' ? decimalBytes(precision) : undefined;
      return leaf(physical, { type_length, precision, scale, logical_type: { type: 'DECIMAL', precision, scale } });
    }
    case 'list':
      return [
        { name, repetition_type, num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        ...elements('element', type.of.type, true),
      ];
    case 'struct':
      return [
        { name, repetition_type, num_children: type.fields.length },
        ...type.fields.flatMap((field) => elements(field.name, field.type, true)),
      ];
    case 'map':
      return [
        { name, repetition_type, num_children: 1, converted_type: 'MAP', logical_type: { type: 'MAP' } },
        { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
        ...elements('key', type.key.type, false),
        ...elements('value', type.value.type, true),
      ];
    default:
      // A column of nulls.
      return leaf('INT32', { logical_type: { type: 'NULL' } });
  }
}

/** Times of day in milliseconds would be of 32 bits. */
const timeUnit = (unit: TimeUnit): 'MICROS' | 'NANOS' => (unit === 'ns' ? 'NANOS' : 'MICROS');

/** A number's bytes, the highest first. */
function bigEndian(value: bigint, length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  let rest = BigInt.asUintN(length * 8, value);
  for (let i = length - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 255n);
  return bytes;
}

/** A value as the library takes it; undefined where it is that already. */
function rawOf(type: ColumnType): ((value: never) => unknown) | undefined {
  switch (type.kind) {
    case 'text':
      // As bytes: statistics of texts would be in another order than Parquet's.
      return (value: string) => Buffer.from(value);
    case 'time':
      return type.unit === 'ms'
        ? (value: bigint) => value * 1000n
        : type.unit === 's'
          ? (value: bigint) => value * 1_000_000n
          : undefined;
    case 'timestamp':
      return type.unit === 's' ? (value: bigint) => value * 1000n : undefined;
    case 'decimal': {
      if (type.precision <= intDigits) return (value: bigint) => Number(value);
      if (type.precision <= longDigits) return undefined;
      const length = decimalBytes(type.precision);
      return (value: bigint) => bigEndian(value, length);
    }
    case 'list': {
      const item = orNull(rawOf(type.of.type));
      return item && ((values: unknown[]) => values.map(item));
    }
    case 'struct': {
      const fields = type.fields.map((field) => ({ name: field.name, raw: orNull(rawOf(field.type)) }));
      return (values: unknown[]) => {
        const made = Object.create(null) as Record<string, unknown>;
        for (const [i, { name, raw }] of fields.entries()) made[name] = raw ? raw(values[i]) : values[i];
        return made;
      };
    }
    case 'map': {
      const [key, value] = [orNull(rawOf(type.key.type)), orNull(rawOf(type.value.type))];
      return (entries: [unknown, unknown][]) => entries.map(([k, v]) => ({ key: key ? key(k) : k, value: value ? value(v) : v }));
    }
    default:
      return undefined;
  }
}

const orNull = (raw: ((value: never) => unknown) | undefined): ((value: unknown) => unknown) | undefined =>
  raw && ((value) => (value === null ? null : raw(value as never)));

export class ParquetTable implements TableWriter {
  readonly #columns: readonly WrittenColumn[];
  readonly #rows: ColumnRows;
  readonly #raw: readonly (((value: unknown) => unknown) | undefined)[];
  readonly #bytes: ByteWriter;
  readonly #file: ParquetWriter;
  readonly #schema: readonly SchemaElement[];
  readonly #write: WriteBytes;

  constructor({ columns }: TableTarget, write: WriteBytes) {
    // Loaded when it is used: most sessions write no Parquet.
    const library = require('hyparquet-writer') as typeof import('hyparquet-writer');
    this.#columns = columns;
    this.#rows = new ColumnRows(columns);
    this.#raw = columns.map(({ type }) => orNull(rawOf(type)));
    this.#bytes = new library.ByteWriter();
    this.#write = write;
    const schema: SchemaElement[] = [
      { name: 'schema', num_children: columns.length },
      ...columns.flatMap(({ name, type, nullable }) => elements(name, type, nullable)),
    ];
    this.#schema = schema;
    this.#file = new library.ParquetWriter({ writer: this.#bytes, schema, codec: 'SNAPPY' });
  }

  add(row: Readonly<Record<string, unknown>>): void {
    this.#rows.add(row);
    if (this.#rows.isFull) this.#group();
  }

  #group(): void {
    const { rows } = this.#rows;
    if (rows === 0) return;
    const columnData = this.#rows.take().map((values, c) => {
      const { name, type } = this.#columns[c];
      const raw = this.#raw[c];
      const data = raw ? values.map(raw) : values;
      // A dictionary would take -0 for 0.
      return hasDoubles(type) ? { name, data, encoding: 'PLAIN' as const } : { name, data };
    });
    // One page a column: the library cuts longer ones within rows of lists.
    this.#file.write({ columnData, rowGroupSize: rows, pageSize: 0 });
    this.#flush();
  }

  #flush(): void {
    this.#write(Buffer.from(this.#bytes.getBytes()));
    this.#bytes.index = 0;
  }

  end(): void {
    this.#group();
    this.#nameDecimals();
    this.#file.finish();
    this.#flush();
  }

  /**
   * Decimals have a second name in the schema, by which DuckDB knows them. The library would take their values, and those of their statistics,
   * for doubles from then on: so it comes last, and without statistics.
   */
  #nameDecimals(): void {
    const leaves = this.#columns.flatMap(({ type }) => leavesOf(type));
    for (const { columns } of this.#file.row_groups)
      for (const [leaf, { meta_data }] of columns.entries())
        if (leaves[leaf].kind === 'decimal' && meta_data?.statistics)
          meta_data.statistics = { null_count: meta_data.statistics.null_count };
    for (const element of this.#schema) if (element.logical_type?.type === 'DECIMAL') element.converted_type = 'DECIMAL';
  }
}

const hasDoubles = (type: ColumnType): boolean => leavesOf(type).some(({ kind }) => kind === 'double');

function leavesOf(type: ColumnType): ColumnType[] {
  if (type.kind === 'list') return leavesOf(type.of.type);
  if (type.kind === 'struct') return type.fields.flatMap((field) => leavesOf(field.type));
  return type.kind === 'map' ? [...leavesOf(type.key.type), ...leavesOf(type.value.type)] : [type];
}
