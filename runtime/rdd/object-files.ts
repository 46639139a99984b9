// A dataset of the rows of object files, a file a partition.
import type { InputFile } from '../plan/input-file';
import type { SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import type { DatasetHost } from './host';
import { RDD } from './rdd';
import { fileSplits, inputFiles } from './text';

/** `sc.objectFile`: what `saveAsObjectFile` wrote. Paths are looked at when partitions are first asked for, as for text files. */
export class ObjectFileRDD<T> extends RDD<T> {
  readonly #paths: string;
  #files: readonly InputFile[] | undefined;

  constructor(context: DatasetHost, paths: string) {
    super(context, 'objectFile');
    this.#paths = paths;
    this.setName(paths);
  }

  get #parts(): readonly InputFile[] {
    this.#files ??= inputFiles(this.#paths);
    return this.#files;
  }

  protected countPartitions(): number {
    return this.#parts.length;
  }

  fragment(): Plan {
    return { op: 'objects' };
  }

  splits(): SplitRule {
    return fileSplits(this.#parts.map((file) => [file]));
  }
}
