// Opens a database by its kind.
import type { Database, DatabaseAddress, DatabaseSecret } from './database';
import { openMysql } from './mysql';
import { openPostgres } from './postgres';
import { openSqlite } from './sqlite';

const openers = { postgres: openPostgres, mysql: openMysql, sqlite: openSqlite };

/** Throws what the client throws. */
export const openDatabase = async (address: DatabaseAddress, secret: DatabaseSecret): Promise<Database> =>
  await openers[address.kind](address, secret);
