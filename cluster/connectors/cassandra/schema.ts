// The columns of a table of Cassandra as the schema of rows.
import type { Schema } from '../../../runtime/index';
import type { ClientColumn, ClientTable } from './client';
import { typeOf } from './values';

/** Keys are never null; any other column may be. */
export function schemaOf(table: ClientTable, columns: readonly ClientColumn[]): Schema {
  const keys = new Set([...table.partitionKeys, ...table.clusteringKeys].map(({ name }) => name));
  return { columns: columns.map(({ name, type }) => ({ name, type: typeOf(type), nullable: !keys.has(name) })) };
}
