// Rows into a table: tasks fill a staging table, and the commit moves the rows of the tries that count in one transaction.
import { createHash, randomUUID } from 'node:crypto';
import { connectorError } from '../../../runtime/base/declared/connector-failure';
import type { SinkJob, SinkTask } from '../../../runtime/index';
import { type Database, type DatabaseAddress, type DatabaseSecret, toldFailure } from './database';
import { openDatabase } from './open';
import { tableName } from './read';

export interface TableWriteSettings {
  readonly address: DatabaseAddress;
  /** A broadcast. */
  readonly secret: { readonly value: DatabaseSecret };
  readonly table: string;
  /** Names the writer in the table of commits. */
  readonly id: string;
  readonly mode: 'append' | 'overwrite';
}

/** What a task has written. */
export interface Written {
  readonly try: string;
  readonly columns: readonly string[];
  readonly rows: number;
}

const tryColumn = 'millrace_try';
const ledger = 'millrace_commits';
const rowsAtOnce = 500;
/** Parameters of one statement that every database takes. */
const mostParameters = 30_000;

/** What no other job of another writer, or to another table, has. */
const hashOf = ({ table, id }: TableWriteSettings, job: SinkJob): string =>
  createHash('sha256')
    .update(JSON.stringify([table, id, job.id]))
    .digest('hex');

/** The staging table of a job, beside its table. Names of PostgreSQL have at most 63 bytes. */
function stagingOf(settings: TableWriteSettings, job: SinkJob): string {
  const schema = settings.table.split('.').slice(0, -1);
  return [...schema, `millrace_staging_${hashOf(settings, job).slice(0, 40)}`].join('.');
}

/** Runs `f` with a connection that is closed after it. */
async function withDatabase<T>(settings: TableWriteSettings, what: string, f: (database: Database) => Promise<T>): Promise<T> {
  let database: Database | undefined;
  try {
    database = await openDatabase(settings.address, settings.secret.value);
    return await f(database);
  } catch (error) {
    // SQLite keeps the lock of a transaction that was left open, also when its connection closes.
    await database?.run('rollback').catch(() => undefined);
    throw toldFailure(error, settings.address, what);
  } finally {
    await database?.close().catch(() => undefined);
  }
}

/** A batch in the table of commits: who looks there finds the writer, the hash tells tables apart. */
const jobName = (settings: TableWriteSettings, job: SinkJob): string => `${settings.id}/${hashOf(settings, job)}`;

/** Before the first task: an empty staging table with the columns of the table, all of which may be null. */
export async function beginTable(settings: TableWriteSettings, job: SinkJob): Promise<void> {
  await withDatabase(settings, `write to the table ${settings.table}`, async (database) => {
    const staging = tableName(database, stagingOf(settings, job));
    await database.columns(settings.table);
    await database.run(`drop table if exists ${staging}`);
    const table = tableName(database, settings.table);
    await database.run(
      `create table ${staging} as select t.* from (select 1 as one) o left join ${table} t on 1 = 0 where 1 = 0`,
    );
    await database.run(`alter table ${staging} add column ${tryColumn} varchar(40)`);
    if (job.time !== undefined) await database.run(`create table if not exists ${ledger} (job varchar(200) primary key)`);
  });
}

/** On an executor: the rows of a partition, marked with a try of their own. */
export async function writePart(
  settings: TableWriteSettings,
  rows: IterableIterator<Record<string, unknown>>,
  task: SinkTask,
): Promise<Written> {
  const mine = randomUUID();
  const used = new Set<string>();
  let count = 0;
  let ofRows: { readonly error: unknown } | undefined;
  const nextRow = () => {
    try {
      return rows.next();
    } catch (error) {
      ofRows = { error };
      throw error;
    }
  };
  let next = nextRow();
  if (next.done) return { try: mine, columns: [], rows: 0 };
  await withDatabase(settings, `write to the table ${settings.table}`, async (database) => {
    const known = (await database.columns(settings.table)).map(({ name }) => name);
    const staging = tableName(database, stagingOf(settings, task));
    const atOnce = Math.min(rowsAtOnce, Math.floor(mostParameters / (known.length + 1)));
    const flush = async (some: readonly Record<string, unknown>[]) => {
      const columns = known.filter((name) => some.some((row) => row[name] !== undefined));
      for (const name of columns) used.add(name);
      const names = [...columns, tryColumn].map((name) => database.quoted(name)).join(', ');
      const values: unknown[] = [];
      const lists = some.map((row) => {
        const list = [...columns.map((name) => row[name]), mine].map((value) => {
          values.push(database.written(value));
          return database.parameter(values.length);
        });
        return `(${list.join(', ')})`;
      });
      await database.run(`insert into ${staging} (${names}) values ${lists.join(', ')}`, values);
    };
    await database.run('begin');
    let some: Record<string, unknown>[] = [];
    for (; !next.done; next = nextRow(), count++) {
      checkRow(next.value, known, settings);
      some.push(next.value);
      if (some.length < atOnce) continue;
      await flush(some);
      some = [];
    }
    if (some.length > 0) await flush(some);
    await database.run('commit');
  }).catch((error) => {
    // What the steps before this one throw is theirs: who tries the task again must know it.
    throw ofRows ? ofRows.error : error;
  });
  return { try: mine, columns: [...used], rows: count };
}

function checkRow(row: unknown, known: readonly string[], { table, address }: TableWriteSettings): void {
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw connectorError(
      'failed',
      `a row for the table ${table} is no object`,
      'Make objects first: .map(x => ({ column: x })).',
    );
  for (const name in row)
    if (!known.includes(name))
      throw connectorError(
        'missing',
        `the table ${table} of ${address.shown} has no column ${name}`,
        `Its columns are ${known.join(', ')}: leave the field out, or add the column.`,
      );
}

/** One transaction: the rows of the tries that count, and that the batch is written. */
export async function commitTable(settings: TableWriteSettings, answers: readonly Written[], job: SinkJob): Promise<void> {
  await withDatabase(settings, `commit rows to the table ${settings.table}`, async (database) => {
    const staging = tableName(database, stagingOf(settings, job));
    const table = tableName(database, settings.table);
    const columns = [...new Set(answers.flatMap((answer) => answer.columns))].map((name) => database.quoted(name)).join(', ');
    await database.run('begin');
    if (job.time !== undefined)
      await database.run(`insert into ${ledger} (job) values (${database.parameter(1)})`, [jobName(settings, job)]);
    if (settings.mode === 'overwrite') await database.run(`delete from ${table}`);
    for (const answer of answers.filter(({ rows }) => rows > 0)) {
      const ofTry = `from ${staging} where ${tryColumn} = ${database.parameter(1)}`;
      const [{ n }] = await database.run(`select count(*) as n ${ofTry}`, [answer.try]);
      if (Number(n) !== answer.rows) throw lostRows(settings, Number(n), answer.rows);
      await database.run(`insert into ${table} (${columns}) select ${columns} ${ofTry}`, [answer.try]);
    }
    await database.run('commit');
    // The rows are in the table: what is left beside it is no failure of the job.
    await database.run(`drop table ${staging}`).catch(() => undefined);
  });
}

const lostRows = ({ table, address }: TableWriteSettings, there: number, written: number): Error =>
  connectorError(
    'failed',
    `the staging table of ${table} of ${address.shown} has ${there} rows of a task that wrote ${written}`,
    'Nothing was committed. Find out who else deletes from tables whose names begin with millrace_staging_.',
  );

/** The staging table of a job that failed. */
export async function abortTable(settings: TableWriteSettings, job: SinkJob): Promise<void> {
  await withDatabase(settings, 'remove a staging table', async (database) => {
    await database.run(`drop table if exists ${tableName(database, stagingOf(settings, job))}`);
  });
}

/** Whether a batch of a stream is written. */
export async function isTableCommitted(settings: TableWriteSettings, job: SinkJob): Promise<boolean> {
  if (job.time === undefined) return false;
  return await withDatabase(settings, `write to the table ${settings.table}`, async (database) => {
    await database.run(`create table if not exists ${ledger} (job varchar(200) primary key)`);
    const rows = await database.run(`select job from ${ledger} where job = ${database.parameter(1)}`, [jobName(settings, job)]);
    return rows.length > 0;
  });
}
