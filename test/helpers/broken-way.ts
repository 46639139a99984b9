// A way to a server that a test can break: a socket whose connections are passed on, cut, or refused.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export class BrokenWay {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'way-'));
  readonly #pairs = new Set<net.Socket>();
  readonly #door: net.Server;
  /** Connections that were passed on. */
  passed = 0;
  /** Whether new connections are cut at once. */
  isShut = false;

  private constructor(to: string) {
    copyFileSync(`${to}.card`, `${this.socket}.card`);
    this.#door = net.createServer((near) => {
      if (this.isShut) return near.destroy();
      this.passed++;
      const far = net.connect(to);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ]) {
        this.#pairs.add(one);
        one.on('error', () => {});
        one.on('close', () => {
          this.#pairs.delete(one);
          other.destroy();
        });
        one.on('end', () => other.end());
        one.on('data', (bytes) => other.write(bytes));
      }
      return undefined;
    });
  }

  /** A way to the server at a socket. */
  static async to(socket: string): Promise<BrokenWay> {
    const way = new BrokenWay(socket);
    await new Promise<void>((resolve) => way.#door.listen(way.socket, resolve));
    return way;
  }

  get socket(): string {
    return path.join(this.#folder, 's');
  }

  get master(): string {
    return `serve:${this.socket}`;
  }

  /** Breaks all connections, with what is under way. */
  cut(): void {
    for (const socket of [...this.#pairs]) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#door.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
