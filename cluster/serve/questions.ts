// What the sessions of a server ask it: who is there, and what is published under which name.
import { MillraceError } from '../../runtime/base/errors';
import type { ServerInfo } from '../../runtime/plan/sharing/shared-datasets';
import { refuse } from '../link/fields';
import type { Keeper } from './keep/keeper';
import type { ServerObserver } from './observe/server-event';
import type { Question } from './protocol';
import type { PublishedTable, Writing } from './published-table';
import type { ServerSession } from './session/server-session';
import type { PublishedWindows } from './windows/published-windows';

/** What the answers need of a server. */
export interface AskedServer {
  readonly published: PublishedTable;
  readonly windows: PublishedWindows;
  readonly keeper: Keeper | undefined;
  readonly observe: ServerObserver;
  info(): ServerInfo;
  askToStop(): void;
  /** Tells all sessions what is published. */
  tellPublished(): void;
}

/** Answers a question of a session; what it throws, or rejects with, is the refusal. */
export function answerQuestion(server: AskedServer, question: Question, session: ServerSession): unknown {
  const { published, windows, keeper, observe } = server;
  switch (question.kind) {
    case 'sessions':
      return server.info();
    case 'uses':
      return published.uses();
    case 'publish':
      return publish(server, question, session);
    case 'unpublish':
      if (windows.has(question.name)) windows.remove(question.name, session.number);
      else published.unpublish(question.name, session.number);
      keeper?.forget(question.name);
      observe({ event: 'unpublished', name: question.name });
      return server.tellPublished();
    case 'beginWindow': {
      const { name } = question.what;
      const before = windows.list().find((one) => one.name === name);
      const id = windows.begin(question.what, session);
      if (before && before.id !== id) keeper?.forget(name);
      observe({ event: 'published', name, owner: session.label });
      return id;
    }
    case 'addBatch': {
      const added = windows.add(question.window, question, session);
      if (added) keeper?.keepBatch(added.window, added.batch, question.code);
      return;
    }
    case 'endWindow':
      return windows.end(question.window, session.number);
    case 'stop':
      return server.askToStop();
  }
}

function publish(
  server: AskedServer,
  { what, by }: Extract<Question, { kind: 'publish' }>,
  session: ServerSession,
): Promise<void> | void {
  const { published, windows, keeper, observe } = server;
  const check = (fileBytes: number) => {
    const stream = windows.list().find((one) => one.name === what.name);
    if (stream) throw new MillraceError('NAME_IN_USE', { name: what.name, owner: stream.owner });
    published.check(what, session);
    published.checkRoom(what, session, fileBytes);
  };
  const named = (info = published.infoOf(what, session)) => {
    published.publish(what, session, info);
    observe({ event: 'published', name: what.name, owner: session.label });
    server.tellPublished();
  };
  const keep = async (by: Keeper, writing: Writing) => {
    check(0);
    const written = await by.write(what, session, writing);
    try {
      if (writing.signal.aborted) throw new MillraceError('JOB_CANCELLED', { reason: String(writing.signal.reason) });
      check(written.bytes);
    } catch (e) {
      by.discard(written);
      throw e;
    }
    const info = published.infoOf(what, session);
    by.commit(written, { dataset: info, code: what.code });
    named(info);
  };
  if (!keeper) {
    check(0);
    return named();
  }
  if (!by) return refuse('a publication without the job that writes it');
  return session.publishing(by, (writing) => keep(keeper, writing));
}
