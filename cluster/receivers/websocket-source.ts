// Reads lines over WebSockets: as a client that reconnects whenever the connection is lost, or as a server on loopback.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { bytesText } from '../../runtime/base/units';
import { clientMessageBytes, handshakeMs, listenerMessageBytes, loopback, maxReceiverConnections } from '../base/limits';
import { ThrottledReport } from './limited-notices';
import { ClientConnection, ListeningPort, networkReason } from './reconnect';
import { SilenceWatch } from './silence-watch';
import { LineSink, type Source, type SourceHost } from './source';

const upgradeRequired = 426;
const lineEnd = Buffer.from('\n');

/** A message is one line, or several if it contains line ends. */
function linesOf(data: RawData): Buffer {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
  return bytes.length > 0 && bytes[bytes.length - 1] === 0x0a ? bytes : Buffer.concat([bytes, lineEnd]);
}

/** Reads one open connection until it is closed. */
function read(host: SourceHost, sink: LineSink, ws: WebSocket, heard: () => void): void {
  const cutter = sink.cutter();
  ws.on('message', (data) => {
    heard();
    cutter.push(linesOf(data));
  });
  const detach = host.gate.attach((open) => (open ? ws.resume() : ws.pause()));
  ws.once('close', detach);
}

const tooBig = 1009;

/** A longer message is not held: its connection is dropped. Messages up to here are cut into lines, and those that are too long left out. */
const mostMessage = ({ maxLineBytes }: SourceHost, most: number) => Math.max(maxLineBytes, most);

const closeReason = (code: number, host: SourceHost, most: number) =>
  code === tooBig ? `sent a message above ${bytesText(mostMessage(host, most))}` : `closed the connection (code ${code})`;

export class WebSocketClient implements Source {
  readonly #host: SourceHost;
  readonly #url: string;
  readonly #sink: LineSink;
  readonly #connection: ClientConnection;
  readonly #silence: SilenceWatch;
  #ws: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(host: SourceHost, url: string) {
    this.#host = host;
    this.#url = url;
    this.#sink = new LineSink(host);
    this.#connection = new ClientConnection(url, (event, message) => host.report(event, message));
    this.#silence = new SilenceWatch(host.silence, url, (message) => host.report('notice', message));
    this.#connect();
  }

  #connect(): void {
    let why: string | undefined;
    const maxPayload = mostMessage(this.#host, clientMessageBytes);
    const ws = new WebSocket(this.#url, { perMessageDeflate: false, maxPayload, handshakeTimeout: handshakeMs });
    this.#ws = ws;
    ws.once('open', () => {
      this.#connection.connected();
      this.#silence.heard();
      read(this.#host, this.#sink, ws, () => {
        this.#connection.heard();
        this.#silence.heard();
      });
    });
    ws.on('error', (error) => (why = tooBigReason(error, this.#host, clientMessageBytes) ?? networkReason(error)));
    ws.once('close', (code) => this.#disconnected(why ?? closeReason(code, this.#host, clientMessageBytes)));
  }

  #disconnected(why: string): void {
    this.#ws = undefined;
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#connect(), this.#connection.disconnected(why));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#ws?.terminate();
    this.#sink.close();
    this.#connection.close();
    this.#silence.close();
  }
}

const tooBigReason = (error: Error, host: SourceHost, most: number) =>
  (error as { code?: string }).code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? closeReason(tooBig, host, most) : undefined;

export class WebSocketListener implements Source {
  readonly #host: SourceHost;
  readonly #sink: LineSink;
  readonly #port: ListeningPort;
  readonly #failed: ThrottledReport;
  readonly #refused: ThrottledReport;
  readonly #http: http.Server;
  readonly #server: WebSocketServer;

  constructor(host: SourceHost, port: number) {
    this.#host = host;
    this.#sink = new LineSink(host);
    this.#port = new ListeningPort(`${loopback}:${port}`, (event, message) => host.report(event, message));
    this.#failed = new ThrottledReport((count, why) =>
      host.report('error', `a client ${why}${count > 1 ? ` (${count} times)` : ''}`),
    );
    this.#refused = new ThrottledReport((count) =>
      host.report(
        'error',
        `refused ${count === 1 ? 'a client' : `${count} clients`}: ${maxReceiverConnections} clients are already connected`,
      ),
    );
    // Connections that do not finish their request count too, and soon end.
    const limits = { headersTimeout: handshakeMs, requestTimeout: handshakeMs, connectionsCheckingInterval: handshakeMs / 4 };
    this.#http = http.createServer({ ...limits, keepAliveTimeout: 1 }, (_, answer) =>
      answer.writeHead(upgradeRequired, { connection: 'close' }).end(),
    );
    this.#http.maxConnections = maxReceiverConnections;
    this.#server = this.#accept();
    this.#listen(port);
  }

  #listen(port: number): void {
    const listen = () => this.#http.listen({ host: loopback, port });
    this.#http.on('error', (error) => this.#port.failed(error, listen));
    this.#http.on('drop', () => this.#refused.happened());
    this.#http.on('listening', () => this.#port.opened(`ws://${loopback}:${(this.#http.address() as AddressInfo).port}`));
    listen();
  }

  #accept(): WebSocketServer {
    const server: WebSocketServer = new WebSocketServer({
      server: this.#http,
      perMessageDeflate: false,
      maxPayload: mostMessage(this.#host, listenerMessageBytes),
      // Refuse pages in the user's browser: they send an Origin, programs do not.
      verifyClient: ({ req }: { req: { headers: { origin?: string } } }) => req.headers.origin === undefined,
    });
    // The errors of the port come by the HTTP server.
    server.on('error', () => {});
    server.on('connection', (ws) => {
      read(this.#host, this.#sink, ws, () => {});
      ws.on('error', (error) =>
        this.#failed.happened(1, tooBigReason(error, this.#host, listenerMessageBytes) ?? networkReason(error)),
      );
    });
    return server;
  }

  close(): void {
    this.#port.close();
    for (const ws of this.#server.clients) ws.terminate();
    this.#server.close();
    this.#http.close();
    this.#http.closeAllConnections();
    this.#sink.close();
    this.#failed.close();
    this.#refused.close();
  }
}
