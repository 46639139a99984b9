// A door: a WebSocket server on a Unix socket that admits those who know its token, and nobody else: executors of a session, sessions of a server.
import { chmodSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { ConnectionCap } from '../base/connection-cap';
import { executorPath, handshakeBytes, handshakeMs, maxToDriverBytes, strangers } from '../base/limits';

import { deadline } from '../link/deadline';
import { doorHost } from '../link/dial';
import { refuse } from '../link/fields';
import { DriverHandshake } from '../link/handshake';

/** Between two questions of the system to a peer at a port that says nothing. */
const keepAliveMs = 15_000;

/** WebSocket close code for a peer that is refused. */
export const turnedAway = 4401;

export interface DoorOptions {
  /** False: neither the door nor its connections keep this process alive. */
  readonly holds: boolean;
  readonly token: Buffer;
  /** The only address that it serves. Default: that of executors. */
  readonly url?: string;
  /** Listens at a port, not at a socket; with TLS where there is a certificate. */
  readonly port?: {
    readonly host: string;
    readonly port: number;
    readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
  };
  /** The largest message in bytes. Default: that of executors. */
  readonly maxPayload?: number;
  /** Executors that were started and have not connected yet. */
  awaited(): number;
  /** True for an executor that was started and has not connected yet. */
  admits(executorId: string): boolean;
  /** Called when an executor has proved itself; the next frame is its first message. */
  entered(executorId: string, ws: WebSocket, socket: Socket): void;
}

export class DriverDoor {
  readonly #options: DoorOptions;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #all: ConnectionCap;
  readonly #strangers = new Map<Socket, Stranger>();
  /** The path of its Unix socket. */
  readonly path: string;

  private constructor(path: string, options: DoorOptions) {
    this.path = path;
    this.#options = options;
    const { maxPayload = maxToDriverBytes } = options;
    this.#sockets = new WebSocketServer({ noServer: true, clientTracking: true, perMessageDeflate: false, maxPayload });
    this.#all = new ConnectionCap(() => strangers + options.awaited());
    const deny: RequestListener = (_, response) => {
      response.writeHead(404, { connection: 'close' }).end();
    };
    const tls = options.port?.tls;
    this.#http = tls
      ? createSecureServer({ ...tls, maxHeaderSize: handshakeBytes, handshakeTimeout: handshakeMs }, deny)
      : createServer({ maxHeaderSize: handshakeBytes }, deny);
    if (!options.holds) this.#http.unref();
    // With TLS: once its own handshake is over, which has the same time.
    this.#http.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
      if (options.port) socket.setKeepAlive(true, keepAliveMs);
      if (!options.holds) socket.unref();
      this.#all.add(socket);
      const settled = () => {
        this.#strangers.delete(socket);
        this.#all.remove(socket);
      };
      this.#strangers.set(socket, new Stranger(socket, settled));
    });
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Opens a door at a path where nothing is yet, in a folder that only this user can enter. */
  static open(path: string, options: DoorOptions): Promise<DriverDoor> {
    const door = new DriverDoor(path, options);
    return new Promise((resolve, reject) => {
      door.#http.once('error', reject);
      const { port } = options;
      if (port) return door.#http.listen(port.port, port.host, () => resolve(door));
      return door.#http.listen(path, () => {
        try {
          chmodSync(path, 0o600);
        } catch {
          // Not every file system has modes of sockets. That of the folder keeps others out.
        }
        resolve(door);
      });
    });
  }

  /** The port that it listens at. */
  get port(): number | undefined {
    const address = this.#http.address();
    return typeof address === 'object' ? address?.port : undefined;
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

  /** No browser reaches a Unix socket; where something passes its requests on, they still have an Origin and another Host. */
  #isOurs(request: IncomingMessage): boolean {
    const { headers, url } = request;
    return headers.origin === undefined && headers.host === doorHost && url === (this.#options.url ?? executorPath);
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
