// A dataset of the rows of object files, a file a partition.
import type { Context } from '../context';
import type { InputFile } from '../plan/input-file';
import type { Plan, Split } from '../plan/program';
import { RDD } from './rdd';
import { inputFiles } from './text';

/** `sc.objectFile`: what `saveAsObjectFile` wrote. Paths are looked at when partitions are first asked for, as for text files. */
export class ObjectFileRDD<T> extends RDD<T> {
  readonly #paths: string;
  #files: readonly InputFile[] | undefined;

  constructor(context: Context, paths: string) {
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

  split(index: number): Split {
    return { kind: 'files', index, files: [this.#parts[index]] };
  }
}
