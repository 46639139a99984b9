// The answers of a server to questions of its sessions, checked field by field.
import type { PublishedUse, ServerInfo, SessionInfo } from '../../runtime/plan/sharing/shared-datasets';
import { maxPublished, maxPublishedName, maxPublishedText, maxSessions } from '../base/limits';
import { countItem, Fields, readBoolean, textItem } from '../link/fields';

const textLength = 256;

/** Throws PROTOCOL. */
export function readServerInfo(value: unknown): ServerInfo {
  const info = new Fields('server', value);
  const read = {
    pid: info.integer('pid'),
    since: info.amount('since'),
    master: info.string('master', textLength),
    executors: info.integer('executors'),
    sessions: info.list('sessions', maxSessions, readSession),
  };
  info.end();
  return read;
}

function readSession(value: unknown, what: string): SessionInfo {
  const session = new Fields(what, value);
  const read = {
    session: session.integer('session'),
    name: session.string('name', textLength),
    pid: session.integer('pid'),
    since: session.amount('since'),
    running: session.integer('running'),
    jobs: session.integer('jobs'),
    bytes: session.integer('bytes'),
    published: session.integer('published'),
    isDetached: readBoolean(session, 'isDetached'),
    isConnected: readBoolean(session, 'isConnected'),
  };
  session.end();
  return read;
}

/** Throws PROTOCOL. */
export function readUses(value: unknown): PublishedUse[] {
  const all = new Fields('uses', { list: value });
  return all.list('list', maxPublished, (item, what) => {
    const use = new Fields(what, item);
    const read = {
      name: use.string('name', maxPublishedName),
      stored: use.integer('stored'),
      bytes: use.integer('bytes'),
      diskBytes: use.integer('diskBytes'),
      users: use.list('users', maxSessions, textItem(maxPublishedText)),
    };
    use.end();
    return read;
  });
}

/** The number of a published stream. Throws PROTOCOL. */
export const readWindowId = (value: unknown): number => countItem(value, 'the number of a stream');
