// The entries of all sessions: an append-only file that several shells write at once and that never gets in the way.
import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** Entries taken from the file: more than anyone goes back through, few enough to search at every key. */
const maxEntries = 10_000;
/** Bytes read from the end of the file, so that a file grown for years does not slow the start. */
const maxBytesRead = 8 * 1024 * 1024;
/** Longer entries are pasted data: kept for the session, but they would push everything else out of what is read. */
const maxEntryUnits = 256 * 1024;

/** The folder for what outlives a session, private to the user. */
export function stateFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment['XDG_STATE_HOME'];
  // The specification has relative paths ignored.
  const usable = base !== undefined && path.isAbsolute(base);
  return path.join(usable ? base : path.join(homedir(), '.local', 'state'), 'millrace');
}

export class History {
  readonly #file: string;
  readonly #onTrouble: (message: string) => void;
  /** What is in the file, as far as it was read, without what this session wrote. */
  #earlier: string[] | undefined;
  readonly #own: string[] = [];
  /** All of them; made when asked for. */
  #all: readonly string[] | undefined;
  /** Up to where the file was read. */
  #readTo = 0;
  /** Lines of this session that will be met when the file is read on. */
  #written: string[] = [];
  /** The last write failed and may have left a part of its line. */
  #torn = false;
  #troubled = false;

  /** `onTrouble` is told once when the file cannot be used; entries are then kept for this session only. */
  constructor(folder: string, onTrouble: (message: string) => void) {
    this.#file = path.join(folder, 'history');
    this.#onTrouble = onTrouble;
  }

  /** Earlier entries, oldest first; read from the file when first asked. */
  get entries(): readonly string[] {
    this.#earlier ??= this.#readOn();
    this.#all ??= [...this.#earlier, ...this.#own];
    return this.#all;
  }

  /** The same with what other shells have written meanwhile; this session's own stay the newest. */
  refreshed(): readonly string[] {
    if (this.#earlier) {
      const added = this.#readOn();
      if (added.length > 0) {
        this.#earlier = [...this.#earlier, ...added].slice(-maxEntries);
        this.#all = undefined;
      }
    }
    return this.entries;
  }

  /** Keeps an entry, in the file before anything else happens with it. One that begins with a space is not to be kept. */
  add(entry: string): void {
    if (/^\s/.test(entry) || this.entries.at(-1) === entry) return;
    this.#own.push(entry);
    this.#all = undefined;
    if (entry.length > maxEntryUnits) return;
    const line = `${JSON.stringify(entry)}\n`;
    try {
      mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 });
      this.#append(line);
      this.#written.push(entry);
    } catch (error) {
      this.#torn = true;
      this.#trouble(error);
    }
  }

  /** One write, so that lines of several shells do not mix; a part that a full disk left is ended first. */
  #append(line: string): void {
    this.#refuseOther();
    const descriptor = openSync(this.#file, 'a', 0o600);
    try {
      const bytes = Buffer.from(this.#torn ? `\n${line}` : line);
      if (writeSync(descriptor, bytes) < bytes.length) throw new Error('the disk is full');
      this.#torn = false;
    } finally {
      closeSync(descriptor);
    }
  }

  /** Reading a pipe in the file's place would wait for ever. */
  #refuseOther(): void {
    const stat = statSync(this.#file, { throwIfNoEntry: false });
    if (stat?.isFIFO() || stat?.isSocket()) throw new Error(`${this.#file} is not a file`);
  }

  /** Entries of the file from where it was read to, those of this session left out. */
  #readOn(): string[] {
    try {
      this.#refuseOther();
      const found = entriesOf(this.#readText());
      const written = this.#written;
      this.#written = [];
      return written.length === 0 ? found : withoutOwn(found, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#trouble(error);
      return [];
    }
  }

  #readText(): string {
    const descriptor = openSync(this.#file, 'r');
    try {
      const stat = fstatSync(descriptor);
      const { size } = stat;
      // What was typed may hold secrets; a file that others may read came from elsewhere.
      if (stat.isFile() && (stat.mode & 0o077) !== 0) chmodSync(this.#file, 0o600);
      // Shorter than before: somebody emptied it, and it is read anew.
      const start = Math.max(size < this.#readTo ? 0 : this.#readTo, size - maxBytesRead);
      const bytes = Buffer.alloc(size - start);
      const count = readSync(descriptor, bytes, 0, bytes.length, start);
      // A line that another shell is just writing is read the next time.
      const end = bytes.lastIndexOf(0x0a, count - 1) + 1;
      this.#readTo = start + end;
      return bytes.toString('utf8', 0, end);
    } finally {
      closeSync(descriptor);
    }
  }

  #trouble(error: unknown): void {
    if (this.#troubled) return;
    this.#troubled = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#onTrouble(`History is kept for this session only: ${reason}.`);
  }
}

function withoutOwn(found: readonly string[], written: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const entry of written) counts.set(entry, (counts.get(entry) ?? 0) + 1);
  return found.filter((entry) => {
    const left = counts.get(entry) ?? 0;
    if (left > 0) counts.set(entry, left - 1);
    return left === 0;
  });
}

/** One JSON string a line; a line cut by a full disk or by the bound is passed over. */
function entriesOf(text: string): string[] {
  const entries: string[] = [];
  for (const line of text.split('\n').slice(-maxEntries - 1)) {
    if (!line.startsWith('"')) continue;
    try {
      const entry: unknown = JSON.parse(line);
      if (typeof entry === 'string') entries.push(entry);
    } catch {
      // A torn line says nothing about the others.
    }
  }
  return entries;
}
