// A session's way to a server: questions and messages over one line, whose connection is made again where it breaks.
import { type Config, makeConfig } from '../../runtime/base/config';
import { asError, MillraceError } from '../../runtime/base/errors';
import { ownerOf } from '../../runtime/base/process-owner';
import { msText } from '../../runtime/base/units';
import { decode } from '../../runtime/wire/codec';
import { firstResumeMs, longestResumeMs } from '../base/limits';
import { packageVersion } from '../base/program-path';
import type { Connection } from '../link/connection';
import { refuse } from '../link/fields';
import { decodeFailure } from './failure';
import { type Entered, enter, refusal } from './line/enter';
import { Line } from './line/line';
import type { ServerPlace } from './place';
import { type Question, serveProtocol, type ToServer, type ToSession } from './protocol';

/** Takes what a server sends. */
export interface ServerListener {
  message(message: ToSession, tail: Uint8Array): void;
  /** Called once: the session has no server any more. */
  gone(error: MillraceError): void;
  /** The connection is lost for now, or is there again. */
  notice(text: string): void;
}

interface Asked {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** What a server said at the beginning. */
interface Welcome {
  readonly session: number;
  /** What only this session and its server know: it is shown where the session goes on over another connection. */
  readonly key: string;
  /** How long the server waits for a session whose connection is lost. */
  readonly graceMs: number;
  readonly slots: number;
  readonly master: string;
  readonly sharesFolder: boolean;
  /** The folder of the server's engine. */
  readonly folder: string;
  /** Whether it writes what is published for the next server. */
  readonly keeps: boolean;
  readonly config: Config;
}

/** An attached session. */
export class ServerLink {
  readonly place: ServerPlace;
  readonly welcome: Welcome;
  readonly #holds: boolean;
  readonly #line = new Line((reason) => this.#lose(goneError(this.place.socket, reason)));
  /** Without an answer yet, by their numbers. */
  readonly #questions = new Map<number, Asked>();
  #lastQuestion = 0;
  readonly #waiting: [ToSession, Uint8Array][] = [];
  #connection: Connection | undefined;
  #listener: ServerListener | undefined;
  #gone: MillraceError | undefined;
  #isClosed = false;

  constructor(place: ServerPlace, welcome: Welcome, connection: Connection, holds: boolean) {
    this.place = place;
    this.welcome = welcome;
    this.#holds = holds;
    this.#connection = connection;
    this.#line.connect(connection, 0);
  }

  /** Has all messages go to a listener, those included that came before. */
  listen(listener: ServerListener): void {
    this.#listener = listener;
    for (const [message, tail] of this.#waiting.splice(0)) listener.message(message, tail);
    if (this.#gone) listener.gone(this.#gone);
  }

  /** Why there is no server any more. */
  get gone(): MillraceError | undefined {
    return this.#gone;
  }

  send(message: ToServer, tail?: Uint8Array): void {
    if (!this.#gone) this.#line.send(message, tail);
  }

  /** Asks the server. Rejects with its refusal, or with SERVER_GONE. */
  ask(question: Question): Promise<unknown> {
    if (this.#gone) return Promise.reject(this.#gone);
    return new Promise((resolve, reject) => {
      const number = ++this.#lastQuestion;
      this.#questions.set(number, { resolve, reject });
      this.send({ kind: 'ask', number, question });
    });
  }

  /** Whether a question has no answer yet. */
  get isAsking(): boolean {
    return this.#questions.size > 0;
  }

  close(): void {
    this.#isClosed = true;
    this.#connection?.finish('the session ends');
    this.#line.end();
  }

  /** What a connection of this session brings. */
  readonly wire: Entered = {
    message: (message, tail) => this.#take(message, tail),
    closed: (reason) => this.#dropped(reason),
  };

  #take(message: ToSession, tail: Uint8Array): void {
    if (message.kind === 'read') return this.#line.wasRead(message.messages);
    if (message.kind === 'turnedAway') return this.#lose(asGone(this.place.socket, decodeFailure(tail)));
    this.#line.arrived(tail);
    switch (message.kind) {
      case 'told':
        return this.#answered(message.question)?.resolve(decode(tail));
      case 'refused':
        return this.#answered(message.question)?.reject(decodeFailure(tail));
      default:
        if (this.#listener) this.#listener.message(message, tail);
        else this.#waiting.push([message, tail]);
    }
  }

  #answered(question: number): Asked | undefined {
    const asked = this.#questions.get(question);
    this.#questions.delete(question);
    return asked;
  }

  #dropped(reason: string): void {
    this.#connection = undefined;
    this.#line.disconnect();
    if (!this.#gone && !this.#isClosed) void this.#resume(reason);
  }

  /** Enters the server again, until it answers or the time that it waits is over. */
  async #resume(reason: string): Promise<void> {
    const { graceMs } = this.welcome;
    const end = performance.now() + graceMs;
    let isTold = false;
    for (let wait = firstResumeMs; !this.#gone; wait = Math.min(wait * 2, longestResumeMs)) {
      try {
        await this.#enterAgain();
        if (isTold) this.#listener?.notice('The connection to the server is there again.');
        return;
      } catch (e) {
        const error = asError(e) as MillraceError;
        const isOver = this.#isClosed || error.code !== 'SERVER_REFUSED' || performance.now() > end;
        if (isOver)
          return this.#lose(error.code === 'NO_SERVER' ? goneError(this.place.socket, reason) : asGone(this.place.socket, error));
      }
      if (!isTold) this.#listener?.notice(`The connection to the server is lost. It is tried again for ${msText(graceMs)}.`);
      isTold = true;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait);
        if (!this.#holds) timer.unref();
      });
    }
  }

  async #enterAgain(): Promise<void> {
    const { session, key } = this.welcome;
    await enter(this.place, {
      holds: this.#holds,
      first: { kind: 'resume', session, key, read: this.#line.read },
      accept: (answer, _, connection) => {
        if (answer.kind !== 'resumed') return refuse(`${answer.kind} instead of resumed`);
        // A session that has ended meanwhile says so.
        if (this.#isClosed) connection.finish('the session ends');
        else {
          this.#connection = connection;
          this.#line.connect(connection, answer.read);
        }
        return this.wire;
      },
    });
  }

  #lose(error: MillraceError): void {
    if (this.#gone) return;
    this.#gone = error;
    this.#line.end();
    this.#connection?.close(error.message);
    for (const { reject } of this.#questions.values()) reject(error);
    this.#questions.clear();
    if (!this.#isClosed) this.#listener?.gone(error);
  }
}

const goneError = (socket: string, reason: string): MillraceError => new MillraceError('SERVER_GONE', { socket, reason });

/** The end of a session as its user sees it. */
const asGone = (socket: string, error: Error): MillraceError =>
  error instanceof MillraceError && error.code === 'SERVER_GONE' ? error : goneError(socket, error.message);

/** How a session presents itself, and whether its connection keeps this process alive. */
export interface AttachOptions {
  readonly name: string;
  readonly holds: boolean;
  /** The folder of its files, if it has one. */
  readonly folder?: string;
}

/** Attaches to the server at a place. Rejects with NO_SERVER or SERVER_REFUSED. */
export async function attach(place: ServerPlace, { name, holds, folder = '' }: AttachOptions): Promise<ServerLink> {
  const { pid, namespace, started } = ownerOf(process.pid);
  let link: ServerLink | undefined;
  await enter(place, {
    holds,
    first: {
      kind: 'attach',
      visitor: { protocol: serveProtocol, version: packageVersion(), pid, namespace, started, name, folder },
    },
    accept: (answer, tail, connection) => {
      if (answer.kind !== 'welcome') throw refusal(place.socket, 'it sent something else than a welcome', 'Start it again.');
      const { kind: _, ...told } = answer;
      const welcome = { ...told, config: configOf(answer.slots, tail) };
      link = new ServerLink(place, welcome, connection, holds);
      return link.wire;
    },
  });
  return link!;
}

/** The configuration of the server, checked as one that a user gives. */
function configOf(slots: number, tail: Uint8Array): Config {
  try {
    return makeConfig(slots, decode(tail) as Partial<Config>);
  } catch (e) {
    throw new MillraceError('PROTOCOL', { reason: asError(e).message });
  }
}
