// The folder of `millrace serve --keep`: each kept dataset has a number, a folder of files by it, and a manifest once that is whole.
//
//   kept-by-millrace   marks the folder as one of ours
//   lock/         the server that uses the folder
//   17.begun      says that 17/ is ours, and that nobody will miss it: it is not whole yet, or has been taken back
//   17/0, 17/1 …  the partitions of dataset 17 as files of frames, and blobs of the user's code
//   17.kept       its manifest, once all of 17/ is there
//
// Only what has one of these two files is ever removed: other files and folders stay, whatever they are called.
import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { asError, MillraceError } from '../../../runtime/base/errors';
import { makeFolders, removeQuietly, syncFile, TemporaryFile } from '../../../runtime/base/files';
import { cancelKillMs } from '../../base/limits';
import { FolderLock } from './folder-lock';
import { decodeManifest, encodeManifest, isCodeName, type KeptFile, type Manifest } from './manifest';

/** What was found in a folder. */
export interface Found {
  readonly number: number;
  readonly manifest: Manifest;
}

/** A task that is cancelled has ended by then, or its executor was killed. */
const lateWriteMs = 2 * cancelKillMs;

const markName = 'kept-by-millrace';

export class KeptFolder {
  readonly path: string;
  #lastNumber = 0;
  /** What is given up, while cancelled tasks may still write for it. */
  readonly #abandoned = new Map<number, NodeJS.Timeout>();
  #lock: FolderLock | undefined;

  /** Opens a folder for this process, and makes it where it is missing. Throws KEEP_TAKEN, or BAD_OPTION for a folder that is not its user's own. */
  static open(folder: string): KeptFolder {
    const kept = new KeptFolder(path.resolve(folder));
    kept.#makePrivate();
    kept.#lock = FolderLock.take(kept.path);
    return kept;
  }

  private constructor(folder: string) {
    this.path = folder;
  }

  #makePrivate(): void {
    const bad = (rule: string) => {
      throw new MillraceError('BAD_OPTION', { option: '--keep', value: this.path, rule });
    };
    try {
      makeFolders(this.path, 0o700);
      const stats = fs.lstatSync(this.path);
      if (!stats.isDirectory()) bad('a folder, and no link to one');
      if (stats.uid !== (process.getuid?.() ?? stats.uid)) bad('a folder of your own');
      const names = fs.readdirSync(this.path);
      const isOurs = names.some((name) => name === markName || /^[1-9]\d{0,8}\.kept$/.test(name));
      if (names.length > 0 && !isOurs) bad('an empty folder, or one in which a server has kept datasets before');
      fs.writeFileSync(path.join(this.path, markName), '', { mode: 0o600 });
      fs.chmodSync(this.path, 0o700);
    } catch (e) {
      if (e instanceof MillraceError) throw e;
      bad(`a folder that can be written (${asError(e).message})`);
    }
  }

  /** Gives the folder back. */
  close(): void {
    for (const [number, timer] of this.#abandoned) {
      clearTimeout(timer);
      this.remove(number);
    }
    this.#lock?.release();
  }

  /** Begins something new: a number that nothing in the folder has had since it was opened, with an empty folder. Throws DISK. */
  begin(): number {
    const number = ++this.#lastNumber;
    const folder = this.folderOf(number);
    let hasBegun = false;
    try {
      fs.writeFileSync(this.#begunOf(number), '', { mode: 0o600, flag: 'wx' });
      hasBegun = true;
      fs.mkdirSync(folder, { mode: 0o700 });
    } catch (e) {
      // What stands in the way is not ours.
      if (hasBegun) removeQuietly(this.#begunOf(number));
      throw new MillraceError('DISK', { path: folder, reason: asError(e).message });
    }
    return number;
  }

  /** The folder of what has a number. */
  folderOf(number: number): string {
    return path.join(this.path, String(number));
  }

  #manifestOf(number: number): string {
    return path.join(this.path, `${number}.kept`);
  }

  #begunOf(number: number): string {
    return path.join(this.path, `${number}.begun`);
  }

  /** What is there and whole. `tell` takes a line about each file that is not; what it belongs to is left as it is. */
  async load(tell: (line: string) => void): Promise<Found[]> {
    const names = fs.readdirSync(this.path);
    const numbers = (pattern: RegExp) => new Set(names.flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number));
    const [named, begun] = [numbers(/^([1-9]\d{0,8})\.kept$/), numbers(/^([1-9]\d{0,8})\.begun$/)];
    this.#lastNumber = Math.max(0, ...named, ...begun, ...numbers(/^([1-9]\d{0,8})$/));
    for (const name of names) if (/^[1-9]\d{0,8}\.kept\.tmp$/.test(name)) removeQuietly(path.join(this.path, name));
    for (const number of begun) {
      // Its server was killed after the manifest was there.
      if (named.has(number)) removeQuietly(this.#begunOf(number));
      else {
        tell(`${this.folderOf(number)}: left by a publication that was not finished, or was taken back; it is removed.`);
        this.abandon(number);
      }
    }
    const found = new Map<string, Found>();
    for (const number of [...named].sort((a, b) => a - b)) {
      const one = await this.#read(number, tell);
      if (!one) continue;
      // A server that was killed while it replaced one has left both.
      const before = found.get(one.manifest.dataset.name);
      if (before) this.remove(before.number);
      found.set(one.manifest.dataset.name, one);
    }
    return [...found.values()];
  }

  async #read(number: number, tell: (line: string) => void): Promise<Found | undefined> {
    let file = this.#manifestOf(number);
    try {
      const manifest = decodeManifest(fs.readFileSync(file, 'utf8'));
      const wanted = new Set(Array.from({ length: manifest.dataset.partitions }, (_, i) => String(i)));
      for (const name of [manifest.code.modules, ...manifest.code.classes]) wanted.add(name);
      for (const { name, bytes, checksum } of manifest.files) {
        file = path.join(this.folderOf(number), name);
        wanted.delete(name);
        const now = await sumOf(file);
        if (now.bytes !== bytes) throw new Error(`it has ${now.bytes} bytes instead of ${bytes}`);
        if (now.checksum !== checksum) throw new Error('its checksum is wrong');
      }
      file = this.#manifestOf(number);
      if (wanted.size > 0) throw new Error(`it names no file ${[...wanted][0]}`);
      return { number, manifest };
    } catch (e) {
      tell(`${file}: ${reasonOf(e)}. What it belongs to is not published; the file is left as it is.`);
      return undefined;
    }
  }

  /**
   * The partitions and the code of a number with their sizes and checksums, for their owner alone from now on. What attempts of tasks that
   * died have left beside them is removed. Throws DISK.
   */
  async filesOf(number: number, partitions: number): Promise<KeptFile[]> {
    const folder = this.folderOf(number);
    try {
      fs.chmodSync(folder, 0o700);
      const files: KeptFile[] = [];
      for (const name of fs.readdirSync(folder)) {
        const file = path.join(folder, name);
        const isPartition = /^\d+$/.test(name) && Number(name) < partitions;
        if (!isPartition && !isCodeName(name)) {
          removeQuietly(file);
          continue;
        }
        fs.chmodSync(file, 0o600);
        files.push({ name, ...(await sumOf(file)) });
      }
      return files;
    } catch (e) {
      throw new MillraceError('DISK', { path: folder, reason: asError(e).message });
    }
  }

  /** Writes a file of a number. Throws DISK. */
  write(number: number, name: string, bytes: Uint8Array): void {
    writeWhole(path.join(this.folderOf(number), name), bytes);
  }

  /** From now on the number is found again, also when the machine fails. Throws DISK. */
  commit(number: number, manifest: Manifest): void {
    try {
      syncFile(this.folderOf(number));
      writeWhole(this.#manifestOf(number), Buffer.from(encodeManifest(manifest)));
      removeQuietly(this.#begunOf(number));
      syncFile(this.path);
    } catch (e) {
      if (e instanceof MillraceError) throw e;
      throw new MillraceError('DISK', { path: this.folderOf(number), reason: asError(e).message });
    }
  }

  /** It is not found again; its files stay for those who read them, until `remove`. */
  forget(number: number): void {
    try {
      fs.renameSync(this.#manifestOf(number), this.#begunOf(number));
    } catch {
      // It is no longer kept.
    }
  }

  /** Nothing of it stays: its files go at once, and again when no task that was cancelled can write there any more. */
  abandon(number: number): void {
    this.forget(number);
    removeQuietly(this.folderOf(number));
    const last = () => {
      this.#abandoned.delete(number);
      this.remove(number);
    };
    this.#abandoned.set(number, setTimeout(last, lateWriteMs).unref());
  }

  /** Nothing of it stays. */
  remove(number: number): void {
    this.forget(number);
    removeQuietly(this.folderOf(number));
    removeQuietly(this.#begunOf(number));
  }
}

/** The file has its name once all of it is on the disk. */
function writeWhole(file: string, bytes: Uint8Array): void {
  const temporary = new TemporaryFile(file, `${file}.tmp`);
  temporary.write(bytes);
  temporary.commit(true);
}

async function sumOf(file: string): Promise<{ readonly bytes: number; readonly checksum: number }> {
  const handle = await fs.promises.open(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  let [bytes, checksum] = [0, 0];
  try {
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, bytes);
      if (bytesRead === 0) return { bytes, checksum };
      checksum = crc32(buffer.subarray(0, bytesRead), checksum);
      bytes += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

/** What is wrong, in words that do not name the file again. */
function reasonOf(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'it is missing';
  const { message, details } = asError(error) as Error & { details?: { reason?: unknown } };
  return String(details?.reason ?? message).replace(/\.$/, '');
}
