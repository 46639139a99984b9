// SQLite, by `libsql`: its binaries come as packages, and Node 20 has no SQLite of its own.
import { existsSync } from 'node:fs';
import { connectorError } from '../../../runtime/base/declared/connector-failure';
import type { ColumnType } from '../../../runtime/index';
import { loadPackage } from '../optional-package';
import type { Database, DatabaseAddress, TableColumn, Value } from './database';

interface Statement {
  raw(): Statement;
  iterate(...values: unknown[]): Iterable<Value[]>;
  all(...values: unknown[]): Record<string, unknown>[];
  run(...values: unknown[]): unknown;
  readonly reader: boolean;
}

interface Connection {
  prepare(statement: string): Statement;
  close(): void;
}

type Package = new (path: string, options: object) => Connection;

const rowsAtOnce = 1_000;

/** By the rules of SQLite for declared types, and what people declare beyond them. */
function typeOf(declared: string): ColumnType {
  if (/BOOL/i.test(declared)) return { kind: 'boolean' };
  if (/INT/i.test(declared)) return { kind: 'int' };
  if (/CHAR|CLOB|TEXT|DATE|TIME|UUID|JSON/i.test(declared)) return { kind: 'text' };
  if (/BLOB/i.test(declared)) return { kind: 'bytes' };
  return { kind: 'double' };
}

export async function openSqlite({ shown, database, timeoutMs, client }: DatabaseAddress): Promise<Database> {
  const Connection = loadPackage<Package>('libsql', client);
  // The client makes an empty file of a path that is misspelt.
  if (!existsSync(database))
    throw connectorError('missing', `${shown} does not exist`, 'Check the path; sqlite3 FILE makes a database.');
  const connection = new Connection(database, { timeout: timeoutMs, fileMustExist: true });
  const quoted = (name: string) => `"${name.replace(/"/g, '""')}"`;
  return {
    quoted,
    parameter: () => '?',
    isTrue: (name, value) => `${name} ${value ? '<>' : '='} 0`,
    columns: async (table) => {
      const [name, schema = 'main'] = table.split('.').reverse();
      const rows = connection.prepare(`pragma ${quoted(schema)}.table_info(${quoted(name)})`).all();
      if (rows.length === 0)
        throw connectorError('missing', `${shown} has no table ${table}`, 'Check the spelling of the table.');
      return rows.map(
        ({ name: column, type, notnull }): TableColumn => ({
          name: String(column),
          type: typeOf(String(type)),
          nullable: Number(notnull) === 0,
          isComparable: true,
        }),
      );
    },
    rows: async function* (statement, parameters, columns) {
      let rows: Value[][] = [];
      for (const row of connection
        .prepare(statement)
        .raw()
        .iterate(...parameters)) {
        rows.push(
          row.map((value, i) => {
            if (columns[i].type.kind === 'boolean' && typeof value === 'number') return value !== 0;
            return Buffer.isBuffer(value) ? Uint8Array.from(value) : value;
          }),
        );
        if (rows.length < rowsAtOnce) continue;
        yield rows;
        rows = [];
      }
      if (rows.length > 0) yield rows;
    },
    run: async (statement, parameters = []) => {
      const prepared = connection.prepare(statement);
      if (prepared.reader) return prepared.all(...parameters);
      prepared.run(...parameters);
      return [];
    },
    written: (value) => {
      if (value instanceof Date) return value.toISOString();
      if (value instanceof Uint8Array) return Buffer.from(value);
      if (typeof value === 'boolean') return value ? 1 : 0;
      return typeof value === 'object' && value !== null ? JSON.stringify(value) : (value ?? null);
    },
    close: async () => connection.close(),
  };
}
