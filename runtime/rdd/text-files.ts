// Datasets of text files: lines cut by byte ranges, or whole files.
import { type InputPaths, pathsText } from '../base/paths';
import { isRemote } from '../base/remote/remote-files';
import type { InputFile, TextRange } from '../plan/input-file';
import type { SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import type { DatasetHost } from './host';
import { fileSplits, partitionsOfFiles, textSplits } from './inputs/cut-files';
import { InputFiles } from './inputs/input-files';
import { RDD } from './rdd';

/** `sc.textFile`: the lines of files. Paths are looked at when partitions are first asked for, as in Spark. */
export class TextFileRDD extends RDD<string> {
  readonly #files: InputFiles;
  readonly #least: number;
  #partitions: readonly TextRange[][] | undefined;

  constructor(context: DatasetHost, paths: InputPaths, least: number) {
    super(context, 'textFile');
    this.#files = new InputFiles(context, paths, true);
    this.#least = least;
    this.setName(pathsText(paths));
    this.beforeFirstJob(() => this.#files.prepare());
  }

  get #parts(): readonly TextRange[][] {
    this.#partitions ??= partitionsOfFiles(this.#files.all, this.#least, this.context.defaultParallelism);
    return this.#partitions;
  }

  override get isKnownLate(): boolean {
    return true;
  }

  /** The files, where all of them are plain UTF-8 that others can read where it lies. @internal */
  get plainPaths(): readonly string[] | undefined {
    const files = this.#files.all;
    const isPlain = ({ path, form, name }: InputFile) => form === 'plain' && name === undefined && !isRemote(path);
    return files.every(isPlain) ? files.map(({ path }) => path) : undefined;
  }

  protected countPartitions(): number {
    return this.#parts.length;
  }

  fragment(): Plan {
    return { op: 'text' };
  }

  splits(): SplitRule {
    return textSplits(this.#parts);
  }
}

/** `sc.wholeTextFiles`: pairs of a file's path and its whole text. */
export class WholeTextFilesRDD extends RDD<[string, string]> {
  readonly #files: InputFiles;
  readonly #most: number;
  #groups: readonly InputFile[][] | undefined;

  constructor(context: DatasetHost, paths: InputPaths, most: number) {
    super(context, 'wholeTextFiles');
    this.#files = new InputFiles(context, paths, true);
    this.#most = most;
    this.setName(pathsText(paths));
    this.beforeFirstJob(() => this.#files.prepare());
  }

  get #parts(): readonly InputFile[][] {
    if (!this.#groups) {
      const files = this.#files.all;
      const n = Math.min(files.length, this.#most);
      this.#groups = Array.from({ length: n }, (_, i) =>
        files.slice(Math.floor((i * files.length) / n), Math.floor(((i + 1) * files.length) / n)),
      );
    }
    return this.#groups;
  }

  override get isKnownLate(): boolean {
    return true;
  }

  protected countPartitions(): number {
    return this.#parts.length;
  }

  fragment(): Plan {
    return { op: 'wholeText' };
  }

  splits(): SplitRule {
    return fileSplits(this.#parts);
  }
}
