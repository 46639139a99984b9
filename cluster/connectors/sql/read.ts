// What executors do to read a part of a table: a statement with the columns and conditions that are asked for, and its rows as they come.

import { connectorError } from '../../../runtime/base/declared/connector-failure';
import type { Asked } from '../../../runtime/index';
import { conditionSql, Parameters } from './condition-sql';
import { type Database, type DatabaseAddress, type DatabaseSecret, type TableColumn, toldFailure } from './database';
import { openDatabase } from './open';

export interface TableSettings {
  readonly address: DatabaseAddress;
  /** A broadcast. */
  readonly secret: { readonly value: DatabaseSecret };
  readonly table: string;
  /** A condition in the database's own SQL. */
  readonly where: string | undefined;
  /** What a whole number beyond 2^53 is not. */
  readonly columns: readonly string[] | undefined;
}

/** The rows whose column lies from `from` on and below `to`; with nulls where there is no `from`. */
export interface TablePart {
  readonly column?: string;
  readonly from?: number;
  readonly to?: number;
}

/** The columns of the table that are read, in its order. Throws where one is missing. */
export async function columnsOf(
  database: Database,
  { table, columns, address }: Pick<TableSettings, 'table' | 'columns' | 'address'>,
): Promise<readonly TableColumn[]> {
  const all = await database.columns(table);
  if (!columns) return all;
  const missing = columns.find((name) => !all.some((column) => column.name === name));
  if (missing !== undefined)
    throw connectorError(
      'missing',
      `the table ${table} of ${address.shown} has no column ${missing}`,
      `Its columns are ${all.map(({ name }) => name).join(', ')}.`,
    );
  return all.filter(({ name }) => columns.includes(name));
}

export const tableName = (database: Database, table: string): string =>
  table
    .split('.')
    .map((part) => database.quoted(part))
    .join('.');

function statementOf(
  database: Database,
  settings: TableSettings,
  part: TablePart,
  columns: readonly TableColumn[],
  asked: Asked,
) {
  const parameters = new Parameters(database);
  const conditions: string[] = settings.where === undefined ? [] : [`(${settings.where})`];
  if (part.column !== undefined) {
    const name = database.quoted(part.column);
    if (part.from !== undefined) conditions.push(`${name} >= ${parameters.add(part.from)}`);
    if (part.to !== undefined) {
      const below = `${name} < ${parameters.add(part.to)}`;
      conditions.push(part.from === undefined ? `(${below} or ${name} is null)` : below);
    }
  }
  const pushed = asked.where && conditionSql(asked.where, columns, database, parameters);
  if (pushed) conditions.push(pushed);
  const wanted = asked.wanted && columns.filter(({ name }) => asked.wanted!.includes(name));
  const read = wanted ?? columns;
  const list = read.length === 0 ? '1' : read.map(({ name, expression }) => expression ?? database.quoted(name)).join(', ');
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  return { text: `select ${list} from ${tableName(database, settings.table)}${where}`, values: parameters.values, read };
}

/** The rows of a part. */
export async function* readPart(settings: TableSettings, part: TablePart, asked: Asked): AsyncGenerator<object[]> {
  const { address, secret, table } = settings;
  let database: Database | undefined;
  try {
    database = await openDatabase(address, secret.value);
    const columns = await columnsOf(database, settings);
    const { text, values, read } = statementOf(database, settings, part, columns, asked);
    const names = read.map(({ name }) => name);
    const whole = read.map(({ type }) => type.kind === 'int');
    const shape = read.length === 0 ? [{ name: '1', type: { kind: 'int' }, nullable: false } as const] : read;
    for await (const rows of database.rows(text, values, shape)) {
      yield rows.map((row) => {
        const made: Record<string, unknown> = {};
        for (let i = 0; i < names.length; i++) {
          const value = row[i];
          if (whole[i] && typeof value === 'number' && !Number.isSafeInteger(value)) throw tooLarge(table, names[i]);
          made[names[i]] = value;
        }
        return made;
      });
    }
  } catch (error) {
    throw toldFailure(error, address, `read the table ${table}`);
  } finally {
    await database?.close().catch(() => undefined);
  }
}

const tooLarge = (table: string, column: string): Error =>
  connectorError(
    'failed',
    `the column ${column} of the table ${table} has whole numbers beyond 2^53, which a number does not hold exactly`,
    'Read a view that casts it to text.',
  );
