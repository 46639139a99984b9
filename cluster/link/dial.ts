// The WebSocket of an executor to the door of its driver: a Unix socket, which only the user of the session can reach.
import net from 'node:net';
import tls from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import { executorPath } from '../base/limits';

/** What executors send as their Host: a name that means nothing elsewhere. */
export const doorHost = 'millrace';

/** A port, with TLS or without. */
export interface Port {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** Certificates to trust besides those of the system, in PEM. */
  readonly ca?: string;
}

/** Between two questions of the system to a peer at a port that says nothing: whether its machine is there. */
const keepAliveMs = 15_000;

/** Opens a WebSocket to the Unix socket `to`, or to a port. */
export function dial(to: string | Port, options: ClientOptions = {}, url = executorPath): WebSocket {
  const connect = (): net.Socket => {
    if (typeof to === 'string') return net.connect(to);
    const { host, port, isSecure, ca } = to;
    const trusted = ca === undefined ? undefined : [...tls.rootCertificates, ca];
    const servername = net.isIP(host) ? '' : host;
    const socket = isSecure ? tls.connect({ host, port, ca: trusted, servername }) : net.connect(port, host);
    return socket.setKeepAlive(true, keepAliveMs);
  };
  const createConnection = connect as typeof net.createConnection;
  return new WebSocket(`ws://${doorHost}${url}`, { ...options, createConnection });
}
