// A dataset of files that were chosen before, with the sizes they had then: their lines, or their whole texts.
import { type FileVersion, headOf } from '../plan/file-version';
import type { TextRange } from '../plan/input-file';
import type { SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import { formOf } from '../plan/text-form';
import type { DatasetHost } from './host';
import type { KnownFile } from './input-files';
import { RDD } from './rdd';
import { fileSplits, rangesOfFiles, textSplits } from './text';

/** A file as it was when it was chosen; plain data. */
export interface FoundFile {
  readonly path: string;
  readonly version: FileVersion;
}

export class FoundFilesRDD<T> extends RDD<T> {
  readonly #files: readonly FoundFile[];
  readonly #lines: boolean;
  #known: readonly KnownFile[] | undefined;
  #ranges: readonly TextRange[] | undefined;

  constructor(context: DatasetHost, name: string, files: readonly FoundFile[], lines: boolean) {
    super(context, name);
    this.#files = files;
    this.#lines = lines;
  }

  /** The files with their forms: a file that is no text fails the dataset, not the look at its folder. */
  get #inputs(): readonly KnownFile[] {
    this.#known ??= this.#files.map(({ path, version }) => ({ path, form: formOf(path, headOf(path)), version }));
    return this.#known;
  }

  get #parts(): readonly TextRange[] {
    this.#ranges ??= rangesOfFiles(this.#inputs, this.context.defaultParallelism);
    return this.#ranges;
  }

  protected countPartitions(): number {
    return this.#lines ? this.#parts.length : this.#files.length;
  }

  fragment(): Plan {
    return { op: this.#lines ? 'text' : 'wholeText' };
  }

  splits(): SplitRule {
    if (this.#lines) return textSplits(this.#parts.map((range) => [range]));
    return fileSplits(this.#inputs.map((file) => [file]));
  }
}
