// `sc.cassandra`, `saveToCassandra` and `joinWithCassandra`: tables of Cassandra as datasets, back, and by key.
import { checkWhole, refuseArgument } from '../../../runtime/base/arguments';
import { connectorError } from '../../../runtime/base/declared/connector-failure';
import { lookedUp } from '../../../runtime/connect/looked-up';
import {
  Context,
  DStream,
  type FailureOptions,
  type JobPromise,
  type OutputHandle,
  RDD,
  type Row,
  type Schema,
  type Sink,
  type Source,
} from '../../../runtime/index';
import { bundled } from '../../base/program-path';
import { type Cluster, shownOf, withCluster } from './client';
import { type CassandraOptions, checkedCluster, checkName, checkNames } from './options';
import { columnsOf, type TableSettings, type TokenPart, tableOf } from './read';
import { schemaOf } from './schema';
import type { TableWriteSettings } from './write';

/** Options of `sc.cassandra`. */
export interface CassandraTableOptions extends CassandraOptions {
  /** Columns to read. Default: all. */
  readonly columns?: readonly string[];
  /** A condition in CQL, which Cassandra checks for each row (`allow filtering`). */
  readonly where?: string;
  /** In how many ranges of tokens the table is read. Default: `sc.defaultParallelism`. */
  readonly numPartitions?: number;
}

/** Options of `saveToCassandra`. */
export interface CassandraSaveOptions extends CassandraOptions {
  /** Seconds after which what is written vanishes. */
  readonly ttl?: number;
  /** How many requests of a task are on their way at once. Default 64. */
  readonly maxInFlight?: number;
}

/** Options of `joinWithCassandra`. */
export interface CassandraJoinOptions<T> extends CassandraOptions {
  /** The key of an element: an object with the columns of the partition key, and as many of the clustering as are known; or its one value. */
  readonly key?: (element: T) => unknown;
  /** Columns to read. Default: all. */
  readonly columns?: readonly string[];
}

declare module '../../../runtime/context/context' {
  interface Context {
    /**
     * The rows of a table of Cassandra, by ranges of tokens, each read best where its nodes are. Columns that the first steps do not use are
     * not read, and Cassandra drops rows that a `filter` would where it sees values as JavaScript does. `docs/cassandra.md` has types and
     * options. Throws BAD_ARGUMENT, and in a job SOURCE_UNREACHABLE, SOURCE_REFUSED or SOURCE_MISSING.
     * @example const open = (sc) => sc.cassandra('shop', 'orders', { hosts: '10.0.0.1' }).filter(o => o.state === 'open')
     */
    cassandra<T extends object = Row>(keyspace: string, table: string, options?: CassandraTableOptions): RDD<T>;
  }
}

declare module '../../../runtime/rdd/rdd' {
  interface RDD<T> {
    /**
     * Writes rows that are objects into a table of Cassandra, those of one partition of the table together. Rows with the key of one that is
     * there replace its columns, so that a task that is tried again changes nothing. Throws BAD_ARGUMENT, and in its job SOURCE_UNREACHABLE,
     * SOURCE_REFUSED or SOURCE_MISSING.
     * @example const save = (totals) => totals.saveToCassandra('shop', 'totals', { hosts: '10.0.0.1' })
     */
    saveToCassandra(keyspace: string, table: string, options?: CassandraSaveOptions): JobPromise<void>;
    /**
     * Pairs [element, row] of the rows of a table of Cassandra under the keys of elements, asked for one by one: no scan. Elements without a
     * row give none. Throws as `sc.cassandra`.
     * @example const named = (ids) => ids.joinWithCassandra('shop', 'users', { hosts: '10.0.0.1' })
     */
    joinWithCassandra<R extends object = Row>(keyspace: string, table: string, options?: CassandraJoinOptions<T>): RDD<[T, R]>;
  }
}

declare module '../../../runtime/streaming/graph/dstream' {
  interface DStream<T> {
    /**
     * Writes each batch into a table of Cassandra: a batch that is written again changes nothing, for rows have keys.
     * @example const save = (totals) => totals.saveToCassandra('shop', 'totals', { hosts: '10.0.0.1' })
     */
    saveToCassandra(keyspace: string, table: string, options?: CassandraSaveOptions & FailureOptions): OutputHandle;
  }
}

type OnExecutors = typeof import('./on-executors');

const onExecutors = (): OnExecutors => require(bundled('cassandra.js')) as OnExecutors;

const remedy = "Write sc.cassandra('shop', 'orders', { columns: ['id'] }).";
const least = -(2n ** 63n);

interface Part {
  readonly data: TokenPart;
  readonly hosts: readonly string[];
}

/** The ranges of the ring, cut until there are at least `n`. The least token is both ends of the ring. */
async function partsOf(settings: TableSettings, n: number): Promise<Part[]> {
  const { cluster, login, keyspace, table } = settings;
  return await withCluster(cluster, login.value, `read the table ${table}`, async (client) => {
    await tableOf(client, settings);
    const [{ partitioner }] = (await client.execute('select partitioner from system.local', [], {})).rows;
    if (!String(partitioner).endsWith('.Murmur3Partitioner'))
      throw connectorError(
        'failed',
        `${shownOf(cluster)} has the partitioner ${partitioner}, whose tokens have no ranges of numbers`,
        'Only tables of clusters with the Murmur3Partitioner are read; joinWithCassandra and saveToCassandra work with any.',
      );
    const ranges = [...client.metadata.getTokenRanges()].flatMap((range) => range.unwrap());
    const pieces = Math.ceil(n / Math.max(1, ranges.length));
    return ranges.flatMap((range) => {
      const hosts = (client.metadata.getReplicas(keyspace, range) ?? []).map(({ address }) => address.replace(/:\d+$/, ''));
      return range.splitEvenly(pieces).map(({ start, end }): Part => {
        const [after, until] = [BigInt(start.toString()), BigInt(end.toString())];
        return { data: { ...(after > least && { after: `${after}` }), ...(until > least && { until: `${until}` }) }, hosts };
      });
    });
  });
}

function checkColumns(operation: string, columns: unknown): void {
  if (columns !== undefined && (!Array.isArray(columns) || columns.length === 0))
    refuseArgument({ operation, argument: 'columns', value: columns, rule: 'a list of names', remedy });
}

Context.prototype.cassandra = function <T extends object>(
  this: Context,
  keyspace: string,
  table: string,
  options: CassandraTableOptions = {},
) {
  const operation = 'cassandra';
  checkNames(operation, options, ['columns', 'where', 'numPartitions']);
  const { columns, where, numPartitions = this.defaultParallelism } = options;
  checkColumns(operation, columns);
  checkWhole(numPartitions, 1, 100_000, { operation, argument: 'numPartitions', remedy });
  const { cluster, login } = checkedCluster(operation, options);
  const settings: TableSettings = {
    cluster,
    login: this.broadcast(login),
    keyspace: checkName(operation, 'the keyspace', keyspace),
    table: checkName(operation, 'the table', table),
    columns,
    where,
  };
  let schema: Promise<Schema> | undefined;
  const ask = async () =>
    await withCluster(cluster, login, `read the table ${table}`, async (client) => {
      const found = await tableOf(client, settings);
      return schemaOf(found, columnsOf(found, settings));
    });
  const source: Source<T, TokenPart> = {
    name: nameOf(cluster, keyspace, table),
    operation,
    numPartitions,
    partitions: async () => await partsOf(settings, numPartitions),
    schema: () => {
      schema ??= ask().catch((error) => {
        schema = undefined;
        throw error;
      });
      return schema;
    },
    read: onExecutors().readPart.bind(null, settings) as never,
  };
  return this.source(source);
};

const nameOf = (cluster: Cluster, keyspace: string, table: string): string =>
  `the table ${keyspace}.${table} of ${shownOf(cluster)}`;

function tableSink<T>(sc: Context, keyspace: string, table: string, options: CassandraSaveOptions): Sink<T, number> {
  const operation = 'saveToCassandra';
  checkNames(operation, options, ['ttl', 'maxInFlight']);
  const { ttl, maxInFlight = 64 } = options;
  if (ttl !== undefined) checkWhole(ttl, 1, 630_720_000, { operation, argument: 'ttl', remedy: 'Write { ttl: 3600 }: seconds.' });
  checkWhole(maxInFlight, 1, 1000, { operation, argument: 'maxInFlight', remedy: 'Write { maxInFlight: 64 }.' });
  const { cluster, login } = checkedCluster(operation, options);
  const settings: TableWriteSettings = {
    cluster,
    login: sc.broadcast(login),
    keyspace: checkName(operation, 'the keyspace', keyspace),
    table: checkName(operation, 'the table', table),
    ttl,
    maxInFlight,
  };
  return { name: nameOf(cluster, keyspace, table), operation, write: onExecutors().writePart.bind(null, settings) as never };
}

RDD.prototype.saveToCassandra = function (keyspace, table, options = {}) {
  return this.saveTo(tableSink(this.context, keyspace, table, options));
};

DStream.prototype.saveToCassandra = function (keyspace, table, options = {}) {
  const { onFailure, attempts, backoff, ...rest } = options;
  return this.saveTo(tableSink(this.streaming.sc, keyspace, table, rest), { onFailure, attempts, backoff });
};

RDD.prototype.joinWithCassandra = function <T, R extends object>(
  this: RDD<T>,
  keyspace: string,
  table: string,
  options: CassandraJoinOptions<T> = {},
) {
  const operation = 'joinWithCassandra';
  checkNames(operation, options, ['key', 'columns']);
  const { key, columns } = options;
  checkColumns(operation, columns);
  if (key !== undefined && typeof key !== 'function')
    refuseArgument({
      operation,
      argument: 'key',
      value: key,
      rule: 'a function',
      remedy: 'Write { key: x => ({ id: x.user }) }.',
    });
  const { cluster, login } = checkedCluster(operation, options);
  const settings: TableSettings = {
    cluster,
    login: this.context.broadcast(login),
    keyspace: checkName(operation, 'the keyspace', keyspace),
    table: checkName(operation, 'the table', table),
    columns,
    where: undefined,
  };
  const read = onExecutors().joined.bind(null, settings, key as never) as unknown as (
    elements: Iterable<T>,
  ) => AsyncIterable<[T, R]>;
  return lookedUp(this, operation, read);
};
