// Sends each open page the changes of the view that it shows: at most a few times a second, and never faster than the page reads.
import { type RawData, WebSocket } from 'ws';
import { pageMessagesPerSecond, pageSilenceMs, pageUpdateMs } from '../base/limits';
import type { Wanted } from './page/messages';
import { snapshotOf } from './views/snapshot';
import type { PageSource } from './views/source';

/** Close code for a page that breaks the protocol. */
const policyViolation = 1008;

/** States above this many characters are sent less often: ten times the size, a tenth of the rate. */
const largeState = 100_000;

/** How often a state is made although no event came: some values change without one, such as how far a stream is behind. */
const idleMs = 1000;

/** Ids are whole numbers of at most 15 digits. */
const idLimit = 1e15;

export class Feed {
  readonly #source: PageSource;
  readonly #readers = new Set<Reader>();
  #timer: NodeJS.Timeout | undefined;

  constructor(source: PageSource) {
    this.#source = source;
  }

  get size(): number {
    return this.#readers.size;
  }

  add(ws: WebSocket): void {
    const reader = new Reader(ws, this.#source);
    this.#readers.add(reader);
    ws.on('close', () => this.#remove(reader));
    this.#timer ??= setInterval(() => this.#tick(), pageUpdateMs);
  }

  #tick(): void {
    for (const reader of this.#readers) reader.tick();
  }

  #remove(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** One open page. */
class Reader {
  readonly #ws: WebSocket;
  readonly #source: PageSource;
  #wanted: Wanted | undefined;
  /** The state that was sent last, without the time. */
  #last = '';
  #nextAt = 0;
  #version = -1;
  #madeAt = 0;
  /** When we last knew that the page had read everything. */
  #readAt = performance.now();
  #second = 0;
  #messages = 0;

  constructor(ws: WebSocket, source: PageSource) {
    this.#ws = ws;
    this.#source = source;
    ws.on('message', (data, isBinary) => this.#take(data, isBinary));
    ws.on('error', () => ws.terminate());
    ws.on('pong', () => this.#seen());
  }

  #take(data: RawData, isBinary: boolean): void {
    const wanted = isBinary || this.#isTooMuch() ? undefined : parseWanted(data.toString());
    if (!wanted) {
      this.#ws.close(policyViolation);
      return;
    }
    this.#wanted = wanted;
    this.#last = '';
    this.#nextAt = 0;
    this.#version = -1;
    this.tick();
  }

  #isTooMuch(): boolean {
    const second = Math.floor(performance.now() / 1000);
    this.#messages = second === this.#second ? this.#messages + 1 : 1;
    this.#second = second;
    return this.#messages > pageMessagesPerSecond;
  }

  #seen(): void {
    this.#readAt = performance.now();
  }

  /** Sends the state if it changed and the page has read the last one. */
  tick(): void {
    const now = performance.now();
    // A page that was closed, or whose machine sleeps, answers no ping.
    if (now - this.#readAt > pageSilenceMs) this.#ws.terminate();
    if (this.#ws.readyState !== WebSocket.OPEN || this.#ws.bufferedAmount > 0) return;
    if (now - this.#readAt > pageSilenceMs / 3) this.#ws.ping();
    if (!this.#wanted || now < this.#nextAt || this.#isIdle(now)) return;
    this.#version = this.#source.status.version;
    this.#madeAt = now;
    const { now: time, ...state } = snapshotOf(this.#source, this.#wanted);
    const text = JSON.stringify(state);
    this.#nextAt = now + pageUpdateMs * Math.max(1, text.length / largeState) - pageUpdateMs / 2;
    if (text === this.#last) return;
    this.#last = text;
    this.#ws.send(`{"now":${time},${text.slice(1)}`);
  }

  #isIdle(now: number): boolean {
    return this.#version === this.#source.status.version && now < this.#madeAt + idleMs;
  }
}

/** The view that a page asks for; undefined if the message is malformed. */
function parseWanted(text: string): Wanted | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { page, id } = value as { page?: unknown; id?: unknown };
  switch (page) {
    case 'jobs':
    case 'datasets':
    case 'executors':
    case 'streams':
      return { page };
    case 'job':
    case 'stage':
      return typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < idLimit ? { page, id } : undefined;
    default:
      return undefined;
  }
}
