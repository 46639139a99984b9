// What executors do to read a range of tokens of a table, and the rows of single keys.
import { connectorError } from '../../../runtime/base/declared/connector-failure';
import type { Asked, Condition } from '../../../runtime/index';
import {
  type Answer,
  type Client,
  type ClientColumn,
  type ClientTable,
  type Cluster,
  type Login,
  openCluster,
  packageOf,
  shownOf,
  type TypeInfo,
  toldFailure,
} from './client';
import { type Lease, leaseClient } from './shared-client';
import { greatestOf, isText, readValue, typeOf, writtenValue } from './values';

export interface TableSettings {
  readonly cluster: Cluster;
  /** A broadcast. */
  readonly login: { readonly value: Login };
  readonly keyspace: string;
  readonly table: string;
  readonly columns: readonly string[] | undefined;
  /** A condition in CQL. */
  readonly where: string | undefined;
}

/** The keys whose tokens are above `after` and at most `until`; a missing bound is an end of the ring. */
export interface TokenPart {
  readonly after?: string;
  readonly until?: string;
}

const rowsAtOnce = 5_000;

export const quoted = (name: string): string => `"${name.replace(/"/g, '""')}"`;

export const tableName = ({ keyspace, table }: Pick<TableSettings, 'keyspace' | 'table'>): string =>
  `${quoted(keyspace)}.${quoted(table)}`;

type Named = Pick<TableSettings, 'cluster' | 'keyspace' | 'table'>;

/** Throws where there is none. */
export async function tableOf(client: Client, { cluster, keyspace, table }: Named): Promise<ClientTable> {
  const found = await client.metadata.getTable(keyspace, table);
  if (found) return found;
  const what =
    client.metadata.keyspaces[keyspace] === undefined ? `keyspace ${keyspace}` : `table ${table} in the keyspace ${keyspace}`;
  throw connectorError(
    'missing',
    `${shownOf(cluster)} has no ${what}`,
    'Check the spelling: names are lower case there unless they were quoted.',
  );
}

/** The columns that are read, in the order of the table. Throws where one is missing. */
export function columnsOf(
  found: ClientTable,
  { cluster, table, columns }: Named & Pick<TableSettings, 'columns'>,
): readonly ClientColumn[] {
  const missing = columns?.find((name) => !found.columns.some((column) => column.name === name));
  if (missing === undefined) return columns ? found.columns.filter(({ name }) => columns.includes(name)) : found.columns;
  throw connectorError(
    'missing',
    `the table ${table} of ${shownOf(cluster)} has no column ${missing}`,
    `Its columns are ${found.columns.map(({ name }) => name).join(', ')}.`,
  );
}

interface Restriction {
  readonly text: string;
  readonly value: unknown;
}

const operators: Readonly<Record<string, string>> = { '===': '=', '<': '<', '<=': '<=', '>': '>', '>=': '>=' };

/**
 * What of a condition Cassandra sees as JavaScript does: the rest is looked at in the rows that come. One restriction for each side of a column,
 * and none for what the user's own condition names, since it takes no two. With a value for each column of the partition key Cassandra reads that
 * partition alone, and the bounds of tokens only say who of the parts gets it.
 */
export function restrictionsOf(condition: Condition | undefined, found: ClientTable, own = ''): Restriction[] {
  const parts = condition === undefined ? [] : condition.kind === 'all' ? condition.of : [condition];
  const taken = new Map<string, Set<string>>();
  const isValueOf = ({ name, type }: ClientColumn, part: Condition) =>
    part.kind === 'compare' && part.field === name && part.by === '===' && isSeenAlike(type, part.by, part.value);
  const isDirect = found.partitionKeys.every(
    (column) => !own.includes(column.name) && parts.some((part) => isValueOf(column, part)),
  );
  return parts.flatMap((part): Restriction[] => {
    if (part.kind !== 'compare' || operators[part.by] === undefined || own.includes(part.field)) return [];
    const { field, by, value } = part;
    const isOneOf = (columns: readonly ClientColumn[]) => columns.some(({ name }) => name === field);
    const column = found.columns.find(({ name }) => name === field);
    // A part of the key, or an order of it, would have Cassandra look at each row all the same.
    if (!column || (isOneOf(found.partitionKeys) && !(isDirect && by === '==='))) return [];
    // In JavaScript null is below 1: only keys of the clustering are never null.
    if (by !== '===' && !isOneOf(found.clusteringKeys)) return [];
    if (!isSeenAlike(column.type, by, value)) return [];
    const sides = taken.get(field) ?? new Set();
    const side = by === '===' ? '=' : by[0];
    if (sides.has('=') || sides.has(side) || (side === '=' && sides.size > 0)) return [];
    taken.set(field, sides.add(side));
    return [{ text: `${quoted(field)} ${operators[by]} ?`, value }];
  });
}

/** The client refuses a value that the type of its column cannot hold. */
function isSeenAlike(type: TypeInfo, by: string, value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) <= greatestOf(type);
  if (typeof value === 'bigint') return typeOf(type).kind === 'bigint' && value >= -(2n ** 63n) && value < 2n ** 63n;
  if (typeof value === 'boolean') return typeOf(type).kind === 'boolean' && by === '===';
  return typeof value === 'string' && isText(type) && by === '===';
}

function rowOf(columns: readonly ClientColumn[], row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const { name, type } of columns) made[name] = readValue(type, row[name]);
  return made;
}

/** The pages of a statement, the next one on its way while one is worked on. */
async function* pages(client: Client, text: string, values: readonly unknown[], columns: readonly ClientColumn[]) {
  const ask = (pageState?: string): Promise<Answer> => {
    const page: Promise<Answer> = client.execute(text, values, {
      prepare: true,
      isIdempotent: true,
      fetchSize: rowsAtOnce,
      pageState,
    });
    // Who waits for it hears of it.
    page.catch(() => {});
    return page;
  };
  for (let next: Promise<Answer> | undefined = ask(); next; ) {
    const { rows, pageState }: Answer = await next;
    next = pageState === null ? undefined : ask(pageState);
    yield rows.map((row) => rowOf(columns, row));
  }
}

/** The rows of a part. */
export async function* readPart(settings: TableSettings, part: TokenPart, asked: Asked): AsyncGenerator<object[]> {
  const { cluster, login, table, where } = settings;
  let lease: Lease | undefined;
  let isWhole = false;
  try {
    lease = await leaseClient(cluster, login.value);
    const { client } = lease;
    const found = await tableOf(client, settings);
    const all = columnsOf(found, settings);
    const wanted = asked.wanted ? all.filter(({ name }) => asked.wanted!.includes(name)) : all;
    const token = `token(${found.partitionKeys.map(({ name }) => quoted(name)).join(', ')})`;
    const restrictions = restrictionsOf(asked.where, found, where);
    const bounds: Restriction[] = [];
    if (part.after !== undefined) bounds.push({ text: `${token} > ?`, value: BigInt(part.after) });
    if (part.until !== undefined) bounds.push({ text: `${token} <= ?`, value: BigInt(part.until) });
    const conditions = [...bounds, ...restrictions].map(({ text }) => text).concat(where === undefined ? [] : [where]);
    const list = (wanted.length > 0 ? wanted : found.partitionKeys).map(({ name }) => quoted(name)).join(', ');
    const filters = restrictions.length > 0 || where !== undefined ? ' allow filtering' : '';
    const text = `select ${list} from ${tableName(settings)}${conditions.length > 0 ? ` where ${conditions.join(' and ')}` : ''}${filters}`;
    const values = [...bounds, ...restrictions].map(({ value }) => value);
    yield* pages(client, text, values, wanted);
    isWhole = true;
  } catch (error) {
    throw toldFailure(error, cluster, `read the table ${table}`);
  } finally {
    // Of what a reader gave up a page may be on its way.
    lease?.end(!isWhole);
  }
}

const lookupsAtOnce = 64;

/** Pairs [element, row] of the rows under the keys of elements: of `keysOf`, else the fields of an element, or the element itself. */
export async function* joined(
  settings: TableSettings,
  keyOf: ((element: unknown) => unknown) | undefined,
  elements: Iterable<unknown>,
): AsyncGenerator<[unknown, object]> {
  const { cluster, login, table } = settings;
  let client: Client | undefined;
  let ofElements: { readonly error: unknown } | undefined;
  try {
    client = await openCluster(cluster, login.value);
    const open = client;
    const found = await tableOf(client, settings);
    const columns = columnsOf(found, settings);
    const keys = [...found.partitionKeys, ...found.clusteringKeys];
    const api = packageOf(cluster);
    const list = columns.map(({ name }) => quoted(name)).join(', ');
    const rowsOf = async (element: unknown): Promise<object[]> => {
      let key = element;
      try {
        if (keyOf) key = keyOf(element);
      } catch (error) {
        ofElements = { error };
        throw error;
      }
      const fields = typeof key === 'object' && key !== null ? (key as Record<string, unknown>) : { [keys[0].name]: key };
      const missing = found.partitionKeys.find(({ name }) => fields[name] === undefined || fields[name] === null);
      if (missing)
        throw connectorError(
          'failed',
          `a key for the table ${table} has no ${missing.name}`,
          `Give all of ${found.partitionKeys.map(({ name }) => name).join(', ')}: { key: x => ({ ${missing.name}: x }) }.`,
        );
      // The keys of the clustering count from the first one on, as far as they are given.
      const end = keys.findIndex(({ name }) => fields[name] === undefined);
      const given = end < 0 ? keys : keys.slice(0, end);
      const text = `select ${list} from ${tableName(settings)} where ${given.map(({ name }) => `${quoted(name)} = ?`).join(' and ')}`;
      const values = given.map(({ name, type }) => writtenValue(api, type, fields[name]));
      const rows: object[] = [];
      for await (const page of pages(open, text, values, columns)) rows.push(...page);
      return rows;
    };
    const waiting: { readonly element: unknown; readonly rows: Promise<object[]> }[] = [];
    const next = async () => {
      const { element, rows } = waiting.shift()!;
      return (await rows).map((row): [unknown, object] => [element, row]);
    };
    const iterator = elements[Symbol.iterator]();
    for (;;) {
      let step: IteratorResult<unknown>;
      try {
        step = iterator.next();
      } catch (error) {
        ofElements = { error };
        throw error;
      }
      if (step.done) break;
      const rows = rowsOf(step.value);
      rows.catch(() => {});
      waiting.push({ element: step.value, rows });
      if (waiting.length >= lookupsAtOnce) yield* await next();
    }
    while (waiting.length > 0) yield* await next();
  } catch (error) {
    // What the steps before this one throw is theirs.
    throw ofElements ? ofElements.error : toldFailure(error, cluster, `read the table ${table}`);
  } finally {
    await client?.shutdown().catch(() => undefined);
  }
}
