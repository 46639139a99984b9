// The folder that a streaming context keeps its checkpoint in: made, checked, and closed to other users.
import { accessSync, chmodSync, constants, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { asError, MillraceError } from '../errors';
import { refuseArgument } from '../ops/arguments';

/** The whole path of a folder that can be written and that nobody else can enter. Throws BAD_ARGUMENT or DISK. */
export function privateFolder(operation: string, folder: unknown): string {
  if (typeof folder !== 'string' || folder.trim() === '')
    refuseArgument({
      operation,
      argument: 'the folder',
      value: folder,
      rule: 'the path of a folder',
      remedy: `Write ${operation}('folder').`,
    });
  const path = resolve(folder as string);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
    accessSync(path, constants.W_OK | constants.R_OK | constants.X_OK);
  } catch (e) {
    throw new MillraceError('DISK', { path, reason: asError(e).message });
  }
  return path;
}
