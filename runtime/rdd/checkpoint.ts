// Checkpoints: the partitions of a dataset as files, which stand for all that it was made of from then on.
import { mkdtempSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { diskError, makeFolders, removeQuietly } from '../base/files';
import { Preparation } from '../base/preparation';
import type { CheckpointMark, DatasetHost } from './host';
import type { RDD } from './rdd';

/** A dataset that is to be, or was, written to files. */
class Checkpoint implements CheckpointMark {
  readonly #rddId: number;
  /** The folder of this session's checkpoints; undefined where they lie in the session's own folder and go with it. */
  readonly #folder: string | undefined;
  #writing: Preparation | undefined;
  #isWritten = false;

  constructor(rdd: RDD<unknown>, folder: string | undefined) {
    this.#rddId = rdd.id;
    this.#folder = folder;
    this.#writing = new Preparation(() => this.#write(rdd));
  }

  get isWritten(): boolean {
    return this.#isWritten;
  }

  /** Where the files are; undefined of a local checkpoint, and before it is written. */
  get path(): string | undefined {
    return this.isWritten && this.#folder !== undefined ? join(this.#folder, String(this.#rddId)) : undefined;
  }

  /** Writes the partitions by a job of its own, once. */
  async write(): Promise<void> {
    await this.#writing?.run();
    this.#writing = undefined;
  }

  async #write(rdd: RDD<unknown>): Promise<void> {
    const { context } = rdd;
    const sink = { kind: 'checkpoint', rddId: this.#rddId, folder: this.#folder } as const;
    try {
      await context.runSink(
        rdd,
        () => sink,
        { title: `checkpoint of ${rdd}`, writesCheckpoints: false },
        () => {},
      );
    } catch (e) {
      if (this.#folder !== undefined) removeQuietly(join(this.#folder, String(this.#rddId)));
      throw e;
    }
    this.#isWritten = true;
    rdd.readFrom({ kind: 'checkpoint', folder: this.#folder });
    // Jobs that run already still read the lineage that they began with.
    void context.endOfRunningJobs().then(() => rdd.forgetLineage());
  }
}

/** Writes the checkpoints that a dataset and all it is made of are marked for, the oldest first. */
export async function writeCheckpoints(rdd: RDD<unknown>, seen: Set<RDD<unknown>> = new Set()): Promise<void> {
  if (seen.has(rdd)) return;
  seen.add(rdd);
  for (const dependency of rdd.lineage) await writeCheckpoints(dependency.rdd, seen);
  await rdd.checkpointed?.write();
}

/** A folder of this session's own for its checkpoints: those of another one are never written over. Throws DISK. */
export function makeCheckpointFolder(folder: string): string {
  const path = resolve(folder);
  try {
    makeFolders(path);
    return mkdtempSync(join(path, 'checkpoint-'));
  } catch (e) {
    return diskError(path, e);
  }
}

/** Marks a dataset; a second mark changes nothing. */
export function markForCheckpoint(context: DatasetHost, rdd: RDD<unknown>, folder: string | undefined): void {
  if (rdd.checkpointed) return;
  rdd.checkpointed = new Checkpoint(rdd, folder);
  context.noteCheckpoint(rdd, folder === undefined);
}
