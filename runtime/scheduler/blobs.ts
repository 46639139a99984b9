// The bytes that tasks need by id: programs, broadcasts, bulky captures, modules; programs of old jobs are given up, least recent first.
import { assert } from '../base/errors';
import { keptBulkBytes, keptPrograms } from '../base/limits';
import type { BlobSource } from './backend';

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

  /** Keeps a program, and the bulky captures that were put for it, while a stage runs it. */
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
      if (uses === 0) this.#bulkBytes += this.blob(id).length;
      this.#uses.set(id, uses + 1);
    }
    return { pins: 0, bulk };
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
