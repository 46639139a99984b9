// The bytes that tasks need by id: programs, broadcasts, bulky captures, modules; programs of ended jobs are evicted, least recent first.
import { keptBulkBytes, keptPrograms } from '../base/limits';
import type { BlobSource } from '../plan/engine';

interface KeptProgram {
  /** Stages that run it. */
  pins: number;
  /** Bulky captures that it names. */
  readonly bulk: readonly string[];
}

export class BlobStore implements BlobSource {
  readonly #blobs = new Map<string, Uint8Array>();
  /** By last use. */
  readonly #programs = new Map<string, KeptProgram>();
  /** How many programs name a bulky capture. */
  readonly #uses = new Map<string, number>();
  #bulkBytes = 0;
  readonly #session: BlobSource;
  readonly #onDrop: (id: string) => void;

  /** Asks the session each time for what was not put here. Calls `onDrop` for blobs that executors need no longer. */
  constructor(session: BlobSource, onDrop: (id: string) => void) {
    this.#session = session;
    this.#onDrop = onDrop;
  }

  put(id: string, bytes: Uint8Array): void {
    this.#blobs.set(id, bytes);
  }

  blob(id: string): Uint8Array {
    return this.#blobs.get(id) ?? this.#session.blob(id);
  }

  remove(id: string): void {
    this.#blobs.delete(id);
    this.#onDrop(id);
  }

  /** Keeps a program, and the bulky captures that it names, while a stage runs it. */
  pin(id: string, bytes: Uint8Array, bulk: readonly string[] = []): void {
    const program = this.#programs.get(id) ?? this.#begin(bulk);
    program.pins++;
    this.#programs.delete(id);
    this.#programs.set(id, program);
    this.#blobs.set(id, bytes);
  }

  #begin(bulk: readonly string[]): KeptProgram {
    for (const id of bulk) {
      const uses = this.#uses.get(id) ?? 0;
      if (uses === 0) this.#keepBulk(id);
      this.#uses.set(id, uses + 1);
    }
    return { pins: 0, bulk };
  }

  /** Encoding a bulky capture takes long: its bytes stay while a program names it. */
  #keepBulk(id: string): void {
    const bytes = this.blob(id);
    this.#blobs.set(id, bytes);
    this.#bulkBytes += bytes.length;
  }

  unpin(id: string): void {
    const program = this.#programs.get(id);
    if (program) program.pins--;
    for (const [old, { pins, bulk }] of this.#programs) {
      if (this.#programs.size <= keptPrograms && this.#bulkBytes <= keptBulkBytes) return;
      if (pins > 0) continue;
      this.#programs.delete(old);
      this.remove(old);
      for (const blob of bulk) this.#release(blob);
    }
  }

  #release(bulk: string): void {
    const uses = this.#uses.get(bulk)! - 1;
    this.#uses.set(bulk, uses);
    if (uses > 0) return;
    this.#uses.delete(bulk);
    this.#bulkBytes -= this.blob(bulk).length;
    this.remove(bulk);
  }
}
