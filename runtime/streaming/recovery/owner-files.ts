// The numbered files that say who may write in a checkpoint folder: on this machine, or where the engine reaches.
import { closeSync, openSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders, removeQuietly } from '../../base/files';
import { below, type RemoteFolders } from '../../base/remote/remote-folders';
import { systemClock } from '../../base/time';

export interface OwnerFiles {
  readonly folder: string;
  make(): void;
  /** Lowest first. */
  numbers(): number[];
  /** False if another program was faster. */
  create(number: number, text: string): boolean;
  read(number: number): string;
  /** Whether the file that this program has created is the one that is there. */
  isOwn(number: number): boolean;
  /** Of a file that is there; throws where it is not. */
  overwrite(number: number, text: string): void;
  /** It counts as changed now; throws where it is not there. */
  renew(number: number): void;
  /** Milliseconds since it was changed; undefined where it is not there. */
  ageMs(number: number): number | undefined;
  remove(number: number): void;
  /** The number of the checkpoint folder in its file system: a copy of it is another one. */
  readonly place: number;
}

export const ownerFilesIn = (checkpointFolder: string, folders: RemoteFolders | undefined): OwnerFiles =>
  folders ? new FilesElsewhere(checkpointFolder, folders) : new OwnFiles(checkpointFolder);

const numbersOf = (names: readonly string[]): number[] =>
  names
    .filter((name) => /^\d{1,15}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);

class OwnFiles implements OwnerFiles {
  readonly folder: string;
  readonly #checkpointFolder: string;

  constructor(checkpointFolder: string) {
    this.#checkpointFolder = checkpointFolder;
    this.folder = join(checkpointFolder, 'owner');
  }

  #path(number: number): string {
    return join(this.folder, String(number));
  }

  make(): void {
    makeFolders(this.folder, 0o700);
  }

  numbers(): number[] {
    return numbersOf(readdirSync(this.folder));
  }

  create(number: number, text: string): boolean {
    let fd: number;
    try {
      fd = openSync(this.#path(number), 'wx', 0o600);
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw e;
    }
    try {
      writeFileSync(fd, text);
    } finally {
      closeSync(fd);
    }
    return true;
  }

  read(number: number): string {
    return readFileSync(this.#path(number), 'utf8');
  }

  overwrite(number: number, text: string): void {
    writeFileSync(this.#path(number), text, { flag: 'r+' });
  }

  renew(number: number): void {
    const now = systemClock.now() / 1_000;
    utimesSync(this.#path(number), now, now);
  }

  isOwn(): boolean {
    return true;
  }

  ageMs(number: number): number | undefined {
    const stats = statSync(this.#path(number), { throwIfNoEntry: false });
    return stats && systemClock.now() - stats.mtimeMs;
  }

  remove(number: number): void {
    removeQuietly(this.#path(number));
  }

  get place(): number {
    return statSync(this.#checkpointFolder).ino;
  }
}

class FilesElsewhere implements OwnerFiles {
  readonly folder: string;
  readonly #folders: RemoteFolders;
  /** What this program wrote, where another one may have written at the same time. */
  #unsure: string | undefined;
  /** Such file systems tell none. */
  readonly place = 0;

  constructor(checkpointFolder: string, folders: RemoteFolders) {
    this.folder = below(checkpointFolder, 'owner');
    this.#folders = folders;
  }

  #path(number: number): string {
    return below(this.folder, String(number));
  }

  make(): void {
    this.#folders.makePrivate(this.folder);
  }

  numbers(): number[] {
    return numbersOf(this.#folders.entries(this.folder).map(({ name }) => name));
  }

  create(number: number, text: string): boolean {
    const made = this.#folders.create(this.#path(number), Buffer.from(text));
    if (made === 'unsure') this.#unsure = text;
    return made !== 'there';
  }

  read(number: number): string {
    return this.#folders.readWhole(this.#path(number)).toString();
  }

  overwrite(number: number, text: string): void {
    // Throws where it is not there.
    this.renew(number);
    this.#folders.writeWhole(this.#path(number), Buffer.from(text));
  }

  renew(number: number): void {
    this.#folders.touch(this.#path(number));
  }

  isOwn(number: number): boolean {
    return this.#unsure === undefined || this.read(number) === this.#unsure;
  }

  ageMs(number: number): number | undefined {
    return this.#folders.entries(this.folder).find(({ name }) => name === String(number))?.ageMs;
  }

  remove(number: number): void {
    this.#folders.remove([this.#path(number)]);
  }
}
