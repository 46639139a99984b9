// Persisted partitions as files of the session's folder: every executor of the machine reads them, whoever wrote them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../base/errors';
import { removeQuietly } from '../base/files';
import { FrameFile, FrameFileWriter } from './frame-file';

export class DiskStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = join(folder, 'blocks');
  }

  /** Names of numbers only. */
  path(rddId: number, partition: number): string {
    return join(this.folderOf(rddId), String(partition));
  }

  /** Whether there is a file, be it whole or not. */
  has(rddId: number, partition: number): boolean {
    return existsSync(this.path(rddId, partition));
  }

  /** The rows of a block that is there and whole. A damaged or unreadable one is removed, and recomputed from its lineage. */
  open(rddId: number, partition: number): FrameFile | undefined {
    if (!this.has(rddId, partition)) return undefined;
    try {
      return FrameFile.open(this.path(rddId, partition));
    } catch (e) {
      if (e instanceof MillraceError && e.code === 'CORRUPT_FILE') this.remove(rddId, partition);
      return undefined;
    }
  }

  /** Throws DISK. */
  writer(rddId: number, partition: number, taskId: number): FrameFileWriter {
    return new FrameFileWriter(this.path(rddId, partition), taskId);
  }

  remove(rddId: number, partition: number): void {
    removeQuietly(this.path(rddId, partition));
  }

  /** The folder is shared by the executors of this machine: whoever comes first removes it. */
  forget(rddId: number): void {
    removeQuietly(this.folderOf(rddId));
  }

  /** Where the partitions of a dataset lie. */
  folderOf(rddId: number): string {
    return join(this.#folder, String(rddId));
  }
}
