// Lines of WebSockets: as a client that connects again whenever the connection is lost, and listening on loopback.
import type { AddressInfo } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { handshakeMs, loopback, maxReceiverConnections } from './limits';
import { LineSink, type Source, type SourceHost } from './receiver-source';
import { networkReason, Rarely, Retry, Silence } from './receiver-words';

const lineEnd = Buffer.from('\n');

/** A message is one line, or several where it holds line ends. */
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
  const detach = host.flow.attach((open) => (open ? ws.resume() : ws.pause()));
  ws.once('close', detach);
}

const tooBig = 1009;

const closeReason = (code: number, host: SourceHost) =>
  code === tooBig ? `sent a message above ${host.maxLineBytes} bytes` : `ended the connection (code ${code})`;

export class WebSocketClient implements Source {
  readonly #host: SourceHost;
  readonly #url: string;
  readonly #sink: LineSink;
  readonly #retry = new Retry();
  readonly #lost: Rarely;
  readonly #silence: Silence;
  #ws: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #wasLost = false;

  constructor(host: SourceHost, url: string) {
    this.#host = host;
    this.#url = url;
    this.#sink = new LineSink(host);
    this.#lost = new Rarely((count, why) => host.told('error', `${why}${count > 1 ? ` (${count} times)` : ''}`));
    this.#silence = new Silence(host.silence, url, (message) => host.told('notice', message));
    this.#connect();
  }

  #connect(): void {
    let why: string | undefined;
    const { maxLineBytes } = this.#host;
    const ws = new WebSocket(this.#url, { perMessageDeflate: false, maxPayload: maxLineBytes, handshakeTimeout: handshakeMs });
    this.#ws = ws;
    ws.once('open', () => {
      if (this.#wasLost) this.#host.told('notice', `${this.#url} is connected again`);
      else this.#host.told('started', `connected to ${this.#url}`);
      this.#lost.reset();
      this.#silence.heard();
      read(this.#host, this.#sink, ws, () => {
        this.#retry.succeeded();
        this.#silence.heard();
      });
    });
    ws.on('error', (error) => (why = tooBigReason(error, this.#host) ?? networkReason(error)));
    ws.once('close', (code) => this.#disconnected(why ?? closeReason(code, this.#host)));
  }

  #disconnected(why: string): void {
    this.#ws = undefined;
    if (this.#closed) return;
    const wait = this.#retry.wait();
    this.#wasLost = true;
    this.#lost.happened(1, `${this.#url} ${why}; next attempt in ${wait} ms`);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#ws?.terminate();
    this.#sink.close();
    this.#lost.close();
    this.#silence.close();
  }
}

const tooBigReason = (error: Error, host: SourceHost) =>
  (error as { code?: string }).code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? closeReason(tooBig, host) : undefined;

export class WebSocketListener implements Source {
  readonly #sink: LineSink;
  readonly #server: WebSocketServer;

  constructor(host: SourceHost, port: number) {
    this.#sink = new LineSink(host);
    this.#server = new WebSocketServer({
      host: loopback,
      port,
      perMessageDeflate: false,
      maxPayload: host.maxLineBytes,
      // A page in the user's browser has an origin; programs have none.
      verifyClient: ({ req }: { req: { headers: { origin?: string } } }) =>
        req.headers.origin === undefined && this.#server.clients.size < maxReceiverConnections,
    });
    this.#server.on('error', (error) => host.told('error', `${loopback}:${port} ${networkReason(error)}`));
    this.#server.once('listening', () => {
      host.told('started', `listening on ws://${loopback}:${(this.#server.address() as AddressInfo).port}`);
    });
    this.#server.on('connection', (ws) => {
      read(host, this.#sink, ws, () => {});
      ws.on('error', (error) => host.told('error', `a client ${tooBigReason(error, host) ?? networkReason(error)}`));
    });
  }

  close(): void {
    for (const ws of this.#server.clients) ws.terminate();
    this.#server.close();
    this.#sink.close();
  }
}
