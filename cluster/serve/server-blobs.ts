// The blobs that sessions have sent to a server: each once, for as long as a session or a published dataset names it.
import { MillraceError } from '../../runtime/base/errors';
import type { BlobSource } from '../../runtime/plan/engine';
import { maxSessionBytes } from '../base/limits';
import { overQuota } from './session/quotas';

/** Who has a blob stay: a session by its number, or a published dataset by its name and version. */
export type BlobOwner = number | string;

export class ServerBlobs implements BlobSource {
  readonly #blobs = new Map<string, { readonly bytes: Uint8Array; readonly owners: Set<BlobOwner> }>();
  readonly #of = new Map<BlobOwner, Set<string>>();
  /** Bytes that each owner has others hold. */
  readonly #bytes = new Map<BlobOwner, number>();
  readonly #onDrop: (id: string) => void;

  readonly #mostBytes: number;

  /** `onDrop` is called for a blob that nobody names any more; each owner may have so many bytes. */
  constructor(onDrop: (id: string) => void, mostBytes = maxSessionBytes) {
    this.#mostBytes = mostBytes;
    this.#onDrop = onDrop;
  }

  blob(id: string): Uint8Array {
    const known = this.#blobs.get(id);
    if (!known) throw new MillraceError('MISSING_BLOB', { id });
    return known.bytes;
  }

  /** Keeps a blob for its sender. Throws QUOTA_FULL. */
  put(owner: BlobOwner, id: string, bytes: Uint8Array): void {
    const held = (this.#bytes.get(owner) ?? 0) + bytes.length;
    if (held > this.#mostBytes) throw overQuota('sessionValueBytes', held, this.#mostBytes);
    if (!this.#blobs.has(id)) this.#blobs.set(id, { bytes, owners: new Set() });
    this.hold(owner, [id]);
  }

  /** Has blobs stay that are here already; those that are not are passed over. */
  hold(owner: BlobOwner, ids: Iterable<string>): void {
    const own = this.#of.get(owner) ?? new Set<string>();
    this.#of.set(owner, own);
    for (const id of ids) {
      const known = this.#blobs.get(id);
      if (!known || known.owners.has(owner)) continue;
      known.owners.add(owner);
      own.add(id);
      this.#bytes.set(owner, (this.#bytes.get(owner) ?? 0) + known.bytes.length);
    }
  }

  letGo(owner: BlobOwner, ids: Iterable<string>): void {
    for (const id of [...ids]) {
      const known = this.#blobs.get(id);
      if (!known?.owners.delete(owner)) continue;
      this.#of.get(owner)?.delete(id);
      this.#bytes.set(owner, this.#bytes.get(owner)! - known.bytes.length);
      if (known.owners.size > 0) continue;
      this.#blobs.delete(id);
      this.#onDrop(id);
    }
  }

  /** The owner is gone. */
  letGoAll(owner: BlobOwner): void {
    this.letGo(owner, this.#of.get(owner) ?? []);
    this.#of.delete(owner);
    this.#bytes.delete(owner);
  }

  bytesOf(owner: BlobOwner): number {
    return this.#bytes.get(owner) ?? 0;
  }

  get size(): number {
    return this.#blobs.size;
  }
}
