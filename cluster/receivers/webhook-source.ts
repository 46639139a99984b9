// Takes HTTP POST requests: JSON, lines of JSON, or text; each is answered once the driver has its elements in a block that is on the disk.
import { createHash, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { asError, MillraceError } from '../../runtime/base/errors';
import { isLoopback } from '../../runtime/base/remote/loopback';
import { bytesText } from '../../runtime/base/units';
import type { WebhookSource as WebhookListen } from '../../runtime/plan/receivers';
import { handshakeMs, maxReceiverConnections, webhookAnswerMs, webhookArrivingBytes, webhookRequestMs } from '../base/limits';
import { ThrottledReport } from './limited-notices';
import { ListeningPort } from './reconnect';
import { SilenceWatch } from './silence-watch';
import type { Source, SourceHost } from './source';

/** Why a request is not taken: its status, and words for its sender. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest();

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refusal(400, `${where} is not JSON: ${asError(error).message}`);
  }
}

/** How bodies become elements, by their media type. */
const readers: Readonly<Record<string, (text: string) => readonly unknown[]>> = {
  'application/json': (text) => {
    const value = parsed(text, 'the body');
    return Array.isArray(value) ? value : [value];
  },
  'application/x-ndjson': (text) =>
    linesOf(text).flatMap((line, i) => (line.trim() === '' ? [] : [parsed(line, `line ${i + 1}`)])),
  'text/plain': (text) => linesOf(text),
};
const ofNdjson = readers['application/x-ndjson'];
const aliases: typeof readers = { ...readers, 'application/ndjson': ofNdjson, 'application/jsonl': ofNdjson };

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function readerOf({ headers }: http.IncomingMessage): (text: string) => readonly unknown[] {
  const { 'content-type': given = '', 'content-encoding': encoding = 'identity' } = headers;
  const type = given.split(';')[0].trim().toLowerCase();
  const reader = Object.hasOwn(aliases, type)
    ? aliases[type]
    : /^application\/[\w.-]+\+json$/.test(type)
      ? aliases['application/json']
      : undefined;
  if (!reader) throw new Refusal(415, `Content-Type must be one of ${Object.keys(readers).join(', ')}`);
  if (encoding !== 'identity') throw new Refusal(415, 'the body must not be compressed');
  return reader;
}

export class WebhookSource implements Source {
  readonly #host: SourceHost;
  readonly #options: WebhookListen;
  readonly #token: Buffer | undefined;
  readonly #server: http.Server;
  readonly #port: ListeningPort;
  readonly #silence: SilenceWatch;
  readonly #refused: ThrottledReport;
  /** Requests that wait until the driver knows their block, by its number; called with the reason if it is lost. */
  readonly #unknown = new Map<number, Set<(lost?: string) => void>>();
  /** Bytes of bodies that have not arrived whole. */
  #arriving = 0;
  #closed = false;

  constructor(host: SourceHost, options: WebhookListen) {
    this.#host = host;
    this.#options = options;
    this.#token = options.token === undefined ? undefined : digest(options.token);
    const { tls } = options;
    const files = tls && { cert: fs.readFileSync(tls.cert), key: fs.readFileSync(tls.key) };
    const name = `${options.host}:${options.port}`;
    this.#silence = new SilenceWatch(host.silence, name, (message) => host.report('notice', message));
    this.#refused = new ThrottledReport((count, why) =>
      host.report('error', `refused ${count === 1 ? 'a request' : `${count} requests`}: ${why}`),
    );
    this.#port = new ListeningPort(name, (event, message) => host.report(event, message));
    const limits = {
      headersTimeout: handshakeMs,
      requestTimeout: webhookRequestMs,
      connectionsCheckingInterval: handshakeMs / 4,
    };
    const take = (request: http.IncomingMessage, answer: http.ServerResponse) => void this.#take(request, answer);
    this.#server = files
      ? https.createServer({ ...limits, ...files, handshakeTimeout: handshakeMs }, take)
      : http.createServer(limits, take);
    this.#server.maxConnections = maxReceiverConnections;
    this.#server.on('checkContinue', take);
    const listen = () => this.#server.listen({ host: options.host, port: options.port });
    this.#server.on('error', (error) => this.#port.failed(error, listen));
    this.#server.on('listening', () => {
      const { address, port, family } = this.#server.address() as AddressInfo;
      this.#port.opened(`${tls ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`);
    });
    listen();
  }

  async #take(request: http.IncomingMessage, answer: http.ServerResponse): Promise<void> {
    try {
      this.#check(request);
      const reader = readerOf(request);
      if (request.headers.expect !== undefined) answer.writeContinue();
      const bytes = await this.#bodyOf(request);
      const records = await this.#store(reader(textOf(bytes)));
      reply(answer, 200, { records });
      this.#silence.heard();
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(400, asError(error).message);
      if (refusal.status !== 503) this.#refused.happened(1, refusal.message);
      refuse(request, answer, refusal);
    }
  }

  /** Who sends, before anything of the body is read. */
  #check({ headers, method }: http.IncomingMessage): void {
    // Pages in the user's browser send it, programs do not.
    if (headers.origin !== undefined) throw new Refusal(403, 'web pages may not send here');
    if (this.#token) {
      const [, given] = /^Bearer (\S+)$/.exec(headers.authorization ?? '') ?? [];
      if (given === undefined || !timingSafeEqual(digest(given), this.#token))
        throw new Refusal(401, 'the header "Authorization: Bearer …" with the token of the stream is missing or wrong');
    } else if (!isLoopback((headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')))
      throw new Refusal(403, 'the header Host must name this machine');
    if (method !== 'POST') throw new Refusal(405, 'only POST is taken');
    if (this.#closed) throw new Refusal(503, 'the stream has ended');
    this.#checkRoom();
    if (Number(headers['content-length'] ?? 0) > this.#options.maxBodyBytes) this.#tooLarge();
  }

  #checkRoom(): void {
    if (!this.#host.gate.isOpen) throw new Refusal(503, 'too much waits to be processed; send it again later');
  }

  #tooLarge(): never {
    throw new Refusal(413, `the body is larger than ${bytesText(this.#options.maxBodyBytes)}`);
  }

  async #bodyOf(request: http.IncomingMessage): Promise<Buffer> {
    const parts: Buffer[] = [];
    let size = 0;
    try {
      // Else it could not be read further, so that its sender hears why it is refused.
      for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        size += part.length;
        this.#arriving += part.length;
        if (size > this.#options.maxBodyBytes) this.#tooLarge();
        if (this.#arriving > webhookArrivingBytes) throw new Refusal(503, 'too much arrives at once; send it again later');
        parts.push(part);
      }
    } finally {
      this.#arriving -= size;
    }
    return Buffer.concat(parts);
  }

  /** Resolves with the number of elements when the driver knows the block that has them. */
  #store(values: readonly unknown[]): Promise<number> {
    if (values.length === 0) return Promise.resolve(0);
    if (this.#closed) throw new Refusal(503, 'the stream has ended');
    // Others have arrived since this request began.
    this.#checkRoom();
    const { blocks, gate } = this.#host;
    const block = blocks.number;
    try {
      gate.received(blocks.rows(values), values.length);
    } catch (error) {
      // What has no place in a block would have none the next time either.
      throw new Refusal(error instanceof MillraceError ? 400 : 503, `it cannot be stored: ${asError(error).message}`);
    }
    return new Promise((resolve, reject) => {
      const waiting = this.#unknown.get(block) ?? new Set();
      this.#unknown.set(block, waiting);
      const late = setTimeout(() => done('it was not stored in time'), webhookAnswerMs);
      const done = (lost?: string) => {
        clearTimeout(late);
        waiting.delete(done);
        if (lost === undefined) resolve(values.length);
        else reject(new Refusal(503, lost));
      };
      waiting.add(done);
    });
  }

  known(block: number): void {
    this.#settle(block);
  }

  blockLost(block: number, reason: string): void {
    this.#settle(block, `it cannot be stored: ${reason}`);
  }

  #settle(block: number, lost?: string): void {
    for (const done of this.#unknown.get(block) ?? []) done(lost);
    this.#unknown.delete(block);
  }

  /** Hands over what it has, and answers for it. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#port.close();
    this.#server.close();
    this.#host.blocks.cut();
    const until = performance.now() + handshakeMs / 2;
    while (this.#unknown.size > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const block of [...this.#unknown.keys()]) this.#settle(block, 'the stream has ended');
    await new Promise((resolve) => setImmediate(resolve));
    this.#server.closeAllConnections();
    this.#silence.close();
    this.#refused.close();
  }
}

function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refusal(400, 'the body is not UTF-8');
  }
}

function reply(answer: http.ServerResponse, status: number, body: object): void {
  beginReply(answer, status, body);
  answer.end();
}

function beginReply(answer: http.ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  answer.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).write(text);
}

/** The connection ends with it, after a moment for a sender who is not done: it would be reset before the sender has read why. */
function refuse(request: http.IncomingMessage, answer: http.ServerResponse, { status, message }: Refusal): void {
  answer.setHeader('connection', 'close');
  if (status === 503) answer.setHeader('retry-after', '1');
  if (status === 405) answer.setHeader('allow', 'POST');
  beginReply(answer, status, { error: message });
  if (request.complete) return void answer.end();
  const late = setTimeout(() => answer.end(), handshakeMs);
  const end = () => {
    clearTimeout(late);
    answer.end();
  };
  request.once('end', end).once('close', end).once('error', end).resume();
}
