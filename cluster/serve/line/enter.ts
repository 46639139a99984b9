// Enters a server: a WebSocket to it, the proof of the token on both sides, the first message, and its answer.
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { RawData } from 'ws';
import { asError, MillraceError } from '../../../runtime/base/errors';
import { attachMs, maxToExecutorBytes, sessionPath, starvedMs } from '../../base/limits';
import { packageVersion } from '../../base/program-path';
import { turnedAway } from '../../driver/driver-door';
import { Connection } from '../../link/connection';
import { deadline } from '../../link/deadline';
import { dial, type Port } from '../../link/dial';
import { ExecutorHandshake } from '../../link/handshake';
import { decodeFailure } from '../failure';
import { cardOfServer, type ServerPlace } from '../place';
import { checkToSession, serveProtocol, type ToServer, type ToSession } from '../protocol';

/** Takes what comes after the first answer. */
export interface Entered {
  message(message: ToSession, tail: Uint8Array): void;
  closed(reason: string): void;
}

export interface EnterOptions {
  /** False: the connection does not keep this process alive. */
  readonly holds: boolean;
  readonly first: ToServer;
  /** Takes the answer to `first`. What it throws is why the server is left again. */
  accept(answer: ToSession, tail: Uint8Array, connection: Connection): Entered;
}

/** Rejects with NO_SERVER, SERVER_REFUSED, or the error with which the server turns the session away. */
export async function enter(place: ServerPlace, { holds, first, accept }: EnterOptions): Promise<void> {
  const { socket } = place;
  const card = cardOfServer(place);
  const version = packageVersion();
  if (card.protocol !== serveProtocol || card.version !== version)
    throw refusal(socket, `it runs Millrace ${card.version}, and this is ${version}`, 'Start both from the same installation.');
  const ws = dial(
    portOf(place) ?? socket,
    // As for executors: on a Unix socket a mask would only cost a pass over every message.
    { maxPayload: maxToExecutorBytes, perMessageDeflate: false, generateMask: (mask) => mask.fill(0) },
    sessionPath,
  );
  const handshake = new ExecutorHandshake(Buffer.from(card.token, 'hex'), `session-${process.pid}`);
  return new Promise((resolve, reject) => {
    let entered: Entered | undefined;
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
      const connection: Connection = new Connection(ws, stream, {
        message: (control, tail) => {
          const message = checkToSession(control);
          if (entered) return entered.message(message, tail);
          if (message.kind === 'turnedAway') return fail(decodeFailure(tail));
          try {
            entered = accept(message, tail, connection);
          } catch (e) {
            return fail(asError(e));
          }
          cancelDeadline();
          resolve();
        },
        closed: (reason) => (entered ? entered.closed(reason) : fail(refusal(socket, reason, 'See what it printed.'))),
        // A server that is stopped for a while is not gone: its socket would close. At a port its machine may be.
        silent: (ms) => {
          if (place.address && ms > starvedMs) connection.close(`nothing was heard for ${Math.round(ms / 1000)} s`);
        },
      });
      connection.send(first);
    });
  });
}

/** Throws SERVER_REFUSED for certificates that cannot be read. */
function portOf({ address }: ServerPlace): Port | undefined {
  const { MILLRACE_CA_FILE: file } = process.env;
  if (!address?.isSecure || !file) return address;
  try {
    return { ...address, ca: readFileSync(file, 'utf8') };
  } catch (e) {
    throw refusal(file, asError(e).message, 'Name a file of certificates in PEM by MILLRACE_CA_FILE.');
  }
}

export const refusal = (socket: string, reason: string, remedy: string): MillraceError =>
  new MillraceError('SERVER_REFUSED', { socket, reason, remedy });
