// The list of published streams on its way from a server to its sessions, checked there.
import type { PublishedWindow } from '../../../runtime/plan/sharing/shared-datasets';
import { decode, encode } from '../../../runtime/wire/codec';
import { maxPublishedName, maxPublishedText, maxWindows } from '../../base/limits';
import { Fields, readBoolean } from '../../link/fields';

export const encodeWindows = (windows: readonly PublishedWindow[]): Uint8Array => encode({ windows });

/** Throws PROTOCOL. */
export function decodeWindows(bytes: Uint8Array): PublishedWindow[] {
  const list = new Fields('windows', decode(bytes));
  const read = list.list('windows', maxWindows, readWindow);
  list.end();
  return read;
}

function readWindow(value: unknown, what: string): PublishedWindow {
  const window = new Fields(what, value);
  const read = {
    id: window.integer('id'),
    name: window.string('name', maxPublishedName),
    type: window.string('type', maxPublishedText),
    description: window.string('description', maxPublishedText),
    owner: window.string('owner', maxPublishedText),
    session: window.integer('session'),
    slide: window.amount('slide'),
    last: window.amount('last'),
    hasEnded: readBoolean(window, 'hasEnded'),
  };
  window.end();
  return read;
}
