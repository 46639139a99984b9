// A listening socket of ZeroMQ: ROUTER, PUB or REP at a port of loopback, or at a Unix socket.
import { lstatSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { type Frame, FrameReader, greeting, messageBytes, pongBytes, readCommand, readProperties, readyBytes } from './frames';

export type SocketType = 'ROUTER' | 'PUB' | 'REP';

/** Where it listens. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

/** Who may talk to whom. */
const fitting: Readonly<Record<SocketType, readonly string[]>> = {
  ROUTER: ['DEALER', 'REQ', 'ROUTER'],
  PUB: ['SUB', 'XSUB'],
  REP: ['REQ', 'DEALER'],
};

const mostPeers = 256;
const mostFrameBytes = 64 * 1024 * 1024;
/** Of one that has not proved yet that it knows the key. */
const mostStrangerBytes = 1024 * 1024;
const mostContextBytes = 16;
const mostParts = 64;
const mostTopics = 64;
const mostTopicBytes = 1024;
/** A peer that does not read loses what comes beyond this. */
const mostWaitingBytes = 64 * 1024 * 1024;
/** Greeting and READY come at once. */
const handshakeMs = 2_000;

/** A connection. */
export interface Peer {
  /** The name that it gave itself; one front end has the same on all of its sockets. */
  readonly identity: string;
  send(parts: readonly Uint8Array[]): void;
  /** It has proved that it knows the key. */
  trust(): void;
}

/** Called with each whole message. */
export type OnMessage = (parts: readonly Buffer[], peer: Peer) => void;

export class ServerSocket {
  readonly #type: SocketType;
  readonly #onMessage: OnMessage;
  readonly #peers = new Set<Connection>();
  readonly #server: Server;

  constructor(type: SocketType, onMessage: OnMessage = () => {}) {
    this.#type = type;
    this.#onMessage = onMessage;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  listen(place: Place): Promise<void> {
    // A kernel that was killed has left its socket; another file of that name is somebody's.
    if ('path' in place && lstatSync(place.path, { throwIfNoEntry: false })?.isSocket()) rmSync(place.path, { force: true });
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ ...place }, () => resolve());
    });
  }

  /** The connection of the front end that has this identity. */
  peer(identity: string): Peer | undefined {
    return [...this.#peers].find((peer) => peer.isReady && peer.identity === identity);
  }

  /** To all that have asked for this topic, the first part. */
  publish(parts: readonly Uint8Array[]): void {
    let bytes: Buffer | undefined;
    for (const peer of this.#peers) {
      if (!peer.wants(parts[0])) continue;
      bytes ??= messageBytes(parts);
      peer.write(bytes);
    }
  }

  /** Ends all connections once what waits is written. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const peer of this.#peers) peer.end();
    await closed;
  }

  #accept(socket: Socket): void {
    // Only those that send requests can be told apart.
    const stranger = this.#type === 'ROUTER' ? [...this.#peers].find((peer) => !peer.isTrusted) : undefined;
    if (this.#peers.size >= mostPeers && !stranger) return void socket.destroy();
    if (this.#peers.size >= mostPeers && stranger) this.#cut(stranger);
    const peer = new Connection(socket, this.#type, this.#onMessage);
    this.#peers.add(peer);
    socket.once('close', () => this.#peers.delete(peer));
  }

  #cut(peer: Connection): void {
    this.#peers.delete(peer);
    peer.cut();
  }
}

class Connection implements Peer {
  readonly #socket: Socket;
  readonly #type: SocketType;
  readonly #onMessage: OnMessage;
  readonly #reader = new FrameReader(mostStrangerBytes);
  readonly #topics: Buffer[] = [];
  #parts: Buffer[] = [];
  #bytes = 0;
  isReady = false;
  isTrusted = false;
  identity = '';

  constructor(socket: Socket, type: SocketType, onMessage: OnMessage) {
    this.#socket = socket;
    this.#type = type;
    this.#onMessage = onMessage;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (bytes) => this.#take(bytes as Buffer));
    const timer = setTimeout(() => this.isReady || socket.destroy(), handshakeMs);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
    socket.write(greeting);
    socket.write(readyBytes(type));
  }

  send(parts: readonly Uint8Array[]): void {
    this.write(messageBytes(parts));
  }

  write(bytes: Buffer): void {
    if (this.#socket.writable && this.#socket.writableLength < mostWaitingBytes) this.#socket.write(bytes);
  }

  wants(topic: Uint8Array): boolean {
    return this.isReady && this.#topics.some((wanted) => wanted.equals(topic.subarray(0, wanted.length)));
  }

  trust(): void {
    this.isTrusted = true;
    this.#reader.mostBytes = mostFrameBytes;
  }

  cut(): void {
    this.#socket.destroy();
  }

  end(): void {
    this.#socket.end();
    // A peer that does not close its side is not waited for.
    setTimeout(() => this.#socket.destroy(), 200).unref();
  }

  #take(bytes: Buffer): void {
    const frames = this.#reader.take(bytes);
    if (!frames?.every((frame) => this.#takeFrame(frame))) this.#socket.destroy();
  }

  /** False where the peer breaks the rules. */
  #takeFrame({ isCommand, more, body }: Frame): boolean {
    if (isCommand) return this.#command(body);
    if (!this.isReady) return false;
    if (this.#type === 'PUB') return this.#topic(body[0] === 1, body.subarray(1));
    this.#parts.push(body);
    this.#bytes += body.length;
    if (this.#parts.length > mostParts || this.#bytes > this.#reader.mostBytes) return false;
    if (more) return true;
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    this.#onMessage(parts, this);
    return true;
  }

  #command(body: Buffer): boolean {
    const command = readCommand(body);
    switch (command?.name) {
      case 'READY': {
        const properties = readProperties(command.data);
        const type = properties?.get('socket-type')?.toString('latin1');
        this.identity = properties?.get('identity')?.toString('hex') ?? '';
        this.isReady = type !== undefined && fitting[this.#type].includes(type);
        return this.isReady;
      }
      case 'SUBSCRIBE':
      case 'CANCEL':
        return this.isReady && this.#topic(command.name === 'SUBSCRIBE', command.data);
      case 'PING':
        this.write(pongBytes(command.data.subarray(2, 2 + mostContextBytes)));
        return true;
      default:
        // Others are answers, or of later versions.
        return command !== undefined && command.name !== 'ERROR';
    }
  }

  #topic(isWanted: boolean, topic: Buffer): boolean {
    const at = this.#topics.findIndex((one) => one.equals(topic));
    if (!isWanted) return at < 0 || this.#topics.splice(at, 1).length === 1;
    return topic.length <= mostTopicBytes && this.#topics.push(topic) <= mostTopics;
  }
}
