// `/metrics` and `/health` of a server, on loopback: two plain answers to GET, and nothing else.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { asError, MillraceError } from '../../../runtime/base/errors';
import { loopback, pageRequestBytes, pageRequestMs, watchConnections } from '../../base/limits';

export interface WatchedServer {
  metrics(): string;
  health(): { readonly isWell: boolean; readonly facts: object };
}

/** Pages of other sites that a browser shows could ask by a name of their own. */
const isOurs = ({ headers: { host = '', origin } }: IncomingMessage): boolean =>
  origin === undefined && /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host);

export class WatchPage {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on a port of loopback; 0 chooses one. Rejects with PORT_TAKEN. */
  static open(port: number, watched: WatchedServer): Promise<WatchPage> {
    const server = createServer({ maxHeaderSize: pageRequestBytes, requestTimeout: pageRequestMs }, (request, response) =>
      answer(request, response, watched),
    );
    server.maxConnections = watchConnections;
    return new Promise((resolve, reject) => {
      server.once('error', (e) =>
        reject(
          new MillraceError('BAD_OPTION', {
            option: '--metrics',
            value: port,
            rule: `a free port of ${loopback} (${asError(e).message})`,
          }),
        ),
      );
      server.listen(port, loopback, () => resolve(new WatchPage(server)));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

function answer(request: IncomingMessage, response: ServerResponse, watched: WatchedServer): void {
  const send = (status: number, type: string, body: string) => {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    response.end(request.method === 'HEAD' ? '' : body);
  };
  if (!isOurs(request)) return send(403, 'text/plain', '');
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'text/plain', '');
  if (request.url === '/metrics') return send(200, 'text/plain; version=0.0.4; charset=utf-8', watched.metrics());
  if (request.url !== '/health') return send(404, 'text/plain', '');
  const { isWell, facts } = watched.health();
  return send(
    isWell ? 200 : 503,
    'application/json',
    `${JSON.stringify({ status: isWell ? 'ok' : 'no executors', ...facts })}\n`,
  );
}
