// The driver's door: a WebSocket server on loopback that admits the executors of this session and nobody else.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { executorPath, handshakeBytes, handshakeMs, loopback, maxToDriverBytes, strangers } from '../base/limits';
import { deadline } from '../link/deadline';
import { refuse } from '../link/fields';
import { DriverHandshake } from '../link/handshake';

/** WebSocket close code for a peer that is refused. */
const turnedAway = 4401;

export interface DoorOptions {
  readonly token: Buffer;
  readonly maxExecutors: number;
  /** True for an executor that was started and has not connected yet. */
  admits(executorId: string): boolean;
  /** Called when an executor has proved itself; the next frame is its first message. */
  entered(executorId: string, ws: WebSocket, socket: Socket): void;
}

export class DriverDoor {
  readonly #options: DoorOptions;
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    perMessageDeflate: false,
    maxPayload: maxToDriverBytes,
  });
  readonly #strangers = new Map<Socket, Stranger>();
  #port = 0;

  private constructor(options: DoorOptions) {
    this.#options = options;
    this.#http = createServer({ maxHeaderSize: handshakeBytes }, (_, response) => {
      response.writeHead(404, { connection: 'close' }).end();
    });
    this.#http.maxConnections = options.maxExecutors * 2 + strangers;
    this.#http.on('connection', (socket: Socket) =>
      this.#strangers.set(socket, new Stranger(socket, () => this.#strangers.delete(socket))),
    );
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Opens a door on a free port of the loopback interface. */
  static open(options: DoorOptions): Promise<DriverDoor> {
    const door = new DriverDoor(options);
    return new Promise((resolve, reject) => {
      door.#http.once('error', reject);
      door.#http.listen(0, loopback, () => {
        door.#port = (door.#http.address() as AddressInfo).port;
        resolve(door);
      });
    });
  }

  get port(): number {
    return this.#port;
  }

  close(): Promise<void> {
    for (const ws of this.#sockets.clients) ws.terminate();
    this.#http.closeAllConnections();
    return new Promise((resolve) => this.#http.close(() => resolve()));
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    // Every connection of an http server is a net.Socket.
    const socket = stream as Socket;
    if (!this.#isOurs(request)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#handshake(ws, socket));
  }

  /** No browser page can send such a request: browsers always send an Origin, and Host gives away a rebound name. */
  #isOurs(request: IncomingMessage): boolean {
    const { headers, url } = request;
    return headers.origin === undefined && headers.host === `${loopback}:${this.#port}` && url === executorPath;
  }

  #handshake(ws: WebSocket, socket: Socket): void {
    const stranger = this.#strangers.get(socket);
    stranger?.count();
    const handshake = new DriverHandshake(this.#options.token, (id) => this.#options.admits(id));
    const take = (data: RawData, isBinary: boolean) => {
      try {
        if (isBinary) refuse('a binary message before the handshake');
        const next = handshake.take(data.toString());
        if ('reply' in next) {
          ws.send(next.reply);
          return;
        }
        ws.off('message', take);
        stranger?.settle();
        this.#options.entered(next.executorId, ws, socket);
      } catch {
        // A stranger does not learn the reason.
        ws.close(turnedAway);
        ws.terminate();
      }
    };
    ws.on('error', () => ws.terminate());
    ws.on('message', take);
  }
}

/** A connection that has not authenticated yet. It is closed if it takes too long or sends too much. */
class Stranger {
  readonly #socket: Socket;
  readonly #cancelDeadline: () => void;
  readonly #settled: () => void;

  constructor(socket: Socket, settled: () => void) {
    this.#socket = socket;
    this.#settled = settled;
    this.#cancelDeadline = deadline(handshakeMs, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.settle());
  }

  /** Counts its bytes from now on. Called after the upgrade: the HTTP parser has its own limit for what comes before. */
  count(): void {
    this.#socket.on('data', this.#check);
  }

  settle(): void {
    this.#cancelDeadline();
    this.#socket.off('data', this.#check);
    this.#settled();
  }

  readonly #check = (): void => {
    if (this.#socket.bytesRead > handshakeBytes) this.#socket.destroy();
  };
}
