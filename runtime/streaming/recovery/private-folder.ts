// The checkpoint folder of a streaming context: created, checked, and closed to other users.
import { accessSync, chmodSync, constants, lstatSync, mkdirSync, readdirSync, type Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkNoFile, refuseArgument } from '../../base/arguments';
import { asError, MillraceError } from '../../base/errors';

/** Throws BAD_ARGUMENT unless `folder` is a text that can be a path; `example` is the name that the remedy shows. */
export function checkFolderName(operation: string, folder: unknown, example: string): string {
  if (typeof folder === 'string' && folder.trim() !== '') return folder;
  const remedy = `Write ${operation}('${example}').`;
  return refuseArgument({ operation, argument: 'the folder', value: folder, rule: 'the path of a folder', remedy });
}

/** The absolute path of a folder that is writable and that no other user can enter. Throws BAD_ARGUMENT, CHECKPOINT_UNSAFE or DISK. */
export function privateFolder(operation: string, folder: unknown): string {
  const path = resolve(checkFolderName(operation, folder, 'folder'));
  checkNoFile(operation, path);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    checkOwn(path);
    chmodSync(path, 0o700);
    accessSync(path, constants.W_OK | constants.R_OK | constants.X_OK);
  } catch (e) {
    if (e instanceof MillraceError) throw e;
    throw new MillraceError('DISK', { path, reason: asError(e).message });
  }
  return path;
}

/** Refuses links, and what belongs to other users, here and below: what they put there would be read, changed or removed elsewhere. */
function checkOwn(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return;
  const reason = troubleOf(stats);
  if (reason !== undefined) throw new MillraceError('CHECKPOINT_UNSAFE', { path, reason });
  if (stats.isDirectory()) for (const name of readdirSync(path)) checkOwn(join(path, name));
}

function troubleOf(stats: Stats): string | undefined {
  if (stats.isSymbolicLink()) return 'is a symbolic link';
  if (!stats.isDirectory() && !stats.isFile()) return 'is neither a folder nor a file';
  const me = process.getuid?.();
  return me === undefined || stats.uid === me ? undefined : `belongs to another user (${stats.uid})`;
}
