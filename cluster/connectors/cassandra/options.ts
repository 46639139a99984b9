// Options of Cassandra: the cluster, who connects, and what may be shown of it.
import { checkOptions, checkWhole, refuseArgument } from '../../../runtime/base/arguments';
import { findPackage } from '../optional-package';
import { type Password, passwordOf, readText } from '../password';
import type { Cluster, Login } from './client';

/** How a cluster is reached. */
export interface CassandraOptions {
  /** Some nodes, as `'10.0.0.1'`, `'10.0.0.1:9042'` or a list. Default: this machine. */
  readonly hosts?: string | readonly string[];
  readonly user?: string;
  readonly password?: Password;
  /** Whose nodes are asked. Default: those of every data center. */
  readonly localDataCenter?: string;
  /** true, or the file of the certificate that signed those of the cluster. */
  readonly tls?: boolean | { readonly ca: string };
}

const remedy = "Write sc.cassandra('shop', 'orders', { hosts: '10.0.0.1:9042' }).";
const defaultPort = 9042;

const optionNames = ['hosts', 'user', 'password', 'localDataCenter', 'tls'];

/** Throws BAD_ARGUMENT for an option that is none. */
export function checkNames(operation: string, options: object, more: readonly string[]): void {
  checkOptions(operation, options, remedy);
  for (const name of Object.keys(options))
    if (![...optionNames, ...more].includes(name))
      refuseArgument({
        operation,
        argument: 'an option',
        value: name,
        rule: `one of ${[...optionNames, ...more].join(', ')}`,
        remedy,
      });
}

/** Throws BAD_ARGUMENT unless it can be the name of a keyspace, table or column. */
export function checkName(operation: string, argument: string, value: unknown): string {
  if (typeof value === 'string' && /^\w{1,222}$/.test(value)) return value;
  return refuseArgument({ operation, argument, value, rule: 'a name of letters, digits and underscores', remedy });
}

/** Throws BAD_ARGUMENT, and MODULE_NOT_FOUND where the client is not installed. No message has the password. */
export function checkedCluster(
  operation: string,
  options: CassandraOptions,
): { readonly cluster: Cluster; readonly login: Login } {
  const { hosts: given = '127.0.0.1', user = '', password, localDataCenter, tls = false } = options;
  const parts = (Array.isArray(given) ? given : [given]).map((text) =>
    /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(String(text)),
  );
  const rule = 'addresses with one port, such as 10.0.0.1:9042';
  if (parts.length === 0 || parts.some((part) => part === null))
    refuseArgument({ operation, argument: 'hosts', value: given, rule, remedy });
  const ports = new Set(parts.map((part) => Number(part![3] ?? defaultPort)));
  if (ports.size > 1) refuseArgument({ operation, argument: 'hosts', value: given, rule, remedy });
  const port = checkWhole([...ports][0], 1, 65_535, { operation, argument: 'the port', remedy });
  const ca = tls === true ? '' : tls === false ? undefined : tls.ca;
  return {
    cluster: {
      hosts: parts.map((part) => part![1] ?? part![2]),
      port,
      localDataCenter,
      ca,
      client: findPackage('cassandra-driver'),
    },
    login: {
      user,
      password: password === undefined ? '' : passwordOf(operation, 'password', password),
      ca: ca ? readText(operation, 'the certificate', ca) : '',
    },
  };
}
