// What tests of streams share: servers that speak when they are told to, and a stream whose elements and messages are gathered.
import net from 'node:net';
import { type Context, type DStream, StreamingContext, type StreamingOptions } from '../../runtime/index';
import { until } from './within';

/** Generous: the machine may be starved. */
const limitMs = 60_000;

/** A TCP server that sends what the test says to all that are connected. */
export class LineServer {
  readonly #server: net.Server;
  readonly connections = new Set<net.Socket>();

  private constructor(server: net.Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.connections.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.connections.delete(socket));
    });
  }

  static async open(port = 0): Promise<LineServer> {
    const server = net.createServer();
    const opened = new LineServer(server);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
    return opened;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  async connected(count = 1): Promise<void> {
    await until(limitMs, () => this.connections.size >= count, `${count} connections`);
  }

  send(bytes: string | Uint8Array): void {
    for (const socket of this.connections) socket.write(bytes);
  }

  /** Resolves when all connections are gone: in good order, or suddenly. */
  async close(suddenly = false): Promise<void> {
    for (const socket of this.connections) {
      if (suddenly) socket.resetAndDestroy();
      else socket.end();
    }
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** A running stream of one source: what it gave, batch by batch, and what was told meanwhile. */
export class Listening<T> {
  readonly streaming: StreamingContext;
  readonly elements: T[] = [];
  readonly notices: string[] = [];

  constructor(sc: Context, make: (streaming: StreamingContext) => DStream<T>, options: StreamingOptions = {}) {
    const notice = (message: string, error?: Error) => this.notices.push(error ? `${message}: ${error.message}` : message);
    const display = { printed() {}, pane() {}, paneClosed() {}, notice };
    this.streaming = new StreamingContext(sc, '100ms', { display, blockInterval: '20ms', ...options });
    make(this.streaming)
      .setName('source')
      .foreachRDD(async (rdd) => {
        for (const x of await rdd.collect()) this.elements.push(x);
      });
    this.streaming.start();
  }

  /** Waits for so many elements. */
  async count(n: number): Promise<readonly T[]> {
    await until(limitMs, () => this.elements.length >= n, `${n} elements (${this.elements.length} came; ${this.notices})`);
    return this.elements;
  }

  /** Waits for a notice. */
  async told(pattern: RegExp): Promise<string> {
    const found = await until(
      limitMs,
      () => this.notices.find((n) => pattern.test(n)),
      `a notice like ${pattern} among ${this.notices}`,
    );
    return found as string;
  }

  /** The port of a source that listens. */
  async port(): Promise<number> {
    return Number(/:(\d+)$/.exec(await this.told(/listening on/))?.[1]);
  }

  stop(graceful = false): Promise<void> {
    return this.streaming.stop({ graceful });
  }
}
