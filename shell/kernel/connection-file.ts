// The connection file of a kernel: where the front end expects it, at ports of loopback or at Unix sockets, and the key of their messages.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { socketPathBytes } from '../../cluster/base/limits';
import { MillraceError } from '../../runtime/base/errors';
import { isLoopback } from '../../runtime/base/remote/loopback';
import type { Place } from './zmtp/server-socket';

const channels = ['shell', 'control', 'iopub', 'stdin', 'hb'] as const;

export type Channel = (typeof channels)[number];

export interface Connection {
  readonly places: Readonly<Record<Channel, Place>>;
  /** As the file has them: those of sockets are the ends of their names. */
  readonly ports: Readonly<Record<Channel, number>>;
  readonly key: string;
}

const isPort = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;

/** Throws BAD_CONNECTION_FILE for what is no connection file, is without a key, or would listen where others reach it. */
export function readConnectionFile(file: string): Connection {
  const fields = parsed(file);
  const refuse = (reason: string): never => {
    throw new MillraceError('BAD_CONNECTION_FILE', { file, reason });
  };
  const { transport, ip, key, signature_scheme: scheme } = fields;
  if (transport !== 'tcp' && transport !== 'ipc') refuse(`its transport is ${String(transport)}, but must be tcp or ipc`);
  const isIpc = transport === 'ipc';
  if (typeof ip !== 'string') return refuse(`its ip is ${String(ip)}`);
  if (isIpc) checkPrivate(ip, refuse);
  else if (!isLoopback(ip)) refuse(`its ip is ${ip}, but a kernel listens on this machine only`);
  if (typeof key !== 'string' || key === '') refuse('it has no key, so anybody on this machine could run code');
  if (scheme !== 'hmac-sha256') refuse(`its signature_scheme is ${String(scheme)}, but must be hmac-sha256`);
  const ports = channels.map((channel) => {
    const port = fields[`${channel}_port`];
    return [channel, isPort(port) ? port : refuse(`its ${channel}_port is ${String(port)}`)] as const;
  });
  const placeOf = (port: number): Place => (isIpc ? { path: `${ip}-${port}` } : { host: ip, port });
  return {
    places: Object.fromEntries(ports.map(([channel, port]) => [channel, placeOf(port)])) as Connection['places'],
    ports: Object.fromEntries(ports) as Connection['ports'],
    key: key as string,
  };
}

/** Sockets whose names begin so lie where only this user can go. */
function checkPrivate(prefix: string, refuse: (reason: string) => never): void {
  if (!path.isAbsolute(prefix)) refuse(`its sockets ${prefix} have no absolute path`);
  if (Buffer.byteLength(prefix) + mostDigits > socketPathBytes)
    refuse(`the path of its sockets, ${prefix}, is longer than the ${socketPathBytes} bytes that systems take`);
  const folder = path.dirname(prefix);
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return refuse(`the folder of its sockets, ${folder}, is not there`);
  const isOwn = stats.uid === (process.getuid?.() ?? stats.uid) && (stats.mode & 0o077) === 0;
  if (!isOwn) refuse(`the folder of its sockets, ${folder}, is not for you alone: it must be yours, with mode 0700`);
}

/** A hyphen and a port. */
const mostDigits = 6;

function parsed(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
    throw new Error('it is not an object');
  } catch (error) {
    throw new MillraceError('BAD_CONNECTION_FILE', { file, reason: (error as Error).message });
  }
}
