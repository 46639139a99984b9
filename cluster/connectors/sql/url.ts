// URLs of databases: what may be shown of them, and who connects.
import { isAbsolute, resolve } from 'node:path';
import { refuseArgument } from '../../../runtime/base/arguments';
import { findPackage } from '../optional-package';
import { type Password, passwordOf } from '../password';
import { type DatabaseAddress, type DatabaseSecret, packages } from './database';

const kinds: Readonly<Record<string, DatabaseAddress['kind']>> = {
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'mysql:': 'mysql',
  'mariadb:': 'mysql',
  'sqlite:': 'sqlite',
};

const ports = { postgres: 5432, mysql: 3306, sqlite: 0 } as const;
const timeoutMs = 10_000;

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Throws BAD_ARGUMENT, and MODULE_NOT_FOUND where the client is not installed. No message has the password. */
export function checkedUrl(
  operation: string,
  text: unknown,
  password: Password | undefined,
): { address: DatabaseAddress; secret: DatabaseSecret } {
  const refuse = (rule: string) =>
    refuseArgument({
      operation,
      argument: 'the URL',
      value: typeof text === 'string' ? text.replace(/^(\w+:(?:\/\/)?).*@/s, '$1…@') : typeof text,
      rule,
      remedy: "Write 'postgres://user@host/database', 'mysql://user@host/database' or 'sqlite:shop.db'.",
    });
  const rule = 'a URL that begins with postgres://, mysql://, mariadb:// or sqlite:';
  if (typeof text !== 'string') return refuse(rule);
  const kind = kinds[/^\w+:/.exec(text)?.[0] ?? ''];
  if (kind === undefined) return refuse(rule);
  const client = findPackage(packages[kind]);
  if (kind === 'sqlite') {
    const path = text.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
    if (path === '') return refuse('the path of a file');
    const database = isAbsolute(path) ? path : resolve(path);
    return {
      address: { kind, shown: `sqlite:${path}`, host: '', port: 0, database, timeoutMs, client },
      secret: { user: '', password: '' },
    };
  }
  let url: URL;
  try {
    url = new URL(text.replace(/^\w+:/, 'http:'));
  } catch {
    return refuse('a URL with a host and a database');
  }
  const isDecoded = [url.pathname, url.username, url.password].every(isEncoded);
  if (!isDecoded) return refuse('a URL whose user, password and database have %25 for %');
  // A slash in a password ends the host.
  if (url.pathname.includes('@')) return refuse('a URL whose password has %2F for /, or the option password');
  const parameters = [...url.searchParams.keys()];
  if (parameters.length > 0 || url.hash !== '')
    return refuse(`a URL without parameters (${parameters.join(', ') || '#'}): there are none, and connections have no TLS`);
  const database = decodeURIComponent(url.pathname.slice(1));
  if (url.hostname === '' || database === '' || database.includes('/')) return refuse('a URL with a host and a database');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const variables = { postgres: 'PGPASSWORD', mysql: 'MYSQL_PWD' } as const;
  const given = password === undefined ? decodeURIComponent(url.password) : passwordOf(operation, 'password', password);
  return {
    address: {
      kind,
      shown: `${kind}://${url.host}/${database}`,
      host,
      port: url.port === '' ? ports[kind] : Number(url.port),
      database,
      timeoutMs,
      client,
    },
    secret: { user: decodeURIComponent(url.username), password: given || (process.env[variables[kind]] ?? '') },
  };
}
