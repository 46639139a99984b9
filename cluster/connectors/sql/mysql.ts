// MySQL and MariaDB, by `mysql2`.
import type { Readable } from 'node:stream';
import { connectorError } from '../../../runtime/base/declared/connector-failure';
import type { ColumnType } from '../../../runtime/index';
import { loadPackage } from '../optional-package';
import type { Database, DatabaseAddress, DatabaseSecret, TableColumn, Value } from './database';

interface Connection {
  query(
    options: { sql: string; values: readonly unknown[]; rowsAsArray?: boolean },
    done?: (error: Error | null, rows: unknown) => void,
  ): { stream(): Readable };
  connect(done: (error: Error | null) => void): void;
  on(event: 'error', listener: () => void): void;
  end(done: () => void): void;
  destroy(): void;
}

interface Package {
  createConnection(options: object): Connection;
}

const rowsAtOnce = 1_000;

function typeOf(name: string, full: string, precision: unknown, scale: unknown): ColumnType {
  if (full === 'tinyint(1)') return { kind: 'boolean' };
  if (/^(tiny|small|medium|big)?int$|^year$/.test(name)) return { kind: 'int' };
  if (/^(float|double)$/.test(name)) return { kind: 'double' };
  if (name === 'decimal') return { kind: 'decimal', precision: Number(precision), scale: Number(scale) };
  if (/blob$|binary$|^bit$/.test(name)) return { kind: 'bytes' };
  if (name === 'date') return { kind: 'date' };
  if (name === 'time') return { kind: 'time', unit: 'us' };
  if (/^(datetime|timestamp)$/.test(name)) return { kind: 'timestamp', zone: name === 'timestamp', unit: 'us' };
  return { kind: 'text' };
}

/** A value of the client by the type of its column; times come as text, in UTC. */
function valueOf(value: unknown, { kind }: ColumnType): unknown {
  if (value === null) return null;
  if (kind === 'boolean') return Number(value) !== 0;
  if (kind === 'int' && typeof value === 'string') return Number(value);
  if (kind === 'timestamp') return new Date(`${String(value).replace(' ', 'T')}Z`);
  return kind === 'bytes' ? Uint8Array.from(value as Buffer) : value;
}

export async function openMysql(address: DatabaseAddress, { user, password }: DatabaseSecret): Promise<Database> {
  const { createConnection } = loadPackage<Package>('mysql2', address.client);
  const { host, port, database, timeoutMs, shown } = address;
  const connection = createConnection({
    host,
    port,
    database,
    user,
    password,
    connectTimeout: timeoutMs,
    timezone: 'Z',
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    jsonStrings: true,
  });
  // Who waits for an answer hears of it.
  connection.on('error', () => {});
  await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
  const run: Database['run'] = async (sql, values = []) =>
    await new Promise((resolve, reject) =>
      connection.query({ sql, values }, (error, rows) => (error ? reject(error) : resolve(Array.isArray(rows) ? rows : []))),
    );
  await run("set time_zone = '+00:00'");
  const quoted = (name: string) => `\`${name.replace(/`/g, '``')}\``;
  let isDestroyed = false;
  return {
    quoted,
    parameter: () => '?',
    // `= true` is `= 1`, but every other number than 0 is true.
    isTrue: (name, value) => `${name} ${value ? '<>' : '='} 0`,
    columns: async (table) => {
      const [name, schema] = table.split('.').reverse();
      const rows = await run(
        'select column_name as name, data_type as type, column_type as full, is_nullable as nullable, numeric_precision as p, numeric_scale as s from information_schema.columns where table_schema = coalesce(?, database()) and table_name = ? order by ordinal_position',
        [schema ?? null, name],
      );
      if (rows.length === 0)
        throw connectorError('missing', `${shown} has no table ${table}`, 'Check the spelling of database and table.');
      return rows.map(
        ({ name, type, full, nullable, p, s }): TableColumn => ({
          name: String(name),
          type: typeOf(String(type), String(full), p, s),
          nullable: nullable === 'YES',
          // Texts of a float have fewer digits than it.
          ...(type === 'float' && { expression: `${quoted(String(name))} + 0e0` }),
          isComparable: type !== 'float' && type !== 'json',
        }),
      );
    },
    rows: async function* (sql, values, columns) {
      let rows: Value[][] = [];
      const stream = connection.query({ sql, values, rowsAsArray: true }).stream();
      let isRead = false;
      try {
        for await (const row of stream as AsyncIterable<Value[]>) {
          rows.push(row.map((value, i) => valueOf(value, columns[i].type)));
          if (rows.length < rowsAtOnce) continue;
          yield rows;
          rows = [];
        }
        isRead = true;
      } finally {
        // Who takes a few rows does not wait for all others of the table.
        if (!isRead) {
          isDestroyed = true;
          connection.destroy();
        }
      }
      if (rows.length > 0) yield rows;
    },
    run,
    written: (value) => {
      if (value instanceof Date) return value.toISOString().replace('T', ' ').replace('Z', '');
      if (value instanceof Uint8Array) return Buffer.from(value);
      if (typeof value === 'bigint') return String(value);
      return typeof value === 'object' && value !== null ? JSON.stringify(value) : (value ?? null);
    },
    close: async () => {
      if (!isDestroyed) await new Promise<void>((resolve) => connection.end(() => resolve()));
    },
  };
}
