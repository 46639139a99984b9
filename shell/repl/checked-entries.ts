// Hands checked entries to the session, unless Ctrl-C came between the end of the check and the start: the session did not hear of that one.
import type { RunOutcome, Session } from '../contract/session';

/** What the prompt asks of a session. */
export type EntrySession = Pick<Session, 'run' | 'command' | 'interrupt'>;

const interrupted: RunOutcome = { status: 'interrupted', initialised: [] };

/** The session with entries held back while `isInterrupted`; commands without an entry always go through. */
export function holdingBack(session: EntrySession, isInterrupted: () => boolean): EntrySession {
  return {
    run: async (cell, screen) => (isInterrupted() ? interrupted : session.run(cell, screen)),
    command: async (call, screen) => (call.cell && isInterrupted() ? interrupted : session.command(call, screen)),
    interrupt: () => session.interrupt(),
  };
}
