// Files that go to executors with the jobs: read once in the session, kept as blobs, found by name in tasks.
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { asError, MillraceError } from '../base/errors';
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
    const { size } = statSync(full);
    if (size > maxAddedFileBytes) throw new Error(`it has ${size} bytes, more than ${maxAddedFileBytes}`);
    return readFileSync(full);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') throw new MillraceError('NO_SUCH_PATH', { path, folder: process.cwd() });
    throw new MillraceError('UNREADABLE_FILE', { path, reason: asError(e).message });
  }
}
