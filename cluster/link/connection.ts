// One authenticated connection between a driver and an executor: frames both ways, signs of life both ways, caps on what waits.
import type { Socket } from 'node:net';
import { parse, stringify } from 'superjson';
import type { RawData, WebSocket } from 'ws';
import { frameHead, readFrame } from '../../runtime/wire/frame';
import { heartbeatMs, maxBufferedBytes } from '../limits';
import { refuse } from './fields';

export interface ConnectionListener {
  /** The tail is the receiver's own memory. Throwing closes the connection with what was thrown as the reason. */
  message(control: unknown, tail: Uint8Array): void;
  /** Told once. */
  closed(reason: string): void;
  /** Called at each beat if nothing has been heard since the beat before it, with the length of the silence. */
  silent(ms: number): void;
}

/** Up to this size a tail is copied behind its head: one write is cheaper than two frames. */
const joinedTail = 32_768;

export class Connection {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #listener: ConnectionListener;
  readonly #timer: NodeJS.Timeout;
  #corked = false;
  #closed = false;
  #heardBytes = 0;
  #heardAt = performance.now();
  #lookedAt = performance.now();

  constructor(ws: WebSocket, socket: Socket, listener: ConnectionListener) {
    this.#ws = ws;
    this.#socket = socket;
    this.#listener = listener;
    socket.setNoDelay(true);
    ws.on('message', (data, isBinary) => this.#receive(data, isBinary));
    ws.on('close', (code) => this.#close(`the connection closed (${code})`));
    ws.on('error', (error) => this.#close(`the connection failed: ${error.message}`));
    this.#timer = setInterval(() => this.#beat(), heartbeatMs);
  }

  /** Sends a message; messages of one turn of the event loop leave in one write. */
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

  /** Ends the connection at once and tells the listener. */
  close(reason: string): void {
    this.#ws.terminate();
    this.#close(reason);
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
      if (!isBinary || !Buffer.isBuffer(data)) refuse('a text where a frame was expected');
      const frame = readFrame(data);
      this.#listener.message(parse(frame.control), ownTail(data, frame.tail));
    } catch (error) {
      this.close(error instanceof Error ? error.message : String(error));
    }
  }

  #beat(): void {
    const now = performance.now();
    // After a pause of this process itself (a loop of the user's, a suspended machine) what the peer sent is still unread.
    const paused = now - this.#lookedAt > 2 * heartbeatMs;
    this.#lookedAt = now;
    const heard = paused || this.#socket.bytesRead !== this.#heardBytes;
    if (heard) {
      this.#heardBytes = this.#socket.bytesRead;
      this.#heardAt = now;
    }
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping();
    if (!heard) this.#listener.silent(now - this.#heardAt);
  }

  #close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    this.#listener.closed(reason);
  }
}

/** The tail of a frame in memory of its own: a small frame is a view on a chunk of the socket that holds other frames too. */
function ownTail(frame: Buffer, tail: Uint8Array): Uint8Array {
  const alone = frame.byteOffset === 0 && frame.byteLength === frame.buffer.byteLength;
  return alone ? tail : new Uint8Array(tail);
}
