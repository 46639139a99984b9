// Where the version files of one partition lie: in a folder of this machine, or in one elsewhere, whose files are copied here to be read.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MillraceError } from '../../base/errors';
import { makeFolders, removeQuietly } from '../../base/files';
import { below, isElsewhere, type RemoteFolders, remoteFolders } from '../../base/remote/remote-folders';
import { FrameFile } from '../../storage/frame-file';

export interface VersionPlace {
  names(): readonly string[];
  has(name: string): boolean;
  /** Writes a file whole or not at all: `make` writes it at a path of this machine, and answers its bytes. Throws DISK. */
  write(name: string, make: (path: string) => number): number;
  /** Opens a file, every frame of it checked. Throws CORRUPT_FILE, or what the file system says. */
  open(name: string): FrameFile;
  remove(names: readonly string[]): void;
}

/** The place of a folder of the session or of the user's checkpoint; `copies`: a folder of this machine for copies of what lies elsewhere. */
export const versionPlace = (folder: string, isDurable: boolean, copies: string): VersionPlace =>
  isElsewhere(folder) ? new PlaceElsewhere(folder, copies) : new OwnPlace(folder, isDurable);

const notSeen = 'the folder is not there on the machine of this executor';
const seeRemedy = 'Choose a checkpoint folder on a disk that the session and all its executors see.';

class OwnPlace implements VersionPlace {
  readonly #folder: string;
  readonly #isDurable: boolean;

  constructor(folder: string, isDurable: boolean) {
    this.#folder = folder;
    this.#isDurable = isDurable;
  }

  names(): readonly string[] {
    return existsSync(this.#folder) ? readdirSync(this.#folder) : [];
  }

  has(name: string): boolean {
    return existsSync(join(this.#folder, name));
  }

  write(name: string, make: (path: string) => number): number {
    if (this.#isDurable) this.#checkSeen();
    return make(join(this.#folder, name));
  }

  /** The session has made the checkpoint folder: an executor that does not see it would write where nobody reads. */
  #checkSeen(): void {
    const checkpoint = dirname(dirname(dirname(this.#folder)));
    if (!existsSync(checkpoint)) throw new MillraceError('DISK', { path: checkpoint, reason: notSeen, remedy: seeRemedy });
  }

  open(name: string): FrameFile {
    return FrameFile.open(join(this.#folder, name));
  }

  remove(names: readonly string[]): void {
    for (const name of names) rmSync(join(this.#folder, name), { force: true });
  }
}

class PlaceElsewhere implements VersionPlace {
  readonly #folder: string;
  readonly #copies: string;

  constructor(folder: string, copies: string) {
    this.#folder = folder;
    this.#copies = copies;
  }

  get #folders(): RemoteFolders {
    return remoteFolders(this.#folder);
  }

  names(): readonly string[] {
    return this.#folders.entries(this.#folder).map(({ name }) => name);
  }

  has(name: string): boolean {
    return this.names().includes(name);
  }

  write(name: string, make: (path: string) => number): number {
    const copy = this.#copyOf(name);
    try {
      const bytes = make(copy);
      this.#folders.writeWhole(below(this.#folder, name), readFileSync(copy));
      return bytes;
    } finally {
      removeQuietly(copy);
    }
  }

  open(name: string): FrameFile {
    const bytes = this.#folders.readWhole(below(this.#folder, name));
    const copy = this.#copyOf(name);
    makeFolders(this.#copies, 0o700);
    writeFileSync(copy, bytes, { mode: 0o600 });
    try {
      return FrameFile.open(copy, below(this.#folder, name));
    } finally {
      // What is open is read all the same.
      removeQuietly(copy);
    }
  }

  remove(names: readonly string[]): void {
    this.#folders.remove(names.map((name) => below(this.#folder, name)));
  }

  /** A process runs several tasks one after the other, and reads several files of one name by turns. */
  #copyOf(name: string): string {
    return join(this.#copies, `${process.pid}-${copies++}-${name}`);
  }
}

let copies = 0;
