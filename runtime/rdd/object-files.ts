// A dataset of the rows of object files, a file a partition.
import { type InputPaths, pathsText } from '../base/paths';
import type { SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import type { DatasetHost } from './host';
import { fileSplits } from './inputs/cut-files';
import { InputFiles } from './inputs/input-files';
import { RDD } from './rdd';

/** `sc.objectFile`: what `saveAsObjectFile` wrote. Paths are looked at when partitions are first asked for, as for text files. */
export class ObjectFileRDD<T> extends RDD<T> {
  readonly #files: InputFiles;

  constructor(context: DatasetHost, paths: InputPaths) {
    super(context, 'objectFile');
    this.#files = new InputFiles(context, paths, false);
    this.setName(pathsText(paths));
    this.beforeFirstJob(() => this.#files.prepare());
  }

  override get isKnownLate(): boolean {
    return true;
  }

  protected countPartitions(): number {
    return this.#files.all.length;
  }

  fragment(): Plan {
    return { op: 'objects' };
  }

  splits(): SplitRule {
    return fileSplits(this.#files.all.map((file) => [file]));
  }
}
