// What connectors ask of a database, whichever it is: columns, rows as they come, and statements.
import { createRequire } from 'node:module';
import { connectorError, connectorFailureOf } from '../../../runtime/base/declared/connector-failure';
import type { Column } from '../../../runtime/index';
import { loadPackage } from '../optional-package';

/** What may be shown of a database. */
export interface DatabaseAddress {
  readonly kind: 'postgres' | 'mysql' | 'sqlite';
  /** The URL without user and password; of SQLite the path. */
  readonly shown: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly timeoutMs: number;
  /** Where the session found the client's package. */
  readonly client: string;
}

/** What may not. */
export interface DatabaseSecret {
  readonly user: string;
  readonly password: string;
}

export type Value = unknown;

/** A column of a table, and what its database does with it. */
export interface TableColumn extends Column {
  /** The database compares its values as JavaScript does, or takes more for equal: conditions on it are its to check. */
  readonly isComparable: boolean;
  /** What reads it exactly, where its name does not. */
  readonly expression?: string;
}

/** One connection. Values of rows are as columns say. */
export interface Database {
  /** The name of a table or column in a statement. */
  quoted(name: string): string;
  /** The n-th parameter of a statement, from 1; what is compared with a column comes with it. */
  parameter(n: number, compared?: unknown): string;
  /** The columns of a table; throws where there is none. */
  columns(table: string): Promise<readonly TableColumn[]>;
  /** Rows as lists of values, some at a time. */
  rows(statement: string, parameters: readonly Value[], columns: readonly Column[]): AsyncIterable<readonly Value[][]>;
  /** A condition that a column of true and false is so. */
  isTrue(name: string, value: boolean): string;
  /** Runs a statement; answers its rows as the client gives them. */
  run(statement: string, parameters?: readonly Value[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** A value as the client takes it. */
  written(value: unknown): unknown;
  close(): Promise<void>;
}

export const packages = { postgres: 'pg', mysql: 'mysql2', sqlite: 'libsql' } as const;

/** A package that stands beside a client. */
export function loadBeside<T>(name: string, client: string): T {
  try {
    return createRequire(client)(name) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    return loadPackage<T>(name);
  }
}

const away =
  /^(E(CONNREFUSED|CONNRESET|HOSTUNREACH|NETUNREACH|PIPE|AI_AGAIN|TIMEDOUT)|ENOTFOUND|PROTOCOL_CONNECTION_LOST|57P0[123]|53300|ER_CON_COUNT_ERROR)$/;
const refused =
  /^(28P01|28000|42501|ER_(DB|TABLE|COLUMN)?ACCESS_?DENIED.*|ER_\w*ACCESS_DENIED\w*|ER_NOT_SUPPORTED_AUTH_MODE|SQLITE_AUTH|SQLITE_READONLY.*|SQLITE_PERM)$/;
const missing = /^(42P01|42703|3D000|3F000|ER_NO_SUCH_TABLE|ER_BAD_FIELD_ERROR|ER_BAD_DB_ERROR|SQLITE_CANTOPEN.*)$/;

/** What to tell of what a client threw. */
export function toldFailure(error: unknown, { shown }: DatabaseAddress, what: string): Error {
  // Errors of arguments come with their remedy too.
  if (connectorFailureOf(error) || (error as Error | null)?.name === 'MillraceError') return error as Error;
  const { code = '', message = String(error) } = (error ?? {}) as { code?: string; message?: string };
  const members = (error as { errors?: { code?: string }[] }).errors;
  const id = code || members?.find((member) => member.code)?.code || '';
  if (id === 'MODULE_NOT_FOUND' || id === 'ERR_MODULE_NOT_FOUND') return error as Error;
  if (away.test(id) || /timeout|terminated unexpectedly/i.test(message))
    return connectorError(
      'unreachable',
      `${shown} cannot be reached to ${what}: ${id || message}`,
      'Check host and port, and that the server runs.',
    );
  if (refused.test(id))
    return connectorError(
      'refused',
      `${shown} does not allow to ${what}: ${id}`,
      'Check user and password, and what this user may do there.',
    );
  if (missing.test(id) || /no such (table|column)|Unable to open connection/.test(message))
    return connectorError(
      'missing',
      `${shown} has nothing to ${what}: ${message}`,
      'Check the spelling of database, table and columns.',
    );
  return connectorError('failed', `${shown} did not ${what}: ${message}`, 'The message is that of the database.');
}
