// A process that reads the columns of a table of Cassandra once, for the checker of types: a question on standard input, their type as the answer.
import { readFileSync } from 'node:fs';
import { rowType } from '../../../runtime/schema/schema-text';
import { withCluster } from './client';
import { type CassandraOptions, checkedCluster } from './options';
import { columnsOf, tableOf } from './read';
import { schemaOf } from './schema';

interface Question {
  readonly keyspace: string;
  readonly table: string;
  readonly options: CassandraOptions & { readonly columns?: readonly string[] };
}

async function main(): Promise<void> {
  const { keyspace, table, options } = JSON.parse(readFileSync(0, 'utf8')) as Question;
  const { cluster, login } = checkedCluster('cassandra', options);
  const named = { cluster, keyspace, table, columns: options.columns };
  await withCluster(cluster, login, `read the table ${table}`, async (client) => {
    const found = await tableOf(client, named);
    process.stdout.write(rowType(schemaOf(found, columnsOf(found, named))));
  });
}

// What is wrong with the table is reported when it is read, with the line that reads it.
main().catch(() => {
  process.exitCode = 1;
});
