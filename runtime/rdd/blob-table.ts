// What the blobs of datasets stand for in the session: their bytes are made when an engine first asks for them.
import { MillraceError } from '../base/errors';
import type { BlobSource } from '../plan/engine';
import type { DatasetNode } from '../plan/node';

/** Makes the bytes of a blob; of a blob in parts, those of one part. */
export type BlobMaker = (part: number) => Uint8Array;

/** A dataset as plain data, and what the blobs that it names stand for. */
export interface DatasetDescription {
  readonly node: DatasetNode;
  readonly blobs: readonly (readonly [id: string, make: BlobMaker])[];
}

/** Blobs by id, as datasets and jobs name them. Where several name the same content, it stays as long as one of them does. */
export class BlobTable implements BlobSource {
  readonly #makers = new Map<string, { readonly make: BlobMaker; uses: number }>();

  add(id: string, make: BlobMaker): void {
    const known = this.#makers.get(id);
    if (known) known.uses++;
    else this.#makers.set(id, { make, uses: 1 });
  }

  remove(id: string): void {
    const known = this.#makers.get(id);
    if (known && --known.uses === 0) this.#makers.delete(id);
  }

  /** The bytes of `id`, or of part n of `id` for `id.n`. Throws MISSING_BLOB. */
  blob(id: string): Uint8Array {
    const dot = id.lastIndexOf('.');
    const maker = this.#makers.get(id) ?? this.#makers.get(id.slice(0, dot));
    if (!maker) throw new MillraceError('MISSING_BLOB', { id });
    return maker.make(Number(id.slice(dot + 1)));
  }
}
