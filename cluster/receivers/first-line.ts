// Refuses web pages at a listening socket: a page may send a POST to any port of this machine, and its lines would pass for data.
import { Buffer } from 'node:buffer';

const request = /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE|PRI) [^\r\n]* HTTP\/\d/;
const longestMethod = 'OPTIONS '.length;
const beginning = /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE|PRI) /;

/** Browsers send longer addresses than this to nobody. */
const mostHeld = 64 << 10;

/** Holds the first bytes of a connection until they are certainly no HTTP request. */
export class FirstLine {
  #held: Buffer | undefined = Buffer.alloc(0);

  /** The bytes to pass on; 'request' if the first line is an HTTP request. */
  push(bytes: Buffer): Buffer | 'request' | undefined {
    if (!this.#held) return bytes;
    this.#held = Buffer.concat([this.#held, bytes]);
    const text = this.#held.subarray(0, mostHeld).toString('latin1');
    const isWhole = text.includes('\n') || text.length >= mostHeld;
    if (isWhole && request.test(text)) return 'request';
    const isOpen = !isWhole && (text.length < longestMethod ? !text.includes('\n') : beginning.test(text));
    return isOpen ? undefined : this.#release();
  }

  /** The connection has ended: what it holds was no request. */
  end(): Buffer {
    return this.#release();
  }

  #release(): Buffer {
    const held = this.#held ?? Buffer.alloc(0);
    this.#held = undefined;
    return held;
  }
}
