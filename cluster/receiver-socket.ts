// Lines of TCP: as a client that connects again whenever the connection is lost, and listening on loopback.
import net from 'node:net';
import { loopback, maxReceiverConnections } from './limits';
import type { LineCutter } from './receiver-lines';
import { LineSink, type Source, type SourceHost } from './receiver-source';
import { networkReason, Rarely, Retry, Silence } from './receiver-words';

/** All sockets of the process read into this, one after the other: what is read is passed on before the next read. */
const shared = Buffer.allocUnsafe(1 << 20);

const keepAliveMs = 10_000;

/** The next read: less of it while the rate is limited. */
const readBuffer = (host: SourceHost) => shared.subarray(0, Math.min(shared.length, host.flow.readBytes));

export class SocketClient implements Source {
  readonly #host: SourceHost;
  readonly #address: { readonly host: string; readonly port: number };
  readonly #name: string;
  readonly #sink: LineSink;
  readonly #cutter: LineCutter;
  readonly #retry = new Retry();
  readonly #lost: Rarely;
  readonly #silence: Silence;
  #socket: net.Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #detach = () => {};
  #closed = false;
  #wasLost = false;

  constructor(host: SourceHost, address: { readonly host: string; readonly port: number }) {
    this.#host = host;
    this.#address = address;
    this.#name = `${address.host}:${address.port}`;
    this.#sink = new LineSink(host);
    this.#cutter = this.#sink.cutter();
    this.#lost = new Rarely((count, why) => host.told('error', `${why}${count > 1 ? ` (${count} times)` : ''}`));
    this.#silence = new Silence(host.silence, this.#name, (message) => host.told('notice', message));
    this.#connect();
  }

  get pending(): number {
    return this.#cutter.pending;
  }

  #connect(): void {
    let why = 'ended the connection';
    const socket = net.connect({
      ...this.#address,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
      onread: {
        buffer: () => readBuffer(this.#host),
        callback: (n, bytes) => {
          this.#silence.heard();
          this.#retry.succeeded();
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
    this.#detach = this.#host.flow.attach((open) => (open ? socket.resume() : socket.pause()));
    this.#silence.heard();
    if (this.#wasLost) this.#host.told('notice', `${this.#name} is connected again`);
    else this.#host.told('started', `connected to ${this.#name}`);
    this.#lost.reset();
  }

  #disconnected(why: string): void {
    this.#detach();
    this.#socket = undefined;
    if (this.#closed) return;
    const cut = this.#cutter.abandon();
    const loss = cut > 0 ? `, in the middle of a line, of which ${cut} bytes are lost` : '';
    const wait = this.#retry.wait();
    this.#wasLost = true;
    this.#lost.happened(1, `${this.#name} ${why}${loss}; next attempt in ${wait} ms`);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
    this.#sink.close();
    this.#lost.close();
    this.#silence.close();
  }
}

export class SocketServer implements Source {
  readonly #sink: LineSink;
  readonly #server: net.Server;
  readonly #connections = new Map<net.Socket, LineCutter>();

  constructor(host: SourceHost, port: number) {
    this.#sink = new LineSink(host);
    this.#server = net.createServer((socket) => this.#accept(host, socket));
    this.#server.maxConnections = maxReceiverConnections;
    this.#server.once('error', (error) => host.told('error', `${loopback}:${port} ${networkReason(error)}`));
    this.#server.listen({ host: loopback, port }, () => {
      const { port: bound } = this.#server.address() as net.AddressInfo;
      host.told('started', `listening on ${loopback}:${bound}`);
    });
  }

  get pending(): number {
    return [...this.#connections.values()].reduce((sum, { pending }) => sum + pending, 0);
  }

  #accept(host: SourceHost, socket: net.Socket): void {
    const cutter = this.#sink.cutter();
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#connections.set(socket, cutter);
    socket.on('data', (bytes) => cutter.push(bytes));
    const detach = host.flow.attach((open) => (open ? socket.resume() : socket.pause()));
    socket.once('end', () => cutter.end());
    socket.once('error', (error) => host.told('error', `${peer} ${networkReason(error)}`));
    socket.once('close', () => {
      detach();
      this.#connections.delete(socket);
      const cut = cutter.abandon();
      if (cut > 0) host.told('error', `${peer} was lost in the middle of a line, of which ${cut} bytes are lost`);
    });
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#connections.keys()) socket.destroy();
    this.#sink.close();
  }
}
