// `overwrite` of saves: the folder of an earlier save gives its name to a new one, once that is whole.
import { existsSync, lstatSync, mkdtempSync, readdirSync, realpathSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { MillraceError } from '../base/errors';
import { diskError, removeQuietly } from '../base/files';

/** What stands where a dataset is to be saved; a reason where `overwrite` was asked for. */
export const outputExists = (path: string, reason = ''): MillraceError =>
  new MillraceError('OUTPUT_EXISTS', { path, reason: reason && `, and ${reason}` });

/** Whether the name is taken, by a broken link too. */
export const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Parts, their checksums as Hadoop writes them, and the mark of a whole save. */
const ofSave = /^(?:part-[\w.-]+|_SUCCESS|\.part-[\w.-]+\.crc|\._SUCCESS\.crc)$/;

/** Throws OUTPUT_EXISTS unless a folder is empty, or holds a whole save and nothing else: what else is there nobody asked to remove. */
function checkSaved(path: string, shown: string): void {
  const names = existsSync(path) && lstatSync(path).isDirectory() ? readdirSync(path) : undefined;
  if (!names) throw outputExists(shown, 'it is no folder');
  const other = names.find((name) => !ofSave.test(name));
  if (other !== undefined) throw outputExists(shown, `${other} in it is of no save`);
  if (names.length > 0 && !names.includes('_SUCCESS')) throw outputExists(shown, 'no save in it is whole: _SUCCESS is missing');
}

/**
 * Has `write` make a folder beside the old one, and exchanges them. The old one stays as it is where `write` fails. Between the two
 * renames neither has the name; the old one is beside then, under `.NAME.replaced-…`. Throws OUTPUT_EXISTS, DISK.
 */
export async function replaceSaved(link: string, shown: string, write: (folder: string) => Promise<void>): Promise<void> {
  checkSaved(existsSync(link) ? realpathSync(link) : link, shown);
  // A link goes on leading to the folder.
  const path = realpathSync(link);
  const [parent, name] = [dirname(path), basename(path)];
  const beside = made(() => mkdtempSync(join(parent, `.${name}.writing-`)), shown);
  try {
    await write(beside);
    // Somebody may have put a file there meanwhile.
    checkSaved(path, shown);
    exchange(path, beside, beside.replace('.writing-', '.replaced-'), shown);
  } catch (e) {
    removeQuietly(beside);
    throw e;
  }
}

function exchange(path: string, fresh: string, old: string, shown: string): void {
  made(() => renameSync(path, old), shown);
  try {
    renameSync(fresh, path);
  } catch (e) {
    renameSync(old, path);
    diskError(shown, e);
  }
  removeQuietly(old);
}

function made<T>(make: () => T, shown: string): T {
  try {
    return make();
  } catch (e) {
    return diskError(shown, e);
  }
}
