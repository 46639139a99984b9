// Where the checkpoint files of streams lie: in a folder of this machine, or in one that the engine reaches.
import fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asError, MillraceError } from '../../base/errors';
import { closeQuietly, diskError, makeFolders, removeQuietly } from '../../base/files';
import { below, type RemoteFolders } from '../../base/remote/remote-folders';

export interface CheckpointFolder {
  readonly path: string;
  /** None where it is not there. Throws UNREADABLE_FILE. */
  names(): readonly string[];
  read(name: string): Buffer;
  /** Whole or not at all, so that it outlives a crash of the machine. Throws DISK. */
  write(name: string, bytes: Buffer): Promise<void>;
  remove(names: readonly string[]): void;
}

export const checkpointFolderAt = (path: string, folders: RemoteFolders | undefined): CheckpointFolder =>
  folders ? elsewhere(path, folders) : new OwnFolder(path);

const elsewhere = (path: string, folders: RemoteFolders): CheckpointFolder => ({
  path,
  names: () => folders.entries(path).map(({ name }) => name),
  read: (name) => folders.readWhole(below(path, name)),
  write: async (name, bytes) => void folders.writeWhole(below(path, name), bytes),
  remove: (names) => folders.remove(names.map((name) => below(path, name))),
});

class OwnFolder implements CheckpointFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  names(): readonly string[] {
    try {
      return fs.readdirSync(this.path);
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new MillraceError('UNREADABLE_FILE', { path: this.path, reason: asError(e).message });
    }
  }

  read(name: string): Buffer {
    return fs.readFileSync(join(this.path, name));
  }

  async write(name: string, bytes: Buffer): Promise<void> {
    const path = join(this.path, name);
    try {
      makeFolders(this.path, 0o700);
      await writeDurably(path, bytes);
    } catch (e) {
      diskError(path, e);
    }
  }

  remove(names: readonly string[]): void {
    for (const name of names) removeQuietly(join(this.path, name));
  }
}

/** Writes under a temporary name, syncs, renames, and syncs the folder. Does not block the session meanwhile. */
async function writeDurably(path: string, bytes: Buffer): Promise<void> {
  const temporary = `${path}.tmp`;
  const { O_CREAT, O_TRUNC, O_NOFOLLOW, O_WRONLY, O_RDONLY } = fs.constants;
  try {
    const fd = await promisify(fs.open)(temporary, O_CREAT | O_TRUNC | O_NOFOLLOW | O_WRONLY, 0o600);
    await useAndClose(fd, async () => {
      for (let done = 0; done < bytes.length; ) done += (await promisify(fs.write)(fd, bytes, done)).bytesWritten;
      await promisify(fs.fsync)(fd);
    });
    await promisify(fs.rename)(temporary, path);
  } catch (e) {
    removeQuietly(temporary);
    throw e;
  }
  const folder = await promisify(fs.open)(join(path, '..'), O_RDONLY);
  await useAndClose(folder, () => promisify(fs.fsync)(folder));
}

async function useAndClose(fd: number, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } catch (e) {
    closeQuietly(fd);
    throw e;
  }
  await promisify(fs.close)(fd);
}
