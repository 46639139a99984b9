// The client of Cassandra: what of the package is used, how a cluster is reached, and what to tell of its errors.
import { connectorError, connectorFailureOf } from '../../../runtime/base/declared/connector-failure';
import { loadPackage } from '../optional-package';

/** A type of a column as the client knows it. */
export interface TypeInfo {
  readonly code: number;
  readonly info?: unknown;
}

export interface ClientColumn {
  readonly name: string;
  readonly type: TypeInfo;
}

export interface ClientTable {
  readonly columns: readonly ClientColumn[];
  readonly partitionKeys: readonly ClientColumn[];
  readonly clusteringKeys: readonly ClientColumn[];
}

interface Token {
  toString(): string;
}

interface TokenRange {
  readonly start: Token;
  readonly end: Token;
  unwrap(): TokenRange[];
  isEmpty(): boolean;
  splitEvenly(n: number): TokenRange[];
}

export interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly pageState: string | null;
}

export interface Client {
  readonly metadata: {
    getTokenRanges(): Set<TokenRange>;
    getReplicas(keyspace: string, range: TokenRange): readonly { readonly address: string }[];
    getTable(keyspace: string, name: string): Promise<ClientTable | null>;
    readonly keyspaces: Readonly<Record<string, unknown>>;
  };
  connect(): Promise<void>;
  execute(text: string, parameters: readonly unknown[], options: object): Promise<Answer>;
  batch(queries: readonly { query: string; params: readonly unknown[] }[], options: object): Promise<unknown>;
  shutdown(): Promise<void>;
}

export interface Package {
  readonly Client: new (options: object) => Client;
  readonly types: {
    readonly Tuple: { fromArray(values: readonly unknown[]): object };
    readonly Duration: { fromString(text: string): object };
  };
  readonly policies: { readonly loadBalancing: Record<'RoundRobinPolicy' | 'TokenAwarePolicy', new (child?: object) => object> };
}

/** What may be shown of a cluster. */
export interface Cluster {
  readonly hosts: readonly string[];
  readonly port: number;
  readonly localDataCenter: string | undefined;
  /** The file of the certificate that signed those of the cluster; '' for those that Node trusts; undefined: without TLS. */
  readonly ca: string | undefined;
  /** Where the session found the client's package. */
  readonly client: string;
}

/** What may not. */
export interface Login {
  readonly user: string;
  readonly password: string;
  /** The text of the certificate of `ca`. */
  readonly ca: string;
}

const timeoutMs = 10_000;

export const packageOf = (cluster: Cluster): Package => loadPackage<Package>('cassandra-driver', cluster.client);

export const shownOf = ({ hosts, port }: Cluster): string => `Cassandra at ${hosts.join(', ')}:${port}`;

/** Connects. Throws what the client throws. */
export async function openCluster(cluster: Cluster, { user, password, ca }: Login): Promise<Client> {
  const { Client, policies } = packageOf(cluster);
  const { RoundRobinPolicy, TokenAwarePolicy } = policies.loadBalancing;
  const { localDataCenter } = cluster;
  const client = new Client({
    contactPoints: cluster.hosts,
    protocolOptions: { port: cluster.port },
    ...(localDataCenter === undefined
      ? { policies: { loadBalancing: new TokenAwarePolicy(new RoundRobinPolicy()) } }
      : { localDataCenter }),
    ...(user !== '' && { credentials: { username: user, password } }),
    ...(cluster.ca !== undefined && { sslOptions: { rejectUnauthorized: true, ...(ca !== '' && { ca: [ca] }) } }),
    socketOptions: { connectTimeout: timeoutMs, readTimeout: 60_000 },
    encoding: { map: Map, useBigIntAsLong: true, useBigIntAsVarint: true },
  });
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.shutdown().catch(() => undefined);
    throw error;
  }
}

/** Runs `f` with a connection that is closed after it; what it throws is told in words. */
export async function withCluster<T>(
  cluster: Cluster,
  login: Login,
  what: string,
  f: (client: Client) => Promise<T>,
): Promise<T> {
  let client: Client | undefined;
  try {
    client = await openCluster(cluster, login);
    return await f(client);
  } catch (error) {
    throw toldFailure(error, cluster, what);
  } finally {
    await client?.shutdown().catch(() => undefined);
  }
}

/** What to tell of what the client threw. */
export function toldFailure(error: unknown, cluster: Cluster, what: string): Error {
  if (connectorFailureOf(error) || (error as Error | null)?.name === 'MillraceError') return error as Error;
  const { code, name, message, innerErrors } = (error ?? {}) as {
    code?: unknown;
    name?: string;
    message?: string;
    innerErrors?: Readonly<Record<string, Error>>;
  };
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') return error as Error;
  const shown = shownOf(cluster);
  const inners = Object.values(innerErrors ?? {});
  const text = inners[0]?.message || message || String(error);
  if ([name, ...inners.map((inner) => inner.name)].includes('AuthenticationError') || /authoriz/i.test(text) || code === 0x2100)
    return connectorError(
      'refused',
      `${shown} does not allow to ${what}`,
      'Check user and password, and what this user may do there.',
    );
  if (name === 'NoHostAvailableError' || name === 'OperationTimedOutError' || /ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT/.test(text))
    return connectorError(
      'unreachable',
      `${shown} cannot be reached to ${what}: ${text}`,
      'Check hosts and port, and that the cluster runs.',
    );
  return connectorError('failed', `${shown} did not ${what}: ${text}`, 'The message is that of Cassandra.');
}
