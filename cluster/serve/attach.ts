// A session's way to a server: both prove that they know its token, then messages go over one connection.
import type { Socket } from 'node:net';
import type { RawData } from 'ws';
import { type Config, makeConfig } from '../../runtime/base/config';
import { asError, MillraceError } from '../../runtime/base/errors';
import { decode } from '../../runtime/wire/codec';
import { attachMs, maxToExecutorBytes, sessionPath } from '../base/limits';
import { packageVersion } from '../base/program-path';
import { turnedAway } from '../driver/driver-door';
import { Connection } from '../link/connection';
import { deadline } from '../link/deadline';
import { dial } from '../link/dial';
import { ExecutorHandshake } from '../link/handshake';
import { decodeFailure } from './failure';
import { cardOfServer, type ServerPlace } from './place';
import { checkToSession, type Question, serveProtocol, type ToServer, type ToSession } from './protocol';

/** Takes what a server sends. */
export interface ServerListener {
  message(message: ToSession, tail: Uint8Array): void;
  /** Called once: the session has no server any more. */
  gone(error: MillraceError): void;
}

interface Asked {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** What a server said at the beginning. */
interface Welcome {
  readonly session: number;
  readonly slots: number;
  readonly master: string;
  readonly config: Config;
}

/** An attached session. */
export class ServerLink {
  readonly place: ServerPlace;
  readonly welcome: Welcome;
  readonly #connection: Connection;
  readonly #questions: Asked[] = [];
  readonly #waiting: [ToSession, Uint8Array][] = [];
  #listener: ServerListener | undefined;
  #gone: MillraceError | undefined;
  #isClosed = false;

  constructor(place: ServerPlace, welcome: Welcome, connection: Connection) {
    this.place = place;
    this.welcome = welcome;
    this.#connection = connection;
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
    this.#connection.send(message, tail);
  }

  /** Asks the server. Rejects with its refusal, or with SERVER_GONE. */
  ask(question: Question): Promise<unknown> {
    if (this.#gone) return Promise.reject(this.#gone);
    return new Promise((resolve, reject) => {
      this.#questions.push({ resolve, reject });
      this.send({ kind: 'ask', question });
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#connection.close('the session ends');
  }

  take(message: ToSession, tail: Uint8Array): void {
    switch (message.kind) {
      case 'told':
        return this.#questions.shift()?.resolve(decode(tail));
      case 'refused':
        return this.#questions.shift()?.reject(decodeFailure(tail));
      case 'turnedAway': {
        const error = decodeFailure(tail);
        return this.lost(error instanceof MillraceError ? error : goneError(this.place.socket, error.message));
      }
      default:
        if (this.#listener) this.#listener.message(message, tail);
        else this.#waiting.push([message, tail]);
    }
  }

  lost(error: MillraceError): void {
    if (this.#gone) return;
    this.#gone = error;
    for (const { reject } of this.#questions.splice(0)) reject(error);
    if (!this.#isClosed) this.#listener?.gone(error);
  }
}

const goneError = (socket: string, reason: string): MillraceError => new MillraceError('SERVER_GONE', { socket, reason });

/** How a session presents itself, and whether its connection keeps this process alive. */
export interface AttachOptions {
  readonly name: string;
  readonly holds: boolean;
}

/** Attaches to the server at a place. Rejects with NO_SERVER or SERVER_REFUSED. */
export async function attach(place: ServerPlace, { name, holds }: AttachOptions): Promise<ServerLink> {
  const { socket } = place;
  const card = cardOfServer(place);
  const version = packageVersion();
  if (card.protocol !== serveProtocol || card.version !== version)
    throw refusal(socket, `it runs Millrace ${card.version}, and this is ${version}`, 'Start both from the same installation.');
  const ws = dial(
    socket,
    // As for executors: on a Unix socket a mask would only cost a pass over every message.
    { maxPayload: maxToExecutorBytes, perMessageDeflate: false, generateMask: (mask) => mask.fill(0) },
    sessionPath,
  );
  const handshake = new ExecutorHandshake(Buffer.from(card.token, 'hex'), `session-${process.pid}`);
  return new Promise((resolve, reject) => {
    let link: ServerLink | undefined;
    let stream: Socket;
    const fail = (error: Error) => {
      cancelDeadline();
      reject(error);
      ws.terminate();
    };
    const cancelDeadline = deadline(attachMs, () => fail(refusal(socket, 'it does not answer', 'See what it printed.')));
    ws.on('error', (e) => {
      const { code } = e as NodeJS.ErrnoException;
      const isAbsent = code === 'ENOENT' || code === 'ECONNREFUSED';
      fail(isAbsent ? new MillraceError('NO_SERVER', { socket }) : refusal(socket, e.message, 'See what it printed.'));
    });
    ws.on('close', (code) => {
      const reason = code === turnedAway ? 'it does not know the token of its card' : 'it closed the connection';
      fail(refusal(socket, reason, `Start the server again; if that does not help, remove ${place.card}.`));
    });
    ws.once('upgrade', (response) => {
      stream = response.socket;
    });
    ws.once('open', () => ws.send(handshake.hello()));
    ws.once('message', (challenge: RawData) => {
      try {
        ws.send(handshake.answer(challenge.toString()));
      } catch {
        fail(refusal(socket, 'it does not know the token of its card', `Remove ${place.card} and start the server again.`));
        return;
      }
      if (!holds) stream.unref();
      const connection = new Connection(ws, stream, {
        message: (control, tail) => {
          const message = checkToSession(control);
          if (link) return link.take(message, tail);
          if (message.kind === 'turnedAway') return fail(decodeFailure(tail));
          if (message.kind !== 'welcome')
            return fail(refusal(socket, 'it sent something else than a welcome', 'Start it again.'));
          cancelDeadline();
          const { session, slots, master } = message;
          link = new ServerLink(place, { session, slots, master, config: configOf(slots, tail) }, connection);
          resolve(link);
        },
        closed: (reason) => (link ? link.lost(goneError(socket, reason)) : fail(refusal(socket, reason, 'See what it printed.'))),
        // A server that is stopped for a while is not gone: its socket would close.
        silent: () => {},
      });
      connection.send({
        kind: 'attach',
        visitor: { protocol: serveProtocol, version, pid: process.pid, name },
      } satisfies ToServer);
    });
  });
}

const refusal = (socket: string, reason: string, remedy: string): MillraceError =>
  new MillraceError('SERVER_REFUSED', { socket, reason, remedy });

/** The configuration of the server, checked as one that a user gives. */
function configOf(slots: number, tail: Uint8Array): Config {
  try {
    return makeConfig(slots, decode(tail) as Partial<Config>);
  } catch (e) {
    throw new MillraceError('PROTOCOL', { reason: asError(e).message });
  }
}
