// The WebSocket of an executor to the door of its driver: a Unix socket, which only the user of the session can reach.
import net from 'node:net';
import { type ClientOptions, WebSocket } from 'ws';
import { executorPath } from '../base/limits';

/** What executors send as their Host: a name that means nothing elsewhere. */
export const doorHost = 'millrace';

/** Opens a WebSocket to the Unix socket `path`. */
export function dial(path: string, options: ClientOptions = {}, url = executorPath): WebSocket {
  const createConnection = (() => net.connect(path)) as typeof net.createConnection;
  return new WebSocket(`ws://${doorHost}${url}`, { ...options, createConnection });
}
