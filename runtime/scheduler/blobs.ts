// The bytes that tasks need by id: programs, broadcasts, bulky captures, modules; programs of old jobs are given up, least recent first.
import { assert } from '../errors';
import { keptPrograms } from '../limits';
import type { BlobSource } from './backend';

export class BlobStore implements BlobSource {
  readonly #blobs = new Map<string, Uint8Array>();
  /** Programs by last use; a count of the running stages that need each. */
  readonly #programs = new Map<string, number>();
  readonly #onDrop: (id: string) => void;

  constructor(onDrop: (id: string) => void) {
    this.#onDrop = onDrop;
  }

  has(id: string): boolean {
    return this.#blobs.has(id);
  }

  put(id: string, bytes: Uint8Array): void {
    this.#blobs.set(id, bytes);
  }

  blob(id: string): Uint8Array {
    const bytes = this.#blobs.get(id);
    assert(bytes, `the blob ${id} is gone`);
    return bytes;
  }

  remove(id: string): void {
    if (this.#blobs.delete(id)) this.#onDrop(id);
  }

  /** Keeps a program while a stage runs it. */
  pin(id: string, bytes: Uint8Array): void {
    const pins = this.#programs.get(id) ?? 0;
    this.#programs.delete(id);
    this.#programs.set(id, pins + 1);
    this.#blobs.set(id, bytes);
  }

  unpin(id: string): void {
    this.#programs.set(id, (this.#programs.get(id) ?? 1) - 1);
    for (const [old, pins] of this.#programs) {
      if (this.#programs.size <= keptPrograms) return;
      if (pins > 0) continue;
      this.#programs.delete(old);
      this.remove(old);
    }
  }
}
