// The columns that a query would answer, before it runs: for the checker of types.
import type { Context } from '../context/context';
import type { SqlFault, SqlForm, SqlTable } from '../plan/sql-engine';
import { RDD } from '../rdd/rdd';
import type { ColumnType, Schema } from '../schema/schema';

/** A table by the columns that its type declares, or by those of the dataset that is there. */
export interface DescribedTable {
  readonly name: string;
  readonly schema: Schema;
  /** The dataset itself, where it is known. */
  readonly value?: unknown;
}

interface Asked {
  readonly text: string;
  readonly tables: readonly DescribedTable[];
  readonly values: readonly unknown[];
  readonly int64: SqlForm['int64'];
}

/** The answer's columns, what is wrong for certain, or undefined where only a run can tell. */
export async function describeQuery(
  { queries }: Context,
  { text, tables, values, int64 }: Asked,
): Promise<Schema | SqlFault | undefined> {
  if (!queries) return undefined;
  const known = tables.map((table) => ({ ...table, schema: ownSchema(table.value) ?? table.schema }));
  const ask = (change: (type: ColumnType) => ColumnType) =>
    queries.prepare({
      text,
      values,
      form: { int64, timeZone: 'UTC' },
      tables: known.map(
        ({ name, schema }): SqlTable => ({
          kind: 'columns',
          name,
          schema: { columns: schema.columns.map((column) => ({ ...column, type: change(column.type) })) },
        }),
      ),
    });
  const asFractions = await ask((type) => type);
  if (asFractions.status === 'ok') return asFractions;
  // Whether numbers are whole only the rows tell: what takes whole numbers must not be refused.
  const asWhole = await ask((type) => (type.kind === 'double' ? { kind: 'int' } : type));
  if (asWhole.status === 'ok') return asWhole;
  // A text of a declared type may be a date in the file that it is read from.
  const isCertain = asFractions.fault.isName || known.every(({ value }) => value instanceof RDD);
  return isCertain ? asFractions.fault : undefined;
}

const ownSchema = (value: unknown): Schema | undefined => (value instanceof RDD ? value.schema : undefined);
