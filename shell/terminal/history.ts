// The history: entries of all sessions in an append-only file. Several shells may write it at once, and its errors never stop an entry.

import { chmodSync, closeSync, fstatSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { makeFolders } from '../../runtime/base/files';
import { homeFolder } from '../../runtime/base/paths';

/** Entries read from the file: more than users go back, and few enough to search at every key. */
const maxEntries = 10_000;
/** Bytes read from the end of the file, so that an old, large file does not slow the start. */
const maxBytesRead = 8 * 1024 * 1024;
/** Longer entries are pasted data. They stay in this session only: in the file they would displace all others. */
const maxEntryUnits = 256 * 1024;

/** The user's private folder for state that outlives a session; undefined for a user without a home folder. */
export function stateFolder(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const base = environment['XDG_STATE_HOME'];
  // The XDG specification ignores relative paths.
  if (base !== undefined && path.isAbsolute(base)) return path.join(base, 'millrace');
  const home = homeFolder();
  return home && path.join(home, '.local', 'state', 'millrace');
}

/** Passwords of URLs, signatures in them, and what is set under a name that says secret, token or password. */
const secrets: readonly RegExp[] = [
  /\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@'"`]*:)[^\s'"`]+(?=@)/gi,
  /([?&](?:x-amz-(?:signature|credential|security-token)|sig|signature|(?:access_?)?token|api_?key|password)=)[^\s&'"`#]+/gi,
  /(\b\w*(?:secret|token|passw(?:or)?d|passphrase)\w*['"\]]*\s*[=:]\s*['"`])[^'"`]+/gi,
];

/** An entry as the file holds it: this session alone has its secrets. */
const withoutSecrets = (entry: string): string => secrets.reduce((text, secret) => text.replace(secret, '$1…'), entry);

export class History {
  readonly #file: string | undefined;
  readonly #onTrouble: (message: string) => void;
  /** The entries read from the file, without those of this session. */
  #earlier: string[] | undefined;
  readonly #own: string[] = [];
  /** What the file held when it was first read. */
  #first: readonly string[] = [];
  /** Both together; built on demand. */
  #all: readonly string[] | undefined;
  /** The file has been read up to here. */
  #readTo = 0;
  /** Entries that this session wrote behind that point: reading on will meet them. */
  #written: string[] = [];
  /** The last write failed and may have left part of a line. */
  #torn = false;
  #troubled = false;

  /** `onTrouble` is called once if the file cannot be used; entries then last for this session only. */
  constructor(folder: string | undefined, onTrouble: (message: string) => void) {
    this.#file = folder && path.join(folder, 'history');
    this.#onTrouble = onTrouble;
  }

  /** Earlier entries, oldest first; read from the file when first asked. */
  get entries(): readonly string[] {
    if (!this.#earlier) {
      this.#earlier = this.#readOn();
      this.#first = this.#earlier;
    }
    this.#all ??= [...this.#earlier, ...this.#own];
    return this.#all;
  }

  /** The entries by their numbers, from 1: a number keeps its entry while this session lasts, whatever other shells write. */
  get numbered(): readonly string[] {
    return this.entries.length === 0 ? [] : [...this.#first, ...this.#own];
  }

  /** The same with what other shells wrote meanwhile; this session's entries stay the newest. */
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

  /** Adds an entry, to the file too, before it runs. An entry that begins with a space is left out. */
  add(entry: string): void {
    if (/^\s/.test(entry) || this.entries.at(-1) === entry) return;
    this.#own.push(entry);
    this.#all = undefined;
    if (entry.length > maxEntryUnits) return;
    const stored = withoutSecrets(entry);
    const line = `${JSON.stringify(stored)}\n`;
    try {
      const file = this.#needFile();
      makeFolders(path.dirname(file), 0o700);
      this.#append(file, line);
      this.#written.push(stored);
    } catch (error) {
      this.#torn = true;
      this.#trouble(error);
    }
  }

  /** One write, so that lines of several shells do not mix. It first ends the partial line that a full disk left. */
  #append(file: string, line: string): void {
    refuseOther(file);
    const descriptor = openSync(file, 'a', 0o600);
    try {
      const bytes = Buffer.from(this.#torn ? `\n${line}` : line);
      if (writeSync(descriptor, bytes) < bytes.length) throw new Error('the disk is full');
      this.#torn = false;
    } finally {
      closeSync(descriptor);
    }
  }

  #needFile(): string {
    if (this.#file === undefined) throw new Error('this user has no home folder');
    return this.#file;
  }

  /** Reads the new entries of the file, without those of this session. */
  #readOn(): string[] {
    try {
      const file = this.#needFile();
      refuseOther(file);
      const found = entriesOf(this.#readText(file));
      const written = this.#written;
      this.#written = [];
      return written.length === 0 ? found : withoutOwn(found, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#trouble(error);
      return [];
    }
  }

  #readText(file: string): string {
    const descriptor = openSync(file, 'r');
    try {
      const stat = fstatSync(descriptor);
      const { size } = stat;
      // Entries may hold secrets. We never create a file that others may read: somebody changed its mode.
      if (stat.isFile() && (stat.mode & 0o077) !== 0) chmodSync(file, 0o600);
      // Shorter than before: somebody emptied it, so read it from the start.
      const start = Math.max(size < this.#readTo ? 0 : this.#readTo, size - maxBytesRead);
      const bytes = Buffer.alloc(size - start);
      const count = readSync(descriptor, bytes, 0, bytes.length, start);
      // Another shell may be writing the last line: it is read the next time.
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
    this.#onTrouble(`The history lasts for this session only: ${reason}.`);
  }
}

/** Refuses a pipe or a socket in the file's place: reading it would never end. */
function refuseOther(file: string): void {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat?.isFIFO() || stat?.isSocket()) throw new Error(`${file} is not a file`);
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

/** Each line is a JSON string; a line cut by a full disk or by the read limit is skipped. */
function entriesOf(text: string): string[] {
  const entries: string[] = [];
  for (const line of text.split('\n').slice(-maxEntries - 1)) {
    if (!line.startsWith('"')) continue;
    try {
      const entry: unknown = JSON.parse(line);
      if (typeof entry === 'string') entries.push(entry);
    } catch {
      // A torn line: the others are still good.
    }
  }
  return entries;
}
