// A dataset of files that were chosen before, with the sizes they had then: their lines, or their whole texts.
import type { FileVersion } from '../plan/file-version';
import type { TextRange } from '../plan/input-file';
import type { SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import type { DatasetHost } from './host';
import { RDD } from './rdd';
import { fileSplits, rangesOfFiles, textSplits } from './text';

/** A file as it was when it was chosen; plain data. */
export interface FoundFile {
  readonly path: string;
  readonly version: FileVersion;
}

const isPacked = (path: string) => path.endsWith('.gz');

export class FoundFilesRDD<T> extends RDD<T> {
  readonly #files: readonly FoundFile[];
  readonly #lines: boolean;
  #ranges: readonly TextRange[] | undefined;

  constructor(context: DatasetHost, name: string, files: readonly FoundFile[], lines: boolean) {
    super(context, name);
    this.#files = files;
    this.#lines = lines;
  }

  get #parts(): readonly TextRange[] {
    const inputs = () => this.#files.map(({ path, version }) => ({ path, gzip: isPacked(path), version }));
    this.#ranges ??= rangesOfFiles(inputs(), this.context.defaultParallelism);
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
    return fileSplits(this.#files.map(({ path, version }) => [{ path, gzip: isPacked(path), version }]));
  }
}
