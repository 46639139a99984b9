// The checkpoint folder of a streaming context: created, checked, and closed to other users.

import { accessSync, chmodSync, constants, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkNoFile, refuseArgument } from '../../base/arguments';
import { MillraceError } from '../../base/errors';
import { diskError, makeFolders } from '../../base/files';
import { checkOnePath } from '../../base/paths';
import type { EngineFiles } from '../../plan/engine';
import { engineFolder } from '../../rdd/inputs/engine-files';

const operation = 'checkpoint';

/** The absolute path of a folder that is writable and that no other user can enter; it `hasLogs` of receivers. Throws BAD_ARGUMENT, CHECKPOINT_UNSAFE or DISK. */
export function privateFolder(folder: unknown, files: EngineFiles | undefined, hasLogs: boolean): string {
  const elsewhere = engineFolder(files, folder);
  if (files && elsewhere !== undefined) {
    if (hasLogs) refuseLogs(elsewhere);
    files.folders.makePrivate(elsewhere);
    return elsewhere;
  }
  const path = resolve(checkOnePath(operation, 'the folder', folder, 'the path of a folder', 'folder'));
  checkNoFile(operation, path);
  try {
    makeFolders(path, 0o700);
    checkOwn(path);
    chmodSync(path, 0o700);
    accessSync(path, constants.W_OK | constants.R_OK | constants.X_OK);
  } catch (e) {
    if (e instanceof MillraceError) throw e;
    diskError(path, e);
  }
  return path;
}

const refuseLogs = (folder: string) =>
  refuseArgument({
    operation,
    argument: 'the folder',
    value: folder,
    rule: 'a folder of this machine where writeAheadLog is true: receivers write their logs there',
    remedy: 'Leave writeAheadLog out, or read a source that can be asked again: a folder, or a direct stream.',
  });

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
