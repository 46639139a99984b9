// Rows into a table: rows of one partition of the table go together, and only so many requests are on their way.
import { connectorError } from '../../../runtime/base/declared/connector-failure';
import type { SinkTask } from '../../../runtime/index';
import { type Client, type ClientColumn, type Cluster, type Login, packageOf, shownOf, withCluster } from './client';
import { quoted, tableName, tableOf } from './read';
import { isCounter, writtenValue } from './values';

export interface TableWriteSettings {
  readonly cluster: Cluster;
  /** A broadcast. */
  readonly login: { readonly value: Login };
  readonly keyspace: string;
  readonly table: string;
  /** Seconds after which what is written vanishes. */
  readonly ttl: number | undefined;
  readonly maxInFlight: number;
}

/** Rows that are looked at together for those of one partition, and the most of one request. */
const windowRows = 2_000;
const batchRows = 50;

interface Statement {
  readonly query: string;
  readonly params: readonly unknown[];
}

/** On an executor: the rows of a partition of the dataset. Writing them again changes nothing: rows have keys. */
export async function writePart(
  settings: TableWriteSettings,
  rows: IterableIterator<Record<string, unknown>>,
  _task: SinkTask,
): Promise<number> {
  const { cluster, login, table } = settings;
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
  if (next.done) return 0;
  return await withCluster(cluster, login.value, `write to the table ${table}`, async (client) => {
    const found = await tableOf(client, settings);
    refuseCounters(found.columns, settings);
    const api = packageOf(cluster);
    const keys = [...found.partitionKeys, ...found.clusteringKeys];
    const statementOf = (row: Record<string, unknown>): Statement => {
      checkRow(row, found.columns, keys, settings);
      // What is undefined stays as it is.
      const columns = found.columns.filter(({ name }) => row[name] !== undefined);
      const names = columns.map(({ name }) => quoted(name)).join(', ');
      const ttl = settings.ttl === undefined ? '' : ` using ttl ${settings.ttl}`;
      const query = `insert into ${tableName(settings)} (${names}) values (${columns.map(() => '?').join(', ')})${ttl}`;
      return { query, params: columns.map(({ name, type }) => writtenValue(api, type, row[name])) };
    };
    const inFlight = new InFlight(settings.maxInFlight);
    let count = 0;
    const times = new Times();
    while (!next.done) {
      const groups = new Map<string, Group>();
      for (let n = 0; n < windowRows && !next.done; n++, next = nextRow(), count++) {
        const row = next.value;
        const statement = statementOf(row);
        const [partition, key] = [keyText(found.partitionKeys, row), keyText(found.clusteringKeys, row)];
        let group = groups.get(partition);
        // Rows of one batch have one time: of two with the same key the later one would not always win.
        if (group && (group.statements.length >= batchRows || group.keys.has(key))) {
          const full = group;
          await inFlight.add(() => send(client, full.statements, times.next()));
          group = undefined;
        }
        group ??= { statements: [], keys: new Set() };
        groups.set(partition, group);
        group.statements.push(statement);
        group.keys.add(key);
      }
      for (const { statements } of groups.values()) await inFlight.add(() => send(client, statements, times.next()));
    }
    await inFlight.end();
    return count;
  }).catch((error) => {
    throw ofRows ? ofRows.error : error;
  });
}

/** Rows of one partition of the table, each of another key. */
interface Group {
  readonly statements: Statement[];
  readonly keys: Set<string>;
}

/** A text that is the same for equal keys, and another one for others: a date has its milliseconds. */
function keyText(keys: readonly ClientColumn[], row: Record<string, unknown>): string {
  const textOf = (value: unknown): string => {
    if (value instanceof Date) return String(value.getTime());
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    if (typeof value !== 'object' || value === null) return String(value);
    const parts: unknown[] = value instanceof Map || value instanceof Set ? [...value] : Object.values(value);
    return `[${parts.map(textOf).join()}]`;
  };
  return keys.map(({ name }) => textOf(row[name])).join('\0');
}

/** Times of writing in microseconds, each later than the one before. */
class Times {
  #last = 0;

  next(): number {
    this.#last = Math.max(Date.now() * 1000, this.#last + 1);
    return this.#last;
  }
}

/** A batch of one partition is one change of it, after those that were sent before. */
async function send(client: Client, group: readonly Statement[], timestamp: number): Promise<void> {
  const options = { prepare: true, isIdempotent: true, timestamp };
  const [{ query, params }] = group;
  if (group.length === 1) await client.execute(query, params, options);
  else await client.batch([...group], { ...options, logged: false });
}

/** Requests on their way, at most so many. */
class InFlight {
  readonly #most: number;
  readonly #waiting = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** Begins one when there is room. Throws what an earlier one threw. */
  async add(begin: () => Promise<void>): Promise<void> {
    while (this.#waiting.size >= this.#most) await Promise.race(this.#waiting);
    if (this.#failure) throw this.#failure.error;
    const sent = begin()
      .catch((error) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#waiting.delete(sent));
    this.#waiting.add(sent);
  }

  async end(): Promise<void> {
    await Promise.all(this.#waiting);
    if (this.#failure) throw this.#failure.error;
  }
}

function refuseCounters(columns: readonly ClientColumn[], { table }: TableWriteSettings): void {
  const counter = columns.find(({ type }) => isCounter(type));
  if (counter)
    throw connectorError(
      'failed',
      `the column ${counter.name} of the table ${table} is a counter: a task that is tried again would count twice`,
      'Write totals into a column of numbers.',
    );
}

function checkRow(
  row: unknown,
  columns: readonly ClientColumn[],
  keys: readonly ClientColumn[],
  { table, cluster }: TableWriteSettings,
): void {
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw connectorError(
      'failed',
      `a row for the table ${table} is no object`,
      'Make objects first: .map(x => ({ column: x })).',
    );
  for (const name in row)
    if (!columns.some((column) => column.name === name))
      throw connectorError(
        'missing',
        `the table ${table} of ${shownOf(cluster)} has no column ${name}`,
        `Its columns are ${columns.map((column) => column.name).join(', ')}: leave the field out, or add the column.`,
      );
  for (const { name } of keys) {
    const value = (row as Record<string, unknown>)[name];
    if (value === undefined || value === null)
      throw connectorError(
        'failed',
        `a row for the table ${table} has no ${name}, which is a part of its key`,
        'Give it a value.',
      );
  }
}
