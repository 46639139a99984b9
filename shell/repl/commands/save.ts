// `.save`: writes the entries that ran to a file that can run again, whole or not at all.
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MillraceError } from '../../../runtime/base/errors';
import { diskError } from '../../../runtime/base/files';
import { replaceable } from '../../base/replaceable';
import type { CommandHost, EntryEnd } from '../../contract/commands';
import { escapeControls } from '../../print/safe-text';
import { fileArgument } from './arguments';

/** The first line that `.save` writes; it recognizes its own files by it. */
export const savedMark = '// Saved by millrace: run it with .load, or as a script.';

export async function save(host: CommandHost, argument: string): Promise<EntryEnd> {
  const file = fileArgument('.save', argument);
  const full = await replaceable(path.resolve(host.folder, file), file);
  await refuseForeign(full, file);
  await writeWhole(full, file, replayable(host.accepted));
  const count = host.accepted.length;
  host.front.print(`${count} ${count === 1 ? 'entry' : 'entries'} written to ${escapeControls(file)}\n`, 'out');
  return 'ok';
}

/** The text of a file that `.load` can run, and `millrace FILE` too. */
export function replayable(entries: readonly string[]): string {
  return [savedMark, ...entries.map(ofItsOwn), ''].join('\n');
}

/** Without a semicolon, `[a, b]` and its like would go on with the entry before them. */
const ofItsOwn = (entry: string): string => (/^\s*[([`/+-]/.test(entry) ? `;${entry}` : entry);

/** A full disk neither destroys the old file nor leaves half of a new one. */
async function writeWhole(full: string, shown: string, text: string): Promise<void> {
  const beside = path.join(path.dirname(full), `.${path.basename(full)}.${randomBytes(6).toString('hex')}.part`);
  try {
    await writeFile(beside, text, { flag: 'wx' });
    await rename(beside, full);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    diskError(shown, error);
  }
}

async function refuseForeign(full: string, shown: string): Promise<void> {
  const text = await readFile(full, 'utf8').catch(() => savedMark);
  if (text.startsWith(savedMark) || text === '') return;
  throw new MillraceError('FILE_EXISTS', {
    path: shown,
    rule: '.save overwrites only files that it wrote',
    remedy: 'Choose another name. Nothing was written.',
  });
}
