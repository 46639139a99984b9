// A dataset of files that were chosen before, with the sizes they had then: their lines, or their whole texts.
import { isRemote } from '../base/remote/remote-files';
import { type FileVersion, headOf } from '../plan/file-version';
import type { TextRange } from '../plan/input-file';
import { formOf, headBytes } from '../plan/input-form';
import type { SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import type { DatasetHost } from './host';
import { fileSplits, groupsOfFiles, partitionsOfFiles, textSplits } from './inputs/cut-files';
import type { KnownFile } from './inputs/known-files';
import { RDD } from './rdd';

/** A file as it was when it was chosen; plain data. */
export interface FoundFile {
  readonly path: string;
  readonly version: FileVersion;
}

export class FoundFilesRDD<T> extends RDD<T> {
  readonly #files: readonly FoundFile[];
  readonly #lines: boolean;
  #known: readonly KnownFile[] | undefined;
  #partitions: readonly TextRange[][] | undefined;
  #groups: readonly KnownFile[][] | undefined;

  constructor(context: DatasetHost, name: string, files: readonly FoundFile[], lines: boolean) {
    super(context, name);
    this.#files = files;
    this.#lines = lines;
  }

  /** The files with their forms: a file that is no text fails the dataset, not the look at its folder. */
  get #inputs(): readonly KnownFile[] {
    this.#known ??= this.#files.map(({ path, version }) => ({ path, form: formOf(path, this.#headOf(path, version)), version }));
    return this.#known;
  }

  #headOf(path: string, { size, tag = '' }: FileVersion): Buffer {
    const { engineFiles } = this.context;
    if (!engineFiles || !isRemote(path)) return headOf(path);
    return Buffer.from(engineFiles.fetch({ url: path, size, tag }, 0, Math.min(size, headBytes)).take());
  }

  /** Small files share partitions. */
  get #parts(): readonly TextRange[][] {
    const slots = this.context.defaultParallelism;
    this.#partitions ??= partitionsOfFiles(this.#inputs, slots, slots);
    return this.#partitions;
  }

  get #whole(): readonly KnownFile[][] {
    this.#groups ??= groupsOfFiles(this.#inputs, this.context.defaultParallelism);
    return this.#groups;
  }

  protected countPartitions(): number {
    return this.#lines ? this.#parts.length : this.#whole.length;
  }

  fragment(): Plan {
    return { op: this.#lines ? 'text' : 'wholeText' };
  }

  splits(): SplitRule {
    return this.#lines ? textSplits(this.#parts) : fileSplits(this.#whole);
  }
}
