// The connection file of a kernel: the ports of loopback at which the front end expects it, and the key of their messages.
import { readFileSync } from 'node:fs';
import { MillraceError } from '../../runtime/base/errors';

const channels = ['shell', 'control', 'iopub', 'stdin', 'hb'] as const;

export type Channel = (typeof channels)[number];

export interface Connection {
  readonly host: string;
  readonly ports: Readonly<Record<Channel, number>>;
  readonly key: string;
}

const isPort = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);

/** Throws BAD_CONNECTION_FILE for what is no connection file, is without a key, or would listen beyond this machine. */
export function readConnectionFile(file: string): Connection {
  const fields = parsed(file);
  const refuse = (reason: string): never => {
    throw new MillraceError('BAD_CONNECTION_FILE', { file, reason });
  };
  const { transport, ip, key, signature_scheme: scheme } = fields;
  if (transport !== 'tcp') refuse(`its transport is ${String(transport)}, but must be tcp`);
  if (typeof ip !== 'string' || !isLoopback(ip)) refuse(`its ip is ${String(ip)}, but a kernel listens on this machine only`);
  if (typeof key !== 'string' || key === '') refuse('it has no key, so anybody on this machine could run code');
  if (scheme !== 'hmac-sha256') refuse(`its signature_scheme is ${String(scheme)}, but must be hmac-sha256`);
  const ports = channels.map((channel) => {
    const port = fields[`${channel}_port`];
    return [channel, isPort(port) ? port : refuse(`its ${channel}_port is ${String(port)}`)] as const;
  });
  return { host: ip as string, key: key as string, ports: Object.fromEntries(ports) as Connection['ports'] };
}

function parsed(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
    throw new Error('it is not an object');
  } catch (error) {
    throw new MillraceError('BAD_CONNECTION_FILE', { file, reason: (error as Error).message });
  }
}
