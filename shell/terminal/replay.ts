// What ran in a session that died, as a file that `.load` runs again.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolders } from '../../runtime/base/files';
import { replayable } from '../repl/commands/save';
import { stateFolder } from './history';

/** Writes the entries, and returns what the user should know. As in the history, one that begins with a space may hold a secret. */
export function writeReplay(ran: readonly string[]): string[] {
  const entries = ran.filter((entry) => !/^\s/.test(entry));
  const folder = stateFolder();
  if (entries.length === 0 || folder === undefined) return [];
  const file = path.join(folder, `replay-${process.pid}.ts`);
  try {
    makeFolders(folder, 0o700);
    writeFileSync(file, replayable(entries), { mode: 0o600 });
  } catch (error) {
    return [`Its entries could not be saved: ${(error as Error).message}`];
  }
  const found = `To run its ${entries.length === 1 ? 'entry' : `${entries.length} entries`} again: .load ${file}`;
  return entries.length < ran.length ? [found, 'Entries that began with a space are not in it.'] : [found];
}
