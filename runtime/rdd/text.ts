// Datasets of text files: lines cut by byte ranges, or whole files.
import { MillraceError } from '../base/errors';
import { maxPartitions, textSplitBytes } from '../base/limits';
import type { InputFile, TextRange } from '../plan/input-file';
import type { SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import type { DatasetHost } from './host';
import { InputFiles, type KnownFile } from './input-files';
import { RDD } from './rdd';

/** Cuts files into ranges of about equal size; only plain text can be cut. */
export function rangesOfFiles(files: readonly KnownFile[], least: number): TextRange[] {
  const total = files.reduce((sum, f) => sum + (f.form === 'plain' ? f.version.size : 0), 0);
  const goal = Math.max(1, Math.min(textSplitBytes, Math.ceil(total / least)));
  const out: TextRange[] = [];
  for (const { path, form, version } of files) {
    const { size } = version;
    if (form !== 'plain') {
      out.push({ path, start: 0, end: size, form, version });
      continue;
    }
    // A last piece of up to a tenth more is not worth a task of its own.
    const pieces = Math.max(size === 0 ? 0 : 1, Math.ceil(size / goal - 0.1));
    for (let i = 0; i < pieces; i++)
      out.push({ path, start: Math.floor((size * i) / pieces), end: Math.floor((size * (i + 1)) / pieces), form, version });
  }
  if (out.length > maxPartitions)
    throw new MillraceError('BAD_ARGUMENT', {
      operation: 'textFile',
      argument: 'the number of partitions',
      value: out.length,
      rule: `at most ${maxPartitions}`,
      remedy: 'Read fewer files, or ask for fewer partitions.',
    });
  return out;
}

/** What the partitions of a dataset of text files read: each file is named once. */
export function textSplits(partitions: readonly (readonly TextRange[])[]): SplitRule {
  const files: InputFile[] = [];
  const places = new Map<string, number>();
  const placeOf = ({ path, form, version }: TextRange): number => {
    const known = places.get(path);
    if (known !== undefined) return known;
    places.set(path, files.length);
    return files.push({ path, form, version }) - 1;
  };
  const ranges = partitions.map((parts) => parts.map((range) => [placeOf(range), range.start, range.end] as const));
  return { kind: 'text', files, ranges };
}

/** What the partitions of a dataset of whole files read: the given files of each, in their order. */
export function fileSplits(partitions: readonly (readonly InputFile[])[]): SplitRule {
  const bounds = [0];
  for (const files of partitions) bounds.push(bounds[bounds.length - 1] + files.length);
  return { kind: 'files', files: partitions.flat(), bounds };
}

/** `sc.textFile`: the lines of files. Paths are looked at when partitions are first asked for, as in Spark. */
export class TextFileRDD extends RDD<string> {
  readonly #files: InputFiles;
  readonly #least: number;
  #ranges: readonly TextRange[] | undefined;

  constructor(context: DatasetHost, paths: string, least: number) {
    super(context, 'textFile');
    this.#files = new InputFiles(context, paths, true);
    this.#least = least;
    this.setName(paths);
    this.beforeFirstJob(() => this.#files.prepare());
  }

  get #parts(): readonly TextRange[] {
    this.#ranges ??= rangesOfFiles(this.#files.all, this.#least);
    return this.#ranges;
  }

  protected countPartitions(): number {
    return this.#parts.length;
  }

  fragment(): Plan {
    return { op: 'text' };
  }

  splits(): SplitRule {
    return textSplits(this.#parts.map((range) => [range]));
  }
}

/** `sc.wholeTextFiles`: pairs of a file's path and its whole text. */
export class WholeTextFilesRDD extends RDD<[string, string]> {
  readonly #files: InputFiles;
  readonly #most: number;
  #groups: readonly InputFile[][] | undefined;

  constructor(context: DatasetHost, paths: string, most: number) {
    super(context, 'wholeTextFiles');
    this.#files = new InputFiles(context, paths, true);
    this.#most = most;
    this.setName(paths);
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
