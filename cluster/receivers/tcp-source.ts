// Reads lines over TCP: as a client that reconnects whenever the connection is lost, or as a server on loopback.
import net from 'node:net';
import { loopback, maxReceiverConnections } from '../base/limits';
import type { LineCutter } from './cut-lines';
import { FirstLine } from './first-line';
import { ThrottledReport } from './limited-notices';
import { ClientConnection, ListeningPort, lossText, networkReason } from './reconnect';
import { SilenceWatch } from './silence-watch';
import { LineSink, type Source, type SourceHost } from './source';

/** All sockets of the process read into this buffer: what was read is passed on before the next read. */
const shared = Buffer.allocUnsafe(1 << 20);

const keepAliveMs = 10_000;

/** The buffer for the next read, smaller while the rate is limited. */
const readBuffer = (host: SourceHost) => shared.subarray(0, Math.min(shared.length, host.gate.readBytes));

export class SocketClient implements Source {
  readonly #host: SourceHost;
  readonly #address: { readonly host: string; readonly port: number };
  readonly #sink: LineSink;
  readonly #cutter: LineCutter;
  readonly #connection: ClientConnection;
  readonly #silence: SilenceWatch;
  #socket: net.Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #detach = () => {};
  #closed = false;

  constructor(host: SourceHost, address: { readonly host: string; readonly port: number }) {
    this.#host = host;
    this.#address = address;
    const name = `${address.host}:${address.port}`;
    this.#sink = new LineSink(host);
    this.#cutter = this.#sink.cutter();
    this.#connection = new ClientConnection(name, (event, message) => host.report(event, message));
    this.#silence = new SilenceWatch(host.silence, name, (message) => host.report('notice', message));
    this.#connect();
  }

  get pending(): number {
    return this.#cutter.pending;
  }

  #connect(): void {
    let why = 'closed the connection';
    const socket = net.connect({
      ...this.#address,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
      onread: {
        buffer: () => readBuffer(this.#host),
        callback: (n, bytes) => {
          this.#silence.heard();
          this.#connection.heard();
          this.#cutter.push(Buffer.from(bytes.buffer, bytes.byteOffset, n));
          return true;
        },
      },
    });
    this.#socket = socket;
    socket.once('connect', () => this.#connected(socket));
    socket.once('end', () => this.#cutter.end());
    socket.once('error', (error) => (why = networkReason(error)));
    socket.once('close', () => this.#disconnected(why));
  }

  #connected(socket: net.Socket): void {
    this.#detach = this.#host.gate.attach((open) => (open ? socket.resume() : socket.pause()));
    this.#silence.heard();
    this.#connection.connected();
  }

  #disconnected(why: string): void {
    this.#detach();
    this.#socket = undefined;
    if (this.#closed) return;
    const wait = this.#connection.disconnected(why, this.#cutter.abandon());
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
    this.#sink.close();
    this.#connection.close(this.#cutter.abandon());
    this.#silence.close();
  }
}

const clients = (count: number) => (count === 1 ? 'a client' : `${count} clients`);

export class SocketServer implements Source {
  readonly #host: SourceHost;
  readonly #sink: LineSink;
  readonly #server: net.Server;
  readonly #port: ListeningPort;
  readonly #connections = new Map<net.Socket, LineCutter>();
  readonly #lost: ThrottledReport;
  readonly #refused: ThrottledReport;
  readonly #pages: ThrottledReport;
  #lostBytes = 0;

  constructor(host: SourceHost, port: number) {
    this.#host = host;
    this.#sink = new LineSink(host);
    this.#lost = new ThrottledReport((count, why) => this.#reportLost(count, why));
    this.#refused = new ThrottledReport((count) =>
      host.report('error', `refused ${clients(count)}: ${maxReceiverConnections} clients are already connected`),
    );
    this.#pages = new ThrottledReport((count) =>
      host.report('error', `refused ${clients(count)}: the first line was an HTTP request, as a web page sends it`),
    );
    this.#port = new ListeningPort(`${loopback}:${port}`, (event, message) => host.report(event, message));
    this.#server = net.createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = maxReceiverConnections;
    const listen = () => this.#server.listen({ host: loopback, port });
    this.#server.on('error', (error) => this.#port.failed(error, listen));
    this.#server.on('drop', () => this.#refused.happened());
    this.#server.on('listening', () => {
      const { port: bound } = this.#server.address() as net.AddressInfo;
      this.#port.opened(`${loopback}:${bound}`);
    });
    listen();
  }

  get pending(): number {
    return [...this.#connections.values()].reduce((sum, { pending }) => sum + pending, 0);
  }

  #accept(socket: net.Socket): void {
    const cutter = this.#sink.cutter();
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    let why: string | undefined;
    this.#connections.set(socket, cutter);
    const first = new FirstLine();
    const push = (bytes: Buffer | 'request' | undefined) => {
      if (bytes === 'request') this.#refusePage(socket);
      else if (bytes !== undefined && bytes.length > 0) cutter.push(bytes);
    };
    socket.on('data', (bytes) => push(first.push(bytes)));
    const detach = this.#host.gate.attach((open) => (open ? socket.resume() : socket.pause()));
    socket.once('end', () => {
      push(first.end());
      cutter.end();
    });
    socket.once('error', (error) => (why = networkReason(error)));
    socket.once('close', () => {
      detach();
      this.#connections.delete(socket);
      const cut = cutter.abandon();
      this.#lostBytes += cut;
      if (cut > 0 || why !== undefined) this.#lost.happened(1, `${peer} ${why ?? 'was lost'}`);
    });
  }

  #refusePage(socket: net.Socket): void {
    socket.destroy();
    this.#pages.happened();
  }

  #reportLost(count: number, why: string): void {
    const others = count === 1 ? '' : ` (${count} clients)`;
    const loss = lossText(this.#lostBytes);
    this.#lostBytes = 0;
    this.#host.report('error', `${why}${others}${loss}`);
  }

  close(): void {
    this.#port.close();
    this.#server.close();
    for (const [socket, cutter] of this.#connections) {
      const cut = cutter.abandon();
      this.#lostBytes += cut;
      if (cut > 0) this.#lost.happened(1, 'the stream has ended');
      socket.destroy();
    }
    this.#sink.close();
    this.#lost.close();
    this.#refused.close();
    this.#pages.close();
  }
}
