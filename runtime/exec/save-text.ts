// Writes one partition as a text file of lines, under a temporary name that the driver renames once the whole job is right.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { asError, MillraceError } from '../errors';
import { textChunkBytes } from '../limits';

/** Where the parts of a job lie until it commits. The session makes it, so that a task that ends late cannot make it again. */
export function temporaryFolder(folder: string, jobTag: string): string {
  return join(folder, '_temporary', jobTag);
}

export class TextFile {
  readonly #path: string;
  readonly name: string;
  readonly #fd: number;
  #text = '';

  constructor(folder: string, name: string) {
    this.name = name;
    this.#path = join(folder, name);
    try {
      this.#fd = openSync(this.#path, 'w');
    } catch (e) {
      throw new MillraceError('DISK', { path: this.#path, reason: asError(e).message });
    }
  }

  line(value: unknown): void {
    this.#text += `${typeof value === 'string' ? value : lineOf(value)}\n`;
    if (this.#text.length > textChunkBytes) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
    } catch (e) {
      throw new MillraceError('DISK', { path: this.#path, reason: asError(e).message });
    }
  }

  /** The file's name, once its bytes are on the disk. */
  end(): string {
    this.#flush();
    try {
      fsyncSync(this.#fd);
    } catch (e) {
      throw new MillraceError('DISK', { path: this.#path, reason: asError(e).message });
    }
    this.close();
    return this.name;
  }

  #closed = false;
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }
}

/** A row as a line: JSON for arrays and objects, the plain text for the rest. */
function lineOf(value: unknown): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  if (typeof value !== 'object' || value === null) return String(value);
  return JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v));
}
