// DuckDB in this process: one instance for all queries of the session, without network, extensions and statements that change anything.
import path from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { makeFolders } from '../../runtime/base/files';
import type { SqlSetup } from './protocol';

export type DuckDB = typeof import('@duckdb/node-api');

/** The package, loaded at the first query: 60 MB. */
export const duckdb = (): DuckDB => require('@duckdb/node-api');

export class Duck {
  readonly #setup: SqlSetup;
  #instance: Promise<DuckDBInstance> | undefined;

  constructor(setup: SqlSetup) {
    this.#setup = setup;
  }

  /** Does `work` on a connection of its own, whose temporary tables end with it. */
  async use<T>(timeZone: string, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    this.#instance ??= this.#open();
    const connection = await (await this.#instance).connect();
    try {
      // The one setting that queries differ in; its name was checked by the session.
      await connection.run(`set TimeZone='${timeZone.replaceAll("'", "''")}'`);
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  }

  #open(): Promise<DuckDBInstance> {
    const { folder, memoryMb, threads } = this.#setup;
    const spill = path.join(folder, 'sql');
    makeFolders(spill, 0o700);
    return duckdb().DuckDBInstance.create(':memory:', {
      memory_limit: `${memoryMb}MiB`,
      threads: String(threads),
      temp_directory: spill,
      errors_as_json: 'true',
      // Only what is linked in, whatever a query names.
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      allow_unsigned_extensions: 'false',
      allow_persistent_secrets: 'false',
    });
  }
}
