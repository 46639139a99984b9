// The checkpoint folder of a streaming context: created, checked, and closed to other users.
import { accessSync, chmodSync, constants, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkNoFile, refuseArgument } from '../../base/arguments';
import { asError, MillraceError } from '../../base/errors';

/** Throws BAD_ARGUMENT unless `folder` is a text that can be a path; `example` is the name that the remedy shows. */
export function checkFolderName(operation: string, folder: unknown, example: string): string {
  if (typeof folder === 'string' && folder.trim() !== '') return folder;
  const remedy = `Write ${operation}('${example}').`;
  return refuseArgument({ operation, argument: 'the folder', value: folder, rule: 'the path of a folder', remedy });
}

/** The absolute path of a folder that is writable and that no other user can enter. Throws BAD_ARGUMENT or DISK. */
export function privateFolder(operation: string, folder: unknown): string {
  const path = resolve(checkFolderName(operation, folder, 'folder'));
  checkNoFile(operation, path);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
    accessSync(path, constants.W_OK | constants.R_OK | constants.X_OK);
  } catch (e) {
    throw new MillraceError('DISK', { path, reason: asError(e).message });
  }
  return path;
}
