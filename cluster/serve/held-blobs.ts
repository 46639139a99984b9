// The blobs that a session has sent to its server: each once, for as long as a dataset or a job names it.
import { MillraceError } from '../../runtime/base/errors';
import { bytesText } from '../../runtime/base/units';
import type { Job } from '../../runtime/plan/job';
import type { DatasetNode, FunctionNode } from '../../runtime/plan/node';
import { maxBlobBytes } from '../base/limits';

export interface BlobSender {
  send(id: string, bytes: Uint8Array): void;
  drop(ids: readonly string[]): void;
}

const ofFunction = ({ closure, needs }: FunctionNode): string[] => [closure, ...needs];

/** The blobs that a dataset names. */
export function blobsOfNode({ functions, dependencies, splits, partitions }: DatasetNode): string[] {
  const shuffled = dependencies.flatMap((d) => (d.kind === 'shuffle' ? d.functions : []));
  const own = splits.kind === 'values' || splits.kind === 'custom' ? splits.blobs : undefined;
  const rows = own === undefined ? [] : Array.from({ length: partitions }, (_, i) => `${own}.${i}`);
  return [...functions.flatMap(ofFunction), ...shuffled.flatMap(ofFunction), ...rows];
}

/** The blobs that a job names beside those of its datasets. */
export const blobsOfJob = ({ functions, files, code }: Job): string[] => [
  ...functions.flatMap(ofFunction),
  ...Object.values(files),
  ...(code ? [code.modules, ...code.classes] : []),
];

export class HeldBlobs {
  readonly #make: (id: string) => Uint8Array;
  readonly #sender: BlobSender;
  readonly #uses = new Map<string, number>();
  readonly #held = new Map<string, readonly string[]>();

  /** `make` throws MISSING_BLOB for what nobody knows. */
  constructor(make: (id: string) => Uint8Array, sender: BlobSender) {
    this.#make = make;
    this.#sender = sender;
  }

  /** Has the server hold these for an owner, in the place of what it held for it before. Throws MISSING_BLOB or TOO_LARGE_TO_SEND. */
  hold(owner: string, ids: readonly string[]): void {
    const wanted = [...new Set(ids)];
    const before = this.#held.get(owner) ?? [];
    const taken: string[] = [];
    try {
      for (const id of wanted) {
        const uses = this.#uses.get(id) ?? 0;
        if (uses === 0) this.#send(id);
        this.#uses.set(id, uses + 1);
        taken.push(id);
      }
    } catch (e) {
      this.#drop(taken);
      throw e;
    }
    this.#held.set(owner, wanted);
    this.#drop(before);
  }

  /** The owner is gone. */
  letGo(owner: string): void {
    const ids = this.#held.get(owner) ?? [];
    this.#held.delete(owner);
    this.#drop(ids);
  }

  /** Sends those again that are still held: the server had no room for them. */
  sendAgain(ids: Iterable<string>): void {
    for (const id of ids) if (this.#uses.has(id)) this.#send(id);
  }

  #send(id: string): void {
    const bytes = this.#make(id);
    if (bytes.length > maxBlobBytes) {
      const [size, limit] = [bytesText(bytes.length), bytesText(maxBlobBytes)];
      throw new MillraceError('TOO_LARGE_TO_SEND', { what: `The blob ${id}`, size, limit });
    }
    this.#sender.send(id, bytes);
  }

  #drop(ids: readonly string[]): void {
    const unused = ids.filter((id) => {
      const uses = this.#uses.get(id)! - 1;
      if (uses > 0) this.#uses.set(id, uses);
      else this.#uses.delete(id);
      return uses === 0;
    });
    if (unused.length > 0) this.#sender.drop(unused);
  }
}
