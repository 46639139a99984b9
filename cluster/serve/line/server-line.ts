// The server's side of a session's line: it outlives its connection for the grace time, or as long as it is known that the session's process has ended.
import { randomBytes } from 'node:crypto';
import { isAlive, processNamespace } from '../../../runtime/base/process-owner';
import { graceCheckMs } from '../../base/limits';
import type { Connection, ConnectionEnd } from '../../link/connection';
import type { ToServer, ToSession, Visitor } from '../protocol';
import { Line } from './line';

export interface LineOptions {
  readonly visitor: Visitor;
  readonly graceMs: number;
  /** Bytes that may wait for the session. */
  readonly mostBytes: number;
  take(message: ToServer, tail: Uint8Array): void;
  /** Called once, when nothing can come any more; `reason` is undefined where that is no surprise. */
  ended(reason?: string): void;
}

export class ServerLine {
  readonly key = randomBytes(16).toString('hex');
  readonly #options: LineOptions;
  readonly #line: Line;
  #connection: Connection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** `welcome` is the answer to the first connection; it is not counted. */
  constructor(options: LineOptions) {
    this.#options = options;
    this.#line = new Line((reason) => this.#end(reason), options.mostBytes);
  }

  /** Bytes that the session has not read yet. */
  get unreadBytes(): number {
    return this.#line.unreadBytes;
  }

  /** Whether a connection is there. */
  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** Begins over the first connection, with an answer that is not counted. */
  open(connection: Connection, welcome: ToSession, tail: Uint8Array): void {
    connection.send(welcome, tail);
    this.#connection = connection;
    this.#line.connect(connection, 0);
  }

  /** Goes on over another connection, whose other side has read so many messages. Throws PROTOCOL. */
  resume(connection: Connection, read: number): void {
    const before = this.#connection;
    this.#connection = connection;
    clearInterval(this.#timer);
    before?.close('the session goes on over another connection');
    connection.send({ kind: 'resumed', read: this.#line.read } satisfies ToSession);
    this.#line.connect(connection, read);
  }

  send(message: ToSession, tail?: Uint8Array): void {
    if (!this.#isOver) this.#line.send(message, tail);
  }

  /** Throws PROTOCOL or BAD_NODE for a message that no session of this version sends. */
  take(message: ToServer, tail: Uint8Array): void {
    if (message.kind === 'read') return this.#line.wasRead(message.messages);
    this.#line.arrived(tail);
    this.#options.take(message, tail);
  }

  dropped(connection: Connection, reason: string, how: ConnectionEnd): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    this.#line.disconnect();
    if (how !== 'lost') return this.#end(how === 'finished' ? undefined : reason);
    const { graceMs, visitor } = this.#options;
    const until = performance.now() + graceMs;
    const isHere = visitor.namespace === processNamespace();
    // At the moment in which a process ends, its sockets close first.
    const check = () => {
      if (isHere && !isAlive(visitor.pid, visitor.started)) this.#end();
      else if (performance.now() > until) this.#end(`no connection for ${Math.round(graceMs / 1000)} s`);
    };
    this.#timer = setInterval(check, Math.min(graceCheckMs, graceMs)).unref();
  }

  /** Says goodbye, and ends without asking anybody. */
  close(goodbye: ToSession, tail: Uint8Array): void {
    this.#connection?.send(goodbye, tail);
    this.#shut();
  }

  #end(reason?: string): void {
    if (this.#isOver) return;
    this.#connection?.close(reason ?? 'the session has ended');
    this.#shut();
    this.#options.ended(reason);
  }

  #shut(): void {
    this.#isOver = true;
    this.#connection = undefined;
    clearInterval(this.#timer);
    this.#line.end();
  }
}
