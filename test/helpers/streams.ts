// What tests of streams share: servers that speak when they are told to, and a stream whose elements and messages are gathered.
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { suite } from 'uvu';
import { connect } from '../../cluster/connect';
import {
  type Context,
  type DStream,
  StreamCheck,
  type StreamDisplay,
  StreamingContext,
  type StreamingOptions,
} from '../../runtime/index';
import { masterOf } from './master';
import { until } from './within';

/** Generous: the machine may be starved. */
const limitMs = 60_000;

/** A display that shows nothing; `told` hears the notices, an error behind its sentence. */
export function quietDisplay(told: (text: string) => unknown = () => {}): StreamDisplay {
  const notice = (message: string, error?: Error) => void told(error ? `${message}: ${error.message}` : message);
  return { printed() {}, pane() {}, paneClosed() {}, notice };
}

type Suite = ReturnType<typeof suite>;

/** What the tests of a file share: a context in this process, a judge of batches; each test has a folder and notices of its own. */
export class StreamTests {
  #sc: Context | undefined;
  #folder = '';
  readonly notices: string[] = [];
  readonly display = quietDisplay((text) => this.notices.push(text));

  constructor(test: Suite) {
    test.before(async () => {
      this.#sc = await connect(masterOf('local'));
    });
    test.before.each(() => {
      this.#folder = mkdtempSync(join(tmpdir(), 'streams-'));
      this.notices.length = 0;
    });
    test.after.each(() => rmSync(this.#folder, { recursive: true, force: true }));
    test.after(() => this.sc.stop());
  }

  get sc(): Context {
    return this.#sc as Context;
  }

  get check(): StreamCheck {
    return new StreamCheck(this.sc);
  }

  get folder(): string {
    return this.#folder;
  }
}

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
    const display = quietDisplay((text) => this.notices.push(text));
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
