// The server of a session's pages: HTTP and WebSocket on loopback, for whoever has a link. It starts at the first `.ui`.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { asError, MillraceError } from '../../runtime/base/errors';
import { ConnectionCap } from '../base/connection-cap';
import {
  livePages,
  loopback,
  pageConnections,
  pageMessageBytes,
  pageRequestBytes,
  pageRequestMs,
  pageStrangers,
} from '../base/limits';

import { Access } from './access';
import { type Asset, readAssets } from './assets';
import { Feed } from './feed';
import type { PageSource } from './views/source';

/** Only our own scripts, styles, frames, forms and connections; text can become neither markup nor script. */
const contentPolicy = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const headers = {
  'content-security-policy': contentPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const;

const livePath = '/live';

const needsLink =
  'These pages open by the link that .ui prints. Each link opens them once: type .ui at the prompt for a new one.\n';

/**
 * After a click on another site (a chat, a mail) the browser sends no SameSite=Strict cookie along the redirect, because the chain began
 * there. A page of ours that moves on begins a new chain.
 */
const goOn = '<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>Millrace</title><a href="/">Go on</a>';

export class StatusPages {
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: pageMessageBytes, perMessageDeflate: false });
  readonly #feed: Feed;
  readonly #assets: (path: string) => Asset | undefined;
  readonly #strangers = new ConnectionCap(() => pageStrangers);
  readonly #visitors = new ConnectionCap(() => pageConnections);
  #access = new Access(0);

  private constructor(source: PageSource) {
    this.#assets = readAssets();
    this.#feed = new Feed(source);
    const limits = { maxHeaderSize: pageRequestBytes, headersTimeout: pageRequestMs, requestTimeout: pageRequestMs };
    this.#http = createServer({ ...limits, connectionsCheckingInterval: pageRequestMs / 5 }, (request, response) =>
      this.#answer(request, response),
    );
    this.#http.on('connection', (socket: Socket) => this.#strangers.add(socket));
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Opens the pages on a free port of the loopback interface. Throws NO_PAGES. */
  static open(source: PageSource): Promise<StatusPages> {
    const pages = new StatusPages(source);
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(new MillraceError('NO_PAGES', { reason: asError(error).message }));
      pages.#http.once('error', fail);
      pages.#http.listen(0, loopback, () => {
        pages.#http.off('error', fail);
        pages.#access = new Access((pages.#http.address() as AddressInfo).port);
        resolve(pages);
      });
    });
  }

  /** An address that opens the pages, once. */
  link(): string {
    return this.#access.link();
  }

  close(): Promise<void> {
    for (const ws of this.#sockets.clients) ws.terminate();
    this.#http.closeAllConnections();
    return new Promise((resolve) => this.#http.close(() => resolve()));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '' } = request;
    const say = (status: number, text: string, more: Record<string, string> = {}) =>
      send(request, response, status, { type: 'text/plain; charset=utf-8', body: Buffer.from(text) }, more);
    if (!this.#access.isForUs(request)) return say(403, 'Not for this address.\n');
    if (method !== 'GET' && method !== 'HEAD') return say(405, 'Only GET and HEAD.\n', { allow: 'GET, HEAD' });
    if (hasBody(request)) return say(400, 'No body is read.\n');
    const address = addressOf(request);
    if (!address) return say(400, 'Not an address.\n');
    const token = address.searchParams.get('token');
    if (address.pathname === '/' && token !== null && method === 'GET') return this.#enter(token, request, response);
    if (!this.#access.isLoggedIn(request)) return say(401, needsLink);
    this.#known(request.socket);
    const asset = this.#assets(address.pathname);
    return asset ? send(request, response, 200, asset) : say(404, 'There is no such page.\n');
  }

  /** Exchanges the token of a link for a cookie, so that the token does not stay in the address bar. */
  #enter(token: string, request: IncomingMessage, response: ServerResponse): void {
    const cookie = this.#access.exchange(token);
    const isOpen = cookie === undefined && this.#access.isLoggedIn(request);
    if (cookie === undefined && !isOpen) {
      send(request, response, 401, { type: 'text/plain; charset=utf-8', body: Buffer.from(needsLink) });
      return;
    }
    this.#known(request.socket);
    const more: Record<string, string> = cookie === undefined ? {} : { 'set-cookie': cookie };
    const isFromElsewhere = request.headers['sec-fetch-site'] === 'cross-site';
    const body = { type: 'text/html; charset=utf-8', body: Buffer.from(goOn) };
    if (isFromElsewhere) send(request, response, 200, body, more);
    else send(request, response, 303, { ...body, body: Buffer.alloc(0) }, { ...more, location: '/' });
  }

  /** A connection of a browser that is logged in: strangers do not push it out, only newer ones of its kind. */
  #known(socket: Socket): void {
    this.#strangers.remove(socket);
    this.#visitors.add(socket);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const refuse = (status: string): void => {
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    };
    if (!this.#access.isFromOurPage(request)) return refuse('403 Forbidden');
    if (!this.#access.isLoggedIn(request)) return refuse('401 Unauthorized');
    if (request.url !== livePath || request.method !== 'GET') return refuse('404 Not Found');
    if (this.#feed.size >= livePages) return refuse('503 Service Unavailable');
    this.#strangers.remove(request.socket);
    this.#visitors.remove(request.socket);
    return this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#feed.add(ws));
  }
}

const hasBody = ({ headers: { 'content-length': length = '0', 'transfer-encoding': coding } }: IncomingMessage): boolean =>
  length !== '0' || coding !== undefined;

/** The address of a request in its plain form; undefined for the forms that proxies use, and for what is no address. */
function addressOf({ url = '' }: IncomingMessage): URL | undefined {
  const base = `http://${loopback}`;
  return url.startsWith('/') && !url.startsWith('//') && URL.canParse(url, base) ? new URL(url, base) : undefined;
}

function send(
  { method }: IncomingMessage,
  response: ServerResponse,
  status: number,
  { type, body }: Asset,
  more: Record<string, string> = {},
): void {
  // What was refused may have a body on its way, which is not waited for.
  const closing = status >= 400 ? { connection: 'close' } : {};
  response.writeHead(status, { ...headers, ...closing, 'content-type': type, 'content-length': body.length, ...more });
  response.end(method === 'HEAD' ? undefined : body);
}
