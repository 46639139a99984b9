// PostgreSQL, by `pg` and its cursor.
import type { ColumnType } from '../../../runtime/index';
import { loadPackage } from '../optional-package';
import { type Database, type DatabaseAddress, type DatabaseSecret, loadBeside, type TableColumn, type Value } from './database';

interface Result {
  readonly rows: readonly Record<string, unknown>[];
}

interface Cursor {
  read(rows: number): Promise<Value[][]>;
  close(): Promise<void>;
}

interface Client {
  connect(): Promise<void>;
  query(statement: string, parameters?: readonly unknown[]): Promise<Result>;
  query(cursor: Cursor): Cursor;
  on(event: 'error', listener: () => void): void;
  end(): Promise<void>;
}

interface Package {
  readonly Client: new (options: object) => Client;
}

type CursorClass = new (statement: string, parameters: readonly unknown[], options: object) => Cursor;

const rowsAtOnce = 1_000;

const plain: Readonly<Record<number, ColumnType>> = {
  16: { kind: 'boolean' },
  17: { kind: 'bytes' },
  20: { kind: 'int' },
  21: { kind: 'int' },
  23: { kind: 'int' },
  26: { kind: 'int' },
  700: { kind: 'double' },
  701: { kind: 'double' },
  1082: { kind: 'date' },
  1083: { kind: 'time', unit: 'us' },
  1114: { kind: 'timestamp', zone: false, unit: 'us' },
  1184: { kind: 'timestamp', zone: true, unit: 'us' },
};

/** Digits are in the modifier of the type; a numeric without any may have as many as it likes. */
function typeOf(oid: number, modifier: number): ColumnType {
  if (oid !== 1700) return plain[oid] ?? { kind: 'text' };
  return modifier < 4 ? { kind: 'text' } : { kind: 'decimal', precision: (modifier - 4) >> 16, scale: (modifier - 4) & 0xffff };
}

const float4 = 700;
/** text, char(n), varchar(n). */
const texts = new Set([25, 1042, 1043]);

/** 0.1 of a float4 is not 0.1 there; a text that is no uuid, or no value of an enum, is an error beside one. */
const isComparable = (oid: number): boolean => texts.has(oid) || (plain[oid] !== undefined && oid !== float4);

/** Texts of the server become values by their types; those without a zone are UTC, as the connection is. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === 't',
  17: (text) => Uint8Array.from(Buffer.from(text.slice(2), 'hex')),
  20: Number,
  21: Number,
  23: Number,
  26: Number,
  700: Number,
  701: Number,
  1114: (text) => new Date(`${text.replace(' ', 'T')}Z`),
  1184: (text) => new Date(text.replace(' ', 'T').replace(/\+00$/, 'Z')),
};

const types = { getTypeParser: (oid: number) => parsers[oid] ?? ((text: string) => text) };

export async function openPostgres(address: DatabaseAddress, { user, password }: DatabaseSecret): Promise<Database> {
  const { Client } = loadPackage<Package>('pg', address.client);
  const { host, port, database, timeoutMs } = address;
  const client = new Client({
    host,
    port,
    database,
    user,
    password,
    connectionTimeoutMillis: timeoutMs,
    application_name: 'millrace',
    options: '-c TimeZone=UTC -c DateStyle=ISO -c extra_float_digits=1',
  });
  // Who waits for an answer hears of it.
  client.on('error', () => {});
  await client.connect();
  const quoted = (name: string) => `"${name.replace(/"/g, '""')}"`;
  const run: Database['run'] = async (statement, parameters = []) => (await client.query(statement, parameters)).rows;
  return {
    quoted,
    // Without its own type a number would take that of the column, which may be too narrow for it.
    parameter: (n, compared) =>
      `$${n}${typeof compared === 'number' ? (Number.isSafeInteger(compared) ? '::int8' : '::float8') : ''}`,
    isTrue: (name, value) => (value ? name : `not ${name}`),
    columns: async (table) => {
      const rows = await run(
        'select attname as name, atttypid::int8 as oid, atttypmod as modifier, attnotnull as required from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum',
        [table.split('.').map(quoted).join('.')],
      );
      return rows.map(
        ({ name, oid, modifier, required }): TableColumn => ({
          name: String(name),
          type: typeOf(Number(oid), Number(modifier)),
          nullable: required !== true,
          isComparable: isComparable(Number(oid)),
        }),
      );
    },
    rows: async function* (statement, parameters) {
      const Cursor = loadBeside<CursorClass>('pg-cursor', address.client);
      const cursor = client.query(new Cursor(statement, parameters, { rowMode: 'array', types }));
      try {
        for (;;) {
          const rows = await cursor.read(rowsAtOnce);
          if (rows.length === 0) return;
          yield rows;
        }
      } finally {
        await cursor.close();
      }
    },
    run,
    written: (value) => {
      if (value instanceof Date) return value.toISOString();
      if (value instanceof Uint8Array) return Buffer.from(value);
      if (typeof value === 'bigint') return String(value);
      return typeof value === 'object' && value !== null ? JSON.stringify(value) : (value ?? null);
    },
    close: async () => await client.end(),
  };
}
