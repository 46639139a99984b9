// A server at a port: its address, the file with its token, and when TLS is demanded.
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { asError, MillraceError } from '../../../runtime/base/errors';
import { makeFolders } from '../../../runtime/base/files';
import { localPath } from '../../../runtime/base/paths';
import { isLoopback } from '../../../runtime/base/remote/loopback';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
}

const tokenBytes = 32;

/** `127.0.0.1:7070` or `[::1]:7070`. Throws BAD_OPTION. */
export function parseAddress(text: string, option = '--listen'): { readonly host: string; readonly port: number } {
  const [, v6, name, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? name;
  if (host === undefined || Number(digits) > 65_535)
    throw new MillraceError('BAD_OPTION', { option, value: text, rule: 'HOST:PORT, such as 127.0.0.1:7070' });
  return { host, port: Number(digits) };
}

/** `millrace://host:port`: with TLS beyond loopback, and with `millrace+tls://` everywhere. Throws BAD_OPTION. */
export function addressOfUrl(url: string): ServerAddress {
  const [, tls, rest] = /^millrace(\+tls)?:\/\/(.*)$/.exec(url) ?? [];
  const { host, port } = parseAddress(rest ?? url, 'The master');
  return { host, port, isSecure: tls !== undefined || !isLoopback(host) };
}

/** The file with the token: the one that was named, that of MILLRACE_TOKEN_FILE, or one of the user's configuration. */
export function tokenFile(named = process.env['MILLRACE_TOKEN_FILE']): string {
  if (named) return path.resolve(localPath(named));
  const { XDG_CONFIG_HOME: given = '' } = process.env;
  return path.join(path.isAbsolute(given) ? given : path.join(homedir(), '.config'), 'millrace', 'serve-token');
}

const refuseFile = (file: string, reason: string, remedy: string): never => {
  throw new MillraceError('SERVER_REFUSED', { socket: file, reason, remedy });
};

/** The token in a file that only its user can read. Throws SERVER_REFUSED. */
export function readToken(file: string): Buffer {
  let fd: number;
  try {
    fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  } catch (e) {
    const remedy = 'Copy the token file of the server here, with mode 0600, and name it by MILLRACE_TOKEN_FILE.';
    return refuseFile(file, asError(e).message, remedy);
  }
  try {
    const stat = fs.fstatSync(fd);
    if (stat.uid !== (process.getuid?.() ?? stat.uid) || (stat.mode & 0o077) !== 0)
      refuseFile(file, 'its token is not private to you', `Set its mode: chmod 600 ${file}`);
    const text = fs.readFileSync(fd, 'utf8').trim();
    if (!/^[0-9a-f]{64}$/.test(text)) refuseFile(file, 'it holds no token', 'It has 64 digits, as the server wrote them.');
    return Buffer.from(text, 'hex');
  } finally {
    fs.closeSync(fd);
  }
}

/** The token of a server: that of its file, which is made where there is none. Throws SERVER_REFUSED or DISK. */
export function ownToken(file: string): Buffer {
  try {
    makeFolders(path.dirname(file), 0o700);
    fs.writeFileSync(file, `${randomBytes(tokenBytes).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new MillraceError('DISK', { path: file, reason: asError(e).message });
  }
  return readToken(file);
}
