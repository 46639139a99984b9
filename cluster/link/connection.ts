// One authenticated connection between a driver and an executor: frames and heartbeats both ways, and a cap on unsent bytes.
import type { Socket } from 'node:net';
import { parse, stringify } from 'superjson';
import type { RawData, WebSocket } from 'ws';
import { frameHead, readFrame } from '../../runtime/wire/frame';
import { heartbeatMs, maxBufferedBytes } from '../base/limits';
import { refuse } from './fields';

/** The other side finished a connection in good order, it was lost, or this side closed it. */
export type ConnectionEnd = 'finished' | 'lost' | 'closed here';

export interface ConnectionListener {
  /** Takes a message; the tail is memory of its own. If it throws, the connection closes with that error as the reason. */
  message(control: unknown, tail: Uint8Array): void;
  /** Called once. */
  closed(reason: string, how: ConnectionEnd): void;
  /** Called with the length of the silence at each heartbeat interval in which nothing arrived. */
  silent(ms: number): void;
}

/** Tails of at most this size are copied behind their head: one write is cheaper than two frames. */
const joinedTail = 32_768;

/** The close code of a connection that one side has finished. */
const finished = 1000;

export class Connection {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #listener: ConnectionListener;
  readonly #timer: NodeJS.Timeout;
  #corked = false;
  #closed = false;
  #heardBytes = 0;
  #heardAt = performance.now();
  #checkedAt = performance.now();

  constructor(ws: WebSocket, socket: Socket, listener: ConnectionListener) {
    this.#ws = ws;
    this.#socket = socket;
    this.#listener = listener;
    socket.setNoDelay(true);
    ws.on('message', (data, isBinary) => this.#receive(data, isBinary));
    ws.on('close', (code) => this.#close(`the connection closed (${code})`, code === finished ? 'finished' : 'lost'));
    ws.on('error', (error) => this.#close(`the connection failed: ${error.message}`, 'lost'));
    // The socket keeps the process alive, unless it is not to.
    this.#timer = setInterval(() => this.#beat(), heartbeatMs).unref();
  }

  /** Sends a message. All messages of one turn of the event loop leave in one write. */
  send(control: object, tail?: Uint8Array): void {
    if (this.#closed) return;
    if (this.#ws.bufferedAmount > maxBufferedBytes) {
      this.close('the peer does not read what it is sent');
      return;
    }
    this.#cork();
    const head = frameHead(stringify(control));
    if (tail === undefined || tail.length === 0) this.#ws.send(head);
    else if (tail.length <= joinedTail) this.#ws.send(Buffer.concat([head, tail]));
    else {
      this.#ws.send(head, { fin: false });
      this.#ws.send(tail, { fin: true });
    }
  }

  /** Ends the connection at once and calls `closed`. */
  close(reason: string): void {
    this.#ws.terminate();
    this.#close(reason, 'closed here');
  }

  /** Ends the connection in good order, behind all that was sent. */
  finish(reason: string): void {
    if (this.#corked) this.#socket.uncork();
    this.#ws.close(finished);
    this.#close(reason, 'closed here');
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#closed) return;
    try {
      if (!isBinary || !Buffer.isBuffer(data)) refuse('a text message instead of a frame');
      const frame = readFrame(data);
      this.#listener.message(parse(frame.control), ownTail(data, frame.tail));
    } catch (error) {
      this.close(error instanceof Error ? error.message : String(error));
    }
  }

  #beat(): void {
    const now = performance.now();
    // If this process itself paused (the user's loop, a suspended machine), what the peer sent is still unread.
    const paused = now - this.#checkedAt > 2 * heartbeatMs;
    this.#checkedAt = now;
    const heard = paused || this.#socket.bytesRead !== this.#heardBytes;
    if (heard) {
      this.#heardBytes = this.#socket.bytesRead;
      this.#heardAt = now;
    }
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping();
    if (!heard) this.#listener.silent(now - this.#heardAt);
  }

  #close(reason: string, how: ConnectionEnd): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    this.#listener.closed(reason, how);
  }
}

/** Copies a tail that is a view on a chunk of the socket, which holds other frames too. */
function ownTail(frame: Buffer, tail: Uint8Array): Uint8Array {
  const alone = frame.byteOffset === 0 && frame.byteLength === frame.buffer.byteLength;
  return alone ? tail : new Uint8Array(tail);
}
