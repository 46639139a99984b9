// Files that go to executors with the jobs: read once in the session, kept as blobs, found by name in tasks.
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { MillraceError } from '../base/errors';
import { notReadable, unreadable } from '../base/files';
import { maxAddedFileBytes } from '../base/limits';
import type { BlobTable } from '../rdd/blob-table';

interface AddedFile {
  readonly path: string;
  readonly blob: string;
}

export class AddedFiles {
  readonly #blobs: BlobTable;
  readonly #files = new Map<string, AddedFile>();

  constructor(blobs: BlobTable) {
    this.#blobs = blobs;
  }

  /** Reads a file now; the same name with other contents is refused. */
  add(path: string): void {
    const full = resolve(path);
    const name = basename(full);
    const bytes = read(full, path);
    const blob = `file-${createHash('sha256').update(bytes).digest('hex')}`;
    const known = this.#files.get(name);
    if (known && known.blob !== blob)
      throw new MillraceError('BAD_ARGUMENT', {
        operation: 'addFile',
        argument: 'the file',
        value: `${path}, and another ${name} was added before`,
        rule: 'the only one of its name',
        remedy: 'Rename one of them: tasks find files by their name alone.',
      });
    this.#files.set(name, { path: full, blob });
    if (!known) this.#blobs.add(blob, () => bytes);
  }

  names(): string[] {
    return [...this.#files.keys()];
  }

  /** Where an added file stands in the session. Throws FILE_NOT_ADDED. */
  get(name: string): string {
    const file = this.#files.get(name);
    if (!file) throw new MillraceError('FILE_NOT_ADDED', { name, names: this.names().join(', ') || 'none' });
    return file.path;
  }

  /** The blob of each file by name, as a job takes them along. */
  blobs(): Record<string, string> {
    return Object.fromEntries([...this.#files].map(([name, { blob }]) => [name, blob]));
  }
}

function read(full: string, path: string): Uint8Array {
  try {
    const stats = statSync(full);
    if (!stats.isFile()) return notReadable(path, 'it is no regular file', 'Name a file; write what a pipe gives to one first.');
    if (stats.size > maxAddedFileBytes)
      return notReadable(
        path,
        `it has ${stats.size} bytes, more than ${maxAddedFileBytes}`,
        'Executors of this machine can read a file that large by its path.',
      );
    return readFileSync(full);
  } catch (e) {
    if (e instanceof MillraceError) throw e;
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') throw new MillraceError('NO_SUCH_PATH', { path, folder: process.cwd() });
    return unreadable(path, e);
  }
}
