// Where a server is found: its Unix socket, and beside it the card with its token, which only its owner can read.
//
// Both lie in the user's runtime folder, which has mode 0700. A server claims the place by its card: while the process of a card lives, the
// place is taken; a card or a socket that a dead server left is replaced.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { asError, MillraceError } from '../../runtime/base/errors';
import { localPath } from '../../runtime/base/paths';
import { isAlive, ownerOf, processNamespace } from '../../runtime/base/process-owner';
import { socketPathBytes } from '../base/limits';
import { packageVersion } from '../base/program-path';
import { addressOfUrl, readToken, type ServerAddress, tokenFile } from './line/address';
import { serveProtocol } from './protocol';

export interface ServerPlace {
  readonly socket: string;
  /** The file with the token, beside the socket. */
  readonly card: string;
  /** Of a server at a port: `socket` is its address as text then, and `card` the file with the token alone. */
  readonly address?: ServerAddress;
  /** Whether the user has named it: then it may be a colleague's. */
  readonly isNamed?: boolean;
}

/** What a server says of itself in its card. */
export interface Card {
  readonly protocol: number;
  readonly version: string;
  readonly pid: number;
  readonly namespace: string;
  readonly started: string;
  /** In hexadecimal. */
  readonly token: string;
}

const tokenBytes = 32;

/** The place of a socket: the one that was named, or the default of this user. Throws NO_RUNTIME_FOLDER or BAD_OPTION. */
export function placeOf(socket?: string): ServerPlace {
  const chosen = socket === undefined ? path.join(runtimeFolder(), 'serve.sock') : path.resolve(localPath(socket));
  if (Buffer.byteLength(chosen) > socketPathBytes) {
    const rule = `a path of at most ${socketPathBytes} bytes, which is what systems take for a socket`;
    throw new MillraceError('BAD_OPTION', { option: 'The socket of the server', value: chosen, rule });
  }
  return { socket: chosen, card: `${chosen}.card`, isNamed: socket !== undefined };
}

/** The place of a server at a port: `millrace://host:port`. Throws BAD_OPTION. */
const placeAt = (url: string): ServerPlace => ({ socket: url, card: tokenFile(), address: addressOfUrl(url) });

/** The place of a server that a master names. Throws BAD_OPTION or NO_RUNTIME_FOLDER. */
export const placeOfMaster = ({ url, socket }: { readonly url?: string; readonly socket?: string }): ServerPlace =>
  url === undefined ? placeOf(socket) : placeAt(url);

/** A folder of this user that nobody else can enter; made where it is missing. Throws NO_RUNTIME_FOLDER. */
export function runtimeFolder(): string {
  const { XDG_RUNTIME_DIR: given = '' } = process.env;
  const uid = process.getuid?.() ?? 0;
  const folder = path.isAbsolute(given) ? path.join(given, 'millrace') : path.join(os.tmpdir(), `millrace-runtime-${uid}`);
  const refuse = (reason: string) => {
    throw new MillraceError('NO_RUNTIME_FOLDER', { folder, reason });
  };
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST') refuse(asError(e).message);
  }
  const stat = fs.lstatSync(folder);
  if (!stat.isDirectory()) refuse('it is no folder');
  if (stat.uid !== uid) refuse('it belongs to somebody else');
  if ((stat.mode & 0o077) !== 0) refuse('others may enter it');
  return folder;
}

/** The card of the server at a place; undefined where there is none. Throws SERVER_REFUSED for one that somebody else could have written. */
function readCard({ card, isNamed = false }: ServerPlace): Card | undefined {
  let text: string;
  try {
    const fd = fs.openSync(card, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    try {
      const stat = fs.fstatSync(fd);
      const isPrivate = stat.uid === (process.getuid?.() ?? stat.uid) && (stat.mode & 0o077) === 0;
      // The owner of a server has let a group read its card; nobody else could have written it.
      const isOfGroup = isNamed && (stat.mode & 0o777) === 0o640;
      if (!isPrivate && !isOfGroup)
        throw new MillraceError('SERVER_REFUSED', {
          socket: card,
          reason: 'its token is not private to you',
          remedy: `Look at who owns ${card}. It must be yours, with mode 0600.`,
        });
      text = fs.readFileSync(fd, 'utf8');
    } finally {
      fs.closeSync(fd);
    }
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (e instanceof MillraceError) throw e;
    throw new MillraceError('SERVER_REFUSED', { socket: card, reason: asError(e).message, remedy: 'Start the server again.' });
  }
  return parseCard(text);
}

function parseCard(text: string): Card | undefined {
  try {
    const { protocol, version, pid, namespace, started, token } = JSON.parse(text) as Card;
    const texts = [version, namespace, started, token].every((value) => typeof value === 'string');
    if (!texts || !Number.isSafeInteger(protocol) || !Number.isSafeInteger(pid)) return undefined;
    return token.length === tokenBytes * 2 ? { protocol, version, pid, namespace, started, token } : undefined;
  } catch {
    return undefined;
  }
}

const isRunning = ({ pid, namespace, started }: Card): boolean => namespace === processNamespace() && isAlive(pid, started);

/** The card of the server that runs at a place. Throws NO_SERVER. */
export function cardOfServer(place: ServerPlace): Card {
  if (place.address) {
    const token = readToken(place.card).toString('hex');
    return { protocol: serveProtocol, version: packageVersion(), pid: 0, namespace: '', started: '', token };
  }
  const card = readCard(place);
  if (!card || !isRunning(card)) throw new MillraceError('NO_SERVER', { socket: place.socket });
  return card;
}

/** A place that belongs to this process until `release`. */
export interface Claim {
  readonly token: Buffer;
  release(): void;
  /** Lets a group read the card and write to the socket. Throws BAD_OPTION. */
  shareWith(group: string): void;
}

/** Takes a place for a server. Throws SERVER_TAKEN where another one runs there, and DISK. */
export function claim(place: ServerPlace): Claim {
  const token = randomBytes(tokenBytes);
  const { pid, namespace, started } = ownerOf(process.pid);
  const own: Card = { protocol: serveProtocol, version: packageVersion(), pid, namespace, started, token: token.toString('hex') };
  // The second try comes after a stale card was removed; a third one would be another server that starts now.
  for (const isLast of [false, true]) {
    try {
      fs.writeFileSync(place.card, JSON.stringify(own), { mode: 0o600, flag: 'wx' });
      break;
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new MillraceError('DISK', { path: place.card, reason: asError(e).message });
      const other = readCard(place);
      if ((other && isRunning(other)) || isLast)
        throw new MillraceError('SERVER_TAKEN', { socket: place.socket, pid: other?.pid ?? 'unknown' });
      fs.rmSync(place.card, { force: true });
    }
  }
  if (isSocket(place.socket)) fs.rmSync(place.socket, { force: true });
  const isOurs = () => readCard(place)?.token === own.token;
  return {
    token,
    release: () => {
      if (!isOurs()) return;
      for (const file of [place.socket, place.card]) fs.rmSync(file, { force: true });
    },
    shareWith: (group) => {
      const gid = idOfGroup(group);
      for (const [file, mode] of [
        [place.card, 0o640],
        [place.socket, 0o660],
      ] as const) {
        try {
          fs.chownSync(file, process.getuid?.() ?? 0, gid);
          fs.chmodSync(file, mode);
        } catch (e) {
          throw new MillraceError('BAD_OPTION', {
            option: '--group',
            value: group,
            rule: `one that you are in (${asError(e).message})`,
          });
        }
      }
    },
  };
}

/** The number of a group of this machine. Throws BAD_OPTION. */
function idOfGroup(group: string): number {
  const line = fs
    .readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((one) => one.split(':')[0] === group);
  const gid = line === undefined ? Number.NaN : Number(line.split(':')[2]);
  if (Number.isSafeInteger(gid)) return gid;
  throw new MillraceError('BAD_OPTION', { option: '--group', value: group, rule: 'a group of this machine' });
}

/** Only a socket is ever removed: another file of that name is somebody's. */
function isSocket(file: string): boolean {
  return fs.lstatSync(file, { throwIfNoEntry: false })?.isSocket() === true;
}
