// Decides who may see the pages: each link opens them once and gives a cookie; requests that another site causes are refused.
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { loopback, pageLinks } from '../base/limits';

const secretBytes = 32;
/** 43 characters: with it, a link fits into a line of 80 columns. */
const secretText = /^[\w-]{43}$/;

/** Secrets, stored as hashes so that the time of a comparison reveals nothing; new ones evict the oldest. */
class Secrets {
  readonly #hashes = new Set<string>();

  make(): string {
    const secret = randomBytes(secretBytes).toString('base64url');
    this.#hashes.add(hashOf(secret));
    const [oldest] = this.#hashes;
    if (this.#hashes.size > pageLinks) this.#hashes.delete(oldest);
    return secret;
  }

  has(secret: string): boolean {
    return secretText.test(secret) && this.#hashes.has(hashOf(secret));
  }

  /** True once for each secret. */
  use(secret: string): boolean {
    return secretText.test(secret) && this.#hashes.delete(hashOf(secret));
  }
}

const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');

export class Access {
  readonly #links = new Secrets();
  readonly #logins = new Secrets();
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** An address that admits whoever opens it first. */
  link(): string {
    return `http://${loopback}:${this.#port}/?token=${this.#links.make()}`;
  }

  /** The value of Set-Cookie for the token of a link; undefined if the token is unknown or used up. */
  exchange(token: string): string | undefined {
    if (!this.#links.use(token)) return undefined;
    return `${this.#cookieName}=${this.#logins.make()}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** All ports of a host share their cookies, so the name holds the port. */
  get #cookieName(): string {
    return `millrace-${this.#port}`;
  }

  isLoggedIn({ headers }: IncomingMessage): boolean {
    const prefix = `${this.#cookieName}=`;
    const cookies = (headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
    return cookies.some((cookie) => cookie.startsWith(prefix) && this.#logins.has(cookie.slice(prefix.length)));
  }

  /** Host gives away a foreign name that was rebound to this address; Origin gives away a page of another site. */
  isForUs({ headers }: IncomingMessage): boolean {
    const { host, origin } = headers;
    return this.#hosts.includes(host ?? '') && (origin === undefined || this.#isOurs(origin, host));
  }

  /** Browsers always send an Origin when a page opens a WebSocket. */
  isFromOurPage(request: IncomingMessage): boolean {
    return request.headers.origin !== undefined && this.isForUs(request);
  }

  get #hosts(): string[] {
    return [`${loopback}:${this.#port}`, `localhost:${this.#port}`];
  }

  #isOurs(origin: string, host: string | undefined): boolean {
    return origin === `http://${host}`;
  }
}
