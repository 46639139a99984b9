// The entries of all sessions: an append-only file that several shells write at once and that never gets in the way.
import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** Entries taken from the file: more than anyone goes back through, few enough to search at every key. */
const maxEntries = 10_000;
/** Bytes read from the end of the file, so that a file grown for years does not slow the start. */
const maxBytesRead = 8 * 1024 * 1024;

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
  #entries: string[] | undefined;
  #troubled = false;

  /** `onTrouble` is told once when the file cannot be used; entries are then kept for this session only. */
  constructor(folder: string, onTrouble: (message: string) => void) {
    this.#file = path.join(folder, 'history');
    this.#onTrouble = onTrouble;
  }

  /** Earlier entries, oldest first; read from the file when first asked. */
  get entries(): readonly string[] {
    this.#entries ??= this.#read();
    return this.#entries;
  }

  /** Keeps an entry, in the file before anything else happens with it. */
  add(entry: string): void {
    const entries = this.entries as string[];
    if (entries.at(-1) === entry) return;
    entries.push(entry);
    try {
      mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 });
      appendFileSync(this.#file, JSON.stringify(entry) + '\n', { mode: 0o600 });
    } catch (error) {
      this.#trouble(error);
    }
  }

  #read(): string[] {
    try {
      return entriesOf(readEnd(this.#file)).slice(-maxEntries);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#trouble(error);
      return [];
    }
  }

  #trouble(error: unknown): void {
    if (this.#troubled) return;
    this.#troubled = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#onTrouble(`History is kept for this session only: ${reason}.`);
  }
}

function readEnd(file: string): string {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const start = Math.max(0, size - maxBytesRead);
    const bytes = Buffer.alloc(size - start);
    const count = readSync(descriptor, bytes, 0, bytes.length, start);
    return bytes.toString('utf8', 0, count);
  } finally {
    closeSync(descriptor);
  }
}

/** One JSON string a line; a line cut by a full disk or by the bound is passed over. */
function entriesOf(text: string): string[] {
  const entries: string[] = [];
  for (const line of text.split('\n')) {
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
