// Reads lines over WebSockets: as a client that reconnects whenever the connection is lost, or as a server on loopback.
import type { AddressInfo } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { handshakeMs, loopback, maxReceiverConnections } from '../base/limits';
import { networkReason, SilenceWatch, ThrottledReport } from './notices';
import { ClientConnection, ListeningPort } from './reconnect';
import { LineSink, type Source, type SourceHost } from './source';

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

const closeReason = (code: number, host: SourceHost) =>
  code === tooBig ? `sent a message above ${host.maxLineBytes} bytes` : `closed the connection (code ${code})`;

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
    const { maxLineBytes } = this.#host;
    const ws = new WebSocket(this.#url, { perMessageDeflate: false, maxPayload: maxLineBytes, handshakeTimeout: handshakeMs });
    this.#ws = ws;
    ws.once('open', () => {
      this.#connection.connected();
      this.#silence.heard();
      read(this.#host, this.#sink, ws, () => {
        this.#connection.heard();
        this.#silence.heard();
      });
    });
    ws.on('error', (error) => (why = tooBigReason(error, this.#host) ?? networkReason(error)));
    ws.once('close', (code) => this.#disconnected(why ?? closeReason(code, this.#host)));
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

const tooBigReason = (error: Error, host: SourceHost) =>
  (error as { code?: string }).code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? closeReason(tooBig, host) : undefined;

export class WebSocketListener implements Source {
  readonly #host: SourceHost;
  readonly #sink: LineSink;
  readonly #port: ListeningPort;
  readonly #failed: ThrottledReport;
  #server: WebSocketServer;

  constructor(host: SourceHost, port: number) {
    this.#host = host;
    this.#sink = new LineSink(host);
    this.#port = new ListeningPort(`${loopback}:${port}`, (event, message) => host.report(event, message));
    this.#failed = new ThrottledReport((count, why) =>
      host.report('error', `a client ${why}${count > 1 ? ` (${count} times)` : ''}`),
    );
    this.#server = this.#listen(port);
  }

  #listen(port: number): WebSocketServer {
    const server: WebSocketServer = new WebSocketServer({
      host: loopback,
      port,
      perMessageDeflate: false,
      maxPayload: this.#host.maxLineBytes,
      // Refuse pages in the user's browser: they send an Origin, programs do not.
      verifyClient: ({ req }: { req: { headers: { origin?: string } } }) =>
        req.headers.origin === undefined && server.clients.size < maxReceiverConnections,
    });
    server.on('error', (error) => this.#port.failed(error, () => (this.#server = this.#listen(port))));
    server.once('listening', () => this.#port.opened(`ws://${loopback}:${(server.address() as AddressInfo).port}`));
    server.on('connection', (ws) => {
      read(this.#host, this.#sink, ws, () => {});
      ws.on('error', (error) => this.#failed.happened(1, tooBigReason(error, this.#host) ?? networkReason(error)));
    });
    return server;
  }

  close(): void {
    this.#port.close();
    for (const ws of this.#server.clients) ws.terminate();
    this.#server.close();
    this.#sink.close();
    this.#failed.close();
  }
}
