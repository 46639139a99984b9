// Which file a name stands for, where it is to be written over: never a device or a pipe, which a rename would remove.
import { realpath, stat } from 'node:fs/promises';
import { MillraceError } from '../../runtime/base/errors';

/** The file itself where the name is a link to it, so that the link stays; the name as it is where nothing is there yet. */
export async function replaceable(file: string, shown: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  if (!found) return file;
  if (found.isFile()) return realpath(file);
  throw new MillraceError('FILE_EXISTS', {
    path: shown,
    rule: `it is a ${found.isDirectory() ? 'folder' : 'device or a pipe'}, not a file`,
    remedy: 'Choose another name; nothing was written.',
  });
}
