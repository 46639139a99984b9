// A kind of connections of which only so many stay open: a newer one evicts the oldest.
import type { Socket } from 'node:net';

export class ConnectionCap {
  readonly #most: () => number;
  /** The oldest first; one that was used again counts as new. */
  readonly #sockets = new Set<Socket>();
  #isTrimming = false;

  constructor(most: () => number) {
    this.#most = most;
  }

  add(socket: Socket): void {
    const isNew = !this.#sockets.delete(socket);
    this.#sockets.add(socket);
    if (isNew) socket.once('close', () => this.remove(socket));
    if (this.#isTrimming) return;
    this.#isTrimming = true;
    // Of connections that came in one burst, each gets to say its first words: they are read in the turn after the next.
    setImmediate(() => setImmediate(() => this.#trim()));
  }

  /** It is closed, or of another kind now. */
  remove(socket: Socket): void {
    this.#sockets.delete(socket);
  }

  #trim(): void {
    this.#isTrimming = false;
    for (const socket of this.#sockets) {
      if (this.#sockets.size <= this.#most()) return;
      this.#sockets.delete(socket);
      socket.destroy();
    }
  }
}
