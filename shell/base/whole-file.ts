// A file that a command writes: it appears whole or not at all.
import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { MillraceError } from '../../runtime/base/errors';
import { diskError } from '../../runtime/base/files';

/** A temporary file beside a file, renamed to it once whole. */
export class WholeFile {
  readonly #operation: string;
  readonly #file: string;
  readonly #beside: string;
  readonly #shown: string;
  #handle: FileHandle | undefined;
  bytes = 0;

  /** `shown`: the path as typed. */
  constructor(operation: string, file: string, shown: string) {
    this.#operation = operation;
    this.#file = file;
    this.#beside = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString('hex')}.part`);
    this.#shown = shown;
  }

  async open(): Promise<void> {
    await this.#trying(async () => {
      this.#handle = await open(this.#beside, 'wx');
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#trying(async () => {
      for (let done = 0; done < bytes.length; ) done += (await this.#handle!.write(bytes, done)).bytesWritten;
    });
    this.bytes += bytes.length;
  }

  async finish(overwrites: boolean): Promise<void> {
    await this.#trying(async () => {
      await this.#handle!.sync();
      await this.#close();
    });
    if (overwrites) await this.#trying(() => rename(this.#beside, this.#file));
    else await this.#takeFreeName();
  }

  async giveUp(): Promise<void> {
    await this.#close().catch(() => {});
    await rm(this.#beside, { force: true }).catch(() => {});
  }

  /** A link fails if the file was made meanwhile. A file system without links gets a check before the rename instead. */
  async #takeFreeName(): Promise<void> {
    try {
      await link(this.#beside, this.#file);
    } catch (error) {
      await refuseExisting(this.#operation, this.#file, this.#shown);
      if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(String((error as NodeJS.ErrnoException).code))) this.#fail(error);
      await this.#trying(() => rename(this.#beside, this.#file));
      return;
    }
    await rm(this.#beside, { force: true });
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #trying<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail(error: unknown): never {
    return diskError(this.#shown, error);
  }
}

/** Throws FILE_EXISTS. */
export async function refuseExisting(operation: string, file: string, shown: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  const remedy = 'Choose another name, or add --force.';
  if (found) throw new MillraceError('FILE_EXISTS', { path: shown, rule: `${operation} does not overwrite`, remedy });
}
