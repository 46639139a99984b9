// A process that reads the columns of a table of a database once, for the checker of types: a question on standard input, their type as the answer.
import { readFileSync } from 'node:fs';
import { rowType } from '../../../runtime/schema/schema-text';
import type { Password } from '../password';
import { openDatabase } from './open';
import { columnsOf } from './read';
import { checkedUrl } from './url';

interface Question {
  readonly url: string;
  readonly table: string;
  readonly options: { readonly columns?: readonly string[]; readonly password?: Password };
}

async function main(): Promise<void> {
  const { url, table, options } = JSON.parse(readFileSync(0, 'utf8')) as Question;
  const { address, secret } = checkedUrl('sqlTable', url, options.password);
  const database = await openDatabase(address, secret);
  try {
    process.stdout.write(rowType({ columns: await columnsOf(database, { address, table, columns: options.columns }) }));
  } finally {
    await database.close();
  }
}

// What is wrong with the table is reported when it is read, with the line that reads it.
main().catch(() => {
  process.exitCode = 1;
});
