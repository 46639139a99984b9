// The datasets that a session of a server has defined, as far as its quota allows, and the published ones that they are made of.
import { MillraceError } from '../../../runtime/base/errors';
import type { Job } from '../../../runtime/plan/job';
import type { DatasetNode } from '../../../runtime/plan/node';
import { blobsOfJob, blobsOfNode } from '../held-blobs';
import { sessionOf } from './own-ids';
import { overQuota } from './quotas';

const none: ReadonlySet<number> = new Set();

export class SessionPlans {
  readonly #session: number;
  readonly #mostBytes: number;
  readonly #nodes = new Map<number, DatasetNode>();
  readonly #bytesOf = new Map<number, number>();
  #bytes = 0;
  /** The published datasets of others that a dataset is made of, where there are any. */
  readonly #madeOf = new Map<number, ReadonlySet<number>>();
  /** Datasets that were taken back before this session could use them, by name: jobs on them fail. */
  readonly #absent = new Map<number, string>();
  /** Datasets and blobs for which there was no room: jobs that need them fail. */
  readonly #refused = new Map<number, Error>();
  readonly #refusedBlobs = new Map<string, Error>();

  constructor(session: number, mostBytes: number) {
    this.#session = session;
    this.#mostBytes = mostBytes;
  }

  node(id: number): DatasetNode | undefined {
    return this.#nodes.get(id);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A published dataset is used from now on; or was taken back before that. */
  open(dataset: number, absentAs: string | undefined): void {
    if (absentAs === undefined) this.#absent.delete(dataset);
    else this.#absent.set(dataset, absentAs);
  }

  isAbsent(dataset: number): boolean {
    return this.#absent.has(dataset);
  }

  /** There was no room for a blob, or there is one for it now. */
  blobArrived(id: string, refusal: Error | undefined): void {
    if (refusal) this.#refusedBlobs.set(id, refusal);
    else this.#refusedBlobs.delete(id);
  }

  isRefused(dataset: number): boolean {
    return this.#refused.has(dataset);
  }

  dropBlobs(ids: readonly string[]): void {
    for (const id of ids) this.#refusedBlobs.delete(id);
  }

  /** Takes datasets that were sent in so many bytes; answers those that the engine can know. */
  define(nodes: readonly DatasetNode[], sentBytes: number): DatasetNode[] {
    const bytes = sentBytes / nodes.length;
    return nodes.filter((node) => {
      this.release(node.id);
      const reason = this.#reasonAgainst(node, bytes);
      if (reason) {
        this.#refused.set(node.id, reason);
        return false;
      }
      this.#nodes.set(node.id, node);
      this.#bytesOf.set(node.id, bytes);
      this.#bytes += bytes;
      const madeOf = new Set(node.dependencies.flatMap(({ dataset }) => [...this.publishedIn(dataset)]));
      if (madeOf.size > 0) this.#madeOf.set(node.id, madeOf);
      return ![...madeOf].some((one) => this.#absent.has(one));
    });
  }

  #reasonAgainst(node: DatasetNode, bytes: number): Error | undefined {
    for (const { dataset } of node.dependencies) if (this.#refused.has(dataset)) return this.#refused.get(dataset);
    if (this.#refusedBlobs.size > 0)
      for (const blob of blobsOfNode(node)) if (this.#refusedBlobs.has(blob)) return this.#refusedBlobs.get(blob);
    const wanted = Math.ceil(this.#bytes + bytes);
    return wanted > this.#mostBytes ? overQuota('sessionPlanBytes', wanted, this.#mostBytes) : undefined;
  }

  release(id: number): void {
    this.#nodes.delete(id);
    this.#madeOf.delete(id);
    this.#refused.delete(id);
    this.#bytes -= this.#bytesOf.get(id) ?? 0;
    this.#bytesOf.delete(id);
  }

  /** The published datasets of others that a dataset is made of, or is. */
  publishedIn(dataset: number): ReadonlySet<number> {
    if (sessionOf(dataset) !== this.#session) return new Set([dataset]);
    return this.#madeOf.get(dataset) ?? none;
  }

  /** Throws NOT_PUBLISHED where a job needs a dataset that was taken back, and QUOTA_FULL where there was no room for what it needs. */
  check(job: Job): void {
    for (const id of this.publishedIn(job.root)) {
      const name = this.#absent.get(id);
      if (name !== undefined)
        throw new MillraceError('NOT_PUBLISHED', { name, remedy: 'It was just taken back. See .datasets.' });
    }
    const refused = this.#refused.get(job.root);
    if (refused) throw refused;
    if (this.#refusedBlobs.size > 0)
      for (const blob of blobsOfJob(job)) if (this.#refusedBlobs.has(blob)) throw this.#refusedBlobs.get(blob);
  }
}
