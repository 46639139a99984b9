// Checkpoints: the partitions of a dataset as files, which stand for all that it was made of from then on.
import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkNoFile } from '../base/arguments';
import { diskError, makeFolders, removeQuietly } from '../base/files';
import { checkOnePath, type UserPath } from '../base/paths';
import { Preparation } from '../base/preparation';
import { partName } from '../exec/files/saved-part';
import type { EngineFiles } from '../plan/engine';
import type { SplitRule } from '../plan/node';
import type { Plan, Sink } from '../plan/program';
import type { CheckpointMark, DatasetHost } from './host';
import { engineFileSplits, enginePaths } from './inputs/engine-files';
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
    return this.isWritten && this.#folder !== undefined ? `${this.#folder}/${this.#rddId}` : undefined;
  }

  /** Writes the partitions by a job of its own, once. */
  async write(): Promise<void> {
    await this.#writing?.run();
    this.#writing = undefined;
  }

  async #write(rdd: RDD<unknown>): Promise<void> {
    const { context } = rdd;
    const files = this.#folder === undefined ? undefined : context.engineFiles;
    if (files?.has(this.#folder!)) return this.#writeByEngine(rdd, files);
    const sink = { kind: 'checkpoint', rddId: this.#rddId, folder: this.#folder } as const;
    try {
      await runJob(rdd, sink);
    } catch (e) {
      if (this.#folder !== undefined) removeQuietly(join(this.#folder, String(this.#rddId)));
      throw e;
    }
    this.#standsFor(rdd, { op: 'checkpoint' }, { kind: 'checkpoint', folder: this.#folder });
  }

  /** Writes object files through the committer of the engine, which reads them by itself. */
  async #writeByEngine(rdd: RDD<unknown>, files: EngineFiles): Promise<void> {
    const folder = `${this.#folder}/${this.#rddId}`;
    const written = { folder, jobTag: `checkpoint${this.#rddId}` };
    const sink = { kind: 'save', format: 'objects', ...written, byEngine: true } as const;
    await files.begin(written);
    try {
      await runJob(rdd, sink);
      await files.commit(written);
    } catch (e) {
      await files.abort(written).catch(() => undefined);
      throw e;
    }
    const parts = Array.from({ length: rdd.numPartitions }, (_, i) => `${folder}/${partName(sink, i)}`);
    this.#standsFor(rdd, { op: 'objects' }, engineFileSplits(parts));
  }

  #standsFor(rdd: RDD<unknown>, fragment: Plan, splits: SplitRule): void {
    const { context } = rdd;
    this.#isWritten = true;
    rdd.readFrom(fragment, splits);
    // Jobs that run already still read the lineage that they began with.
    void context.endOfRunningJobs().then(() => rdd.forgetLineage());
  }
}

/** The job that writes a checkpoint: it answers nothing, and writes no checkpoints of its lineage. */
function runJob(rdd: RDD<unknown>, sink: Sink): Promise<void> {
  const options = { title: `checkpoint of ${rdd}`, writesCheckpoints: false };
  return rdd.context.runSink(
    rdd,
    () => sink,
    options,
    () => {},
  );
}

/** Writes the checkpoints that a dataset and all it is made of are marked for, the oldest first. */
export async function writeCheckpoints(rdd: RDD<unknown>, seen: Set<RDD<unknown>> = new Set()): Promise<void> {
  if (seen.has(rdd)) return;
  seen.add(rdd);
  for (const dependency of rdd.lineage) await writeCheckpoints(dependency.rdd, seen);
  await rdd.checkpointed?.write();
}

/**
 * A folder of this session's own for its checkpoints: those of another one are never written over. One of the engine's file systems is
 * made by the first checkpoint. Throws DISK, BAD_ARGUMENT.
 */
export function makeCheckpointFolder(context: DatasetHost, folder: UserPath): string {
  const remote = enginePaths(context.engineFiles, [folder])?.[0];
  if (remote !== undefined) return `${remote.replace(/\/+$/, '')}/checkpoint-${randomUUID()}`;
  const given = checkOnePath('setCheckpointDir', 'the folder', folder, 'the path of a folder', 'checkpoints');
  checkNoFile('setCheckpointDir', given);
  const path = resolve(given);
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
