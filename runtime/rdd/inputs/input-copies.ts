// Inputs that can be read only once (standard input, pipes, files of /proc): copied to a file of the session, which all tasks read.
import { closeSync, constants, openSync, readSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  closeQuietly,
  createPrivate,
  diskError,
  makeFolders,
  notReadable,
  removeQuietly,
  unreadable,
  writeAt,
} from '../../base/files';
import { maxCopiedInputBytes, pipePollMs, pipeWriterMs, textChunkBytes } from '../../base/limits';

/** Copying, step by step: it yields where it waits for the writer, and now and then where it does not. */
type Steps = Generator<'wait' | 'busy', void>;

/** A copy under way, done or failed. */
export class InputCopy {
  readonly path: string;
  readonly #steps: Steps;
  #failure: unknown;

  constructor(path: string, steps: Steps) {
    this.path = path;
    this.#steps = steps;
  }

  /** Makes it at once: the caller needs to know its size now. */
  now(): string {
    while (!this.#isDone()) if (this.#waits) Atomics.wait(sleeper, 0, 0, pipePollMs);
    return this.path;
  }

  /** Makes it while other work goes on; `now` may finish it meanwhile. */
  async beside(): Promise<string> {
    while (!this.#isDone())
      await new Promise<void>((resolve) => (this.#waits ? setTimeout(resolve, pipePollMs) : setImmediate(resolve)));
    return this.path;
  }

  #waits = false;

  /** Goes one step; throws what it failed with, also when asked again. */
  #isDone(): boolean {
    try {
      const { done, value } = this.#steps.next();
      this.#waits = value === 'wait';
      if (!done || this.#failure === undefined) return done === true;
    } catch (e) {
      this.#failure = e;
    }
    throw this.#failure;
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Looks in a row at a pipe without data that are made at once. */
const quickLooks = 200;

const remedy = 'Write it to a file first, and read that.';

/** The names of the session's own standard input. */
const isStandardInput = (path: string) => /^(\/dev\/stdin|\/dev\/fd\/0|\/proc\/self\/fd\/0)$/.test(path);

/** Names of open files: another process that reads the same name would read another file. */
const isDescriptor = (path: string) => /^\/dev\/(stdin|fd\/\d+)$|^\/proc\/(self|\d+)\/fd\/\d+$/.test(path);

/** Files that the system makes when they are read: their size says nothing. */
const isMadeBySystem = (path: string) => /^\/(proc|sys)\//.test(path);

function isNullDevice(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === statSync('/dev/null').rdev;
}

/** The copies of a session. They are removed with its folder. */
export class InputCopies {
  readonly #folder: string | undefined;
  /** Told in a sentence what was found and is not read. */
  readonly notice: (text: string) => void;
  #made = 0;
  /** Of pipes without a name, which give nothing when they are read again: by their number. */
  readonly #ofPipes = new Map<string, InputCopy>();
  readonly #unused = new FinalizationRegistry<string>(removeQuietly);

  constructor(folder: string | undefined, notice: (text: string) => void) {
    this.#folder = folder;
    this.notice = notice;
  }

  /**
   * Where tasks find a file: its own path where each of them can read it there, or a copy that is still to be made. The copy lives as long
   * as its `owner`. Throws UNREADABLE_FILE for what cannot be read to an end.
   */
  sourceOf(path: string, stats: Stats, owner: object): string | InputCopy {
    if (isDescriptor(path)) return this.#ofDescriptor(path, stats, owner);
    if (stats.isFile() && !isMadeBySystem(path) && (stats.size > 0 || !hasBytes(path))) return path;
    return this.#copy(path, stats, owner);
  }

  #ofDescriptor(path: string, stats: Stats, owner: object): string | InputCopy {
    const target = realpathOf(path);
    if (stats.isFile()) {
      const same = target === undefined ? undefined : statSync(target, { throwIfNoEntry: false });
      return same?.ino === stats.ino && same.dev === stats.dev ? target! : this.#copy(path, stats, owner);
    }
    if (isStandardInput(path) && isNullDevice(stats))
      return notReadable(
        path,
        'no standard input is connected to this session',
        'Run a script for that: cat FILE | millrace SCRIPT. At the prompt, standard input is what you type.',
      );
    const key = `${stats.dev}:${stats.ino}`;
    const known = this.#ofPipes.get(key);
    if (known) return known;
    const copy = this.#copy(path, stats, this);
    this.#ofPipes.set(key, copy);
    return copy;
  }

  /** Where a file that is fetched whole is copied to. Throws UNREADABLE_FILE. */
  placeFor(shown: string, owner: object): string {
    if (this.#folder === undefined)
      return notReadable(shown, 'its server gives no parts of it, and this context has no folder for a copy', remedy);
    const folder = join(this.#folder, 'inputs');
    makeFolders(folder, 0o700);
    const target = join(folder, String(this.#made++));
    this.#unused.register(owner, target);
    return target;
  }

  #copy(path: string, stats: Stats, owner: object): InputCopy {
    if (stats.isBlockDevice() || (stats.isCharacterDevice() && !isNullDevice(stats)))
      return notReadable(path, 'it is a device, which may have no end', remedy);
    if (stats.isSocket() && !isStandardInput(path)) return notReadable(path, 'it is a socket', remedy);
    if (this.#folder === undefined) return notReadable(path, 'it can be read only once, and this context has no folder', remedy);
    const target = join(this.#folder, 'inputs', String(this.#made++));
    if (owner !== this) this.#unused.register(owner, target);
    // A pipe that has a name waits for its writer; one without has had it from the start.
    return new InputCopy(target, copying(path, target, stats.isFIFO() && !isDescriptor(path)));
  }
}

function realpathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function hasBytes(path: string): boolean {
  const fd = openOnce(path);
  try {
    return readPart(fd, path, Buffer.allocUnsafe(1)) !== 0;
  } finally {
    closeQuietly(fd);
  }
}

/** Opens without waiting for a writer. */
function openOnce(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (e) {
    // A socket cannot be opened by name, but it is open.
    if (isStandardInput(path) && (e as NodeJS.ErrnoException).code === 'ENXIO') return 0;
    return unreadable(path, e);
  }
}

/** The next bytes; 0 at the end, undefined where there are none yet. */
function readPart(fd: number, path: string, into: Buffer): number | undefined {
  try {
    return readSync(fd, into, 0, into.length, null);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    if ((e as NodeJS.ErrnoException).code === 'EOF') return 0;
    return unreadable(path, e);
  }
}

function* copying(path: string, target: string, waitsForWriter: boolean): Steps {
  const fd = openOnce(path);
  try {
    const out = created(target);
    try {
      const buffer = Buffer.allocUnsafe(textChunkBytes);
      let bytes = 0;
      let hasWriter = !waitsForWriter;
      for (let looks = 0; ; ) {
        const n = readPart(fd, path, buffer);
        if (n === 0 && hasWriter) break;
        hasWriter ||= n !== 0;
        if (!n) {
          // A writer that is at work fills the pipe again at once.
          if (!hasWriter && ++looks * pipePollMs > pipeWriterMs)
            notReadable(path, `nothing has written to this pipe for ${pipeWriterMs / 1000} s`, 'Start its writer first.');
          yield hasWriter && ++looks < quickLooks ? 'busy' : 'wait';
          continue;
        }
        looks = 0;
        if (bytes + n > maxCopiedInputBytes)
          notReadable(path, `more than ${maxCopiedInputBytes / 2 ** 30} GiB came out of it`, remedy);
        write(out, target, buffer.subarray(0, n), bytes);
        bytes += n;
        yield 'busy';
      }
    } finally {
      closeQuietly(out);
    }
  } catch (e) {
    removeQuietly(target);
    throw e;
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}

function created(target: string): number {
  try {
    return createPrivate(target);
  } catch (e) {
    return diskError(target, e);
  }
}

function write(fd: number, target: string, bytes: Buffer, position: number): void {
  try {
    writeAt(fd, bytes, position);
  } catch (e) {
    diskError(target, e);
  }
}
