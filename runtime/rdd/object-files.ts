// A dataset of the rows of object files, a file a partition.
import type { Context } from '../context';
import type { Plan, Split } from '../exec/program';
import { RDD } from './rdd';
import { inputFiles } from './text';

/** `sc.objectFile`: what `saveAsObjectFile` wrote. Paths are looked at when partitions are first asked for, as for text files. */
export class ObjectFileRDD<T> extends RDD<T> {
  readonly #paths: string;
  #files: readonly string[] | undefined;

  constructor(context: Context, paths: string) {
    super(context, 'objectFile');
    this.#paths = paths;
    this.setName(paths);
  }

  get #parts(): readonly string[] {
    this.#files ??= inputFiles(this.#paths).map(({ path }) => path);
    return this.#files;
  }

  protected countPartitions(): number {
    return this.#parts.length;
  }

  fragment(): Plan {
    return { op: 'objects' };
  }

  split(index: number): Split {
    return { kind: 'files', index, files: [{ path: this.#parts[index], gzip: false }] };
  }
}
