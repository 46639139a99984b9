// The columns that a dataset has when it is written: those of its schema, or of all its rows.
import { MillraceError } from '../../base/errors';
import type { TableFormat } from '../../formats/file-formats';
import { checkTypes } from '../../formats/options';
import { isRow, notARow } from '../../formats/write/checked-writer';
import type { WrittenColumn } from '../../plan/table-spec';
import { lib } from '../../rdd/function-argument';
import type { RDD } from '../../rdd/rdd';
import { schemaOfRows } from '../../schema/infer-values';
import { joinedSchemas } from '../../schema/join-schemas';
import type { Column, ColumnType, Schema } from '../../schema/schema';
import { kindText } from '../../schema/schema-text';
import { gather } from '../actions';
import { perPartition } from '../merge-answers';

/** What says how columns are written. */
export interface ColumnOptions {
  /** Who writes, for errors. */
  readonly operation: string;
  readonly types?: Readonly<Record<string, string>>;
  readonly sample?: number | 'all';
}

const example = "Write saveAsParquet('out', { types: { price: 'decimal(12,2)' } }).";

/** Whether each value of a type is known to be of it: rows of a sample tell nothing of a column of nulls. */
function isSettled(type: ColumnType): boolean {
  switch (type.kind) {
    case 'unknown':
    case 'union':
      return false;
    case 'list':
      return isSettled(type.of.type);
    case 'struct':
      return type.fields.every((field) => isSettled(field.type));
    case 'map':
      return isSettled(type.key.type) && isSettled(type.value.type);
    default:
      return true;
  }
}

async function schemaOf(rdd: RDD<unknown>, { operation, sample = 'all' }: ColumnOptions): Promise<Schema> {
  // The answer of a query has columns once it ran.
  await rdd.prepareLineage();
  const known = rdd.schema;
  if (known?.columns.every(({ type }) => isSettled(type))) return known;
  if (sample !== 'all') {
    const rows = await rdd.take(sample);
    return schemaOfTable(rows, operation);
  }
  const looked = perPartition<Schema>(rdd, operation, lib('columnsOfRows', operation));
  const parts = await gather<Schema[]>(looked, `columns of ${rdd}`, () => ({ kind: 'collect' }));
  return joinedSchemas(parts.flat());
}

/** The columns of rows that are all there. Throws NOT_A_ROW. */
export function schemaOfTable(rows: readonly unknown[], operation: string): Schema {
  for (const row of rows) if (!isRow(row)) throw notARow(operation, row);
  return schemaOfRows(rows as readonly object[]);
}

/** A type that files have, where there is one. */
function writable(type: ColumnType): ColumnType | undefined {
  switch (type.kind) {
    case 'union': {
      const isWhole = type.of.every(({ kind }) => kind === 'int' || kind === 'bigint');
      return isWhole ? { kind: 'bigint' } : undefined;
    }
    case 'list': {
      const of = writable(type.of.type);
      return of && { kind: 'list', of: { ...type.of, type: of } };
    }
    case 'struct': {
      const fields = type.fields.map((field) => ({ ...field, type: writable(field.type) }));
      // Neither format has a struct without fields that all tools read.
      const isWhole = fields.length > 0 && fields.every((field) => field.type !== undefined);
      return isWhole ? { kind: 'struct', fields: fields as Column[] } : undefined;
    }
    case 'map': {
      const [key, value] = [writable(type.key.type), writable(type.value.type)];
      return key && value && { kind: 'map', key: { ...type.key, type: key }, value: { ...type.value, type: value } };
    }
    default:
      return type;
  }
}

/** Columns as they are written, with the types that options give. Throws BAD_ARGUMENT, UNWRITABLE_COLUMN. */
export function columnsOf(
  schema: Schema,
  format: TableFormat,
  { operation, types, sample = 'all' }: ColumnOptions,
): WrittenColumn[] {
  const given = checkTypes(operation, types, example);
  const isText = format === 'csv' || format === 'jsonLines';
  return schema.columns.map((column): WrittenColumn => {
    const nullable = column.nullable || column.optional === true || sample !== 'all';
    const own = given.get(column.name);
    if (own) return { name: column.name, type: own.type, nullable: true, ...(own.type.kind === 'text' && { asText: true }) };
    const type = isText ? column.type : writable(column.type);
    if (type) return { name: column.name, type, nullable };
    const kinds =
      column.type.kind === 'union' ? column.type.of.map(kindText).join(' and ') : `${kindText(column.type)} of several types`;
    throw new MillraceError('UNWRITABLE_COLUMN', { operation, column: column.name, kinds });
  });
}

/** The columns of a dataset. A job looks at all rows unless they are known, or a sample was asked for. */
export async function writtenColumns(rdd: RDD<unknown>, format: TableFormat, options: ColumnOptions): Promise<WrittenColumn[]> {
  if (format === 'jsonLines') return [];
  return columnsOf(await schemaOf(rdd, options), format, options);
}
