// Finds the file to overwrite by a rename: never a device or a pipe, which the rename would remove.
import { realpath, stat } from 'node:fs/promises';
import { MillraceError } from '../../runtime/base/errors';

/** Follows a link to its file, so that the link survives. A name without a file is returned as it is. */
export async function replaceable(file: string, shown: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  if (!found) return file;
  if (found.isFile()) return realpath(file);
  throw new MillraceError('FILE_EXISTS', {
    path: shown,
    rule: `it is a ${found.isDirectory() ? 'folder' : 'device or a pipe'}, not a file`,
    remedy: 'Choose another name. Nothing was written.',
  });
}
