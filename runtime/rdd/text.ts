// Datasets of text files: lines cut by byte ranges, or whole files.
import { readdirSync, type Stats, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { globSync } from 'tinyglobby';
import { MillraceError } from '../base/errors';
import { unreadable } from '../base/files';
import { maxPartitions, textSplitBytes } from '../base/limits';
import { versionOf } from '../plan/file-version';
import type { InputFile, TextRange } from '../plan/input-file';
import type { SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import type { DatasetHost } from './host';
import { RDD } from './rdd';

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT' || (e as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    return unreadable(path, e);
  }
}

const isPattern = (path: string) => /[*?[\]{}]/.test(path);

/** Commas separate paths, but not inside the braces of a pattern. */
function splitList(paths: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < paths.length; i++) {
    if (paths[i] === '{') depth++;
    else if (paths[i] === '}') depth = Math.max(0, depth - 1);
    else if (paths[i] === ',' && depth === 0) {
      parts.push(paths.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(paths.slice(from));
  return parts.map((p) => p.trim()).filter((p) => p !== '');
}

/** Not by the glob library, which takes a folder that cannot be read for an empty one. */
function filesIn(folder: string): string[] {
  const names = namesIn(folder).filter((name) => !name.startsWith('.') && isData(name));
  return names.map((name) => join(folder, name)).filter((path) => statOf(path)?.isFile());
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (e) {
    return unreadable(folder, e);
  }
}

/** Markers such as _SUCCESS are not data, as for Hadoop's inputs. */
const isData = (path: string) => !path.replace(/\/$/, '').split('/').at(-1)!.startsWith('_');

/** The files of one path: a file, the files of a folder, or what a pattern matches (folders matched give their files). */
function expand(path: string): string[] {
  const absolute = resolve(path);
  const known = statOf(absolute);
  if (known?.isDirectory()) return filesIn(absolute);
  if (known) return [absolute];
  if (!isPattern(path)) throw new MillraceError('NO_SUCH_PATH', { path, folder: process.cwd() });
  return matchesOf(path)
    .filter(isData)
    .flatMap((m) => (m.endsWith('/') ? filesIn(m) : [m]));
}

/** The library takes a folder that cannot be read for an empty one: what it met is asked here. */
function matchesOf(pattern: string): string[] {
  const unread: [string, unknown][] = [];
  const reading = ((folder: string, options: { withFileTypes: true }) => {
    try {
      return readdirSync(folder, options);
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'ENOENT') unread.push([folder, e]);
      throw e;
    }
  }) as typeof readdirSync;
  const matches = globSync(pattern.split(sep).join('/'), {
    // Relative to the current folder, whose own name may hold characters of patterns.
    absolute: true,
    onlyFiles: false,
    dot: false,
    expandDirectories: false,
    fs: { readdirSync: reading },
  });
  for (const [folder, error] of unread) unreadable(folder, error);
  return matches;
}

/** The files of a comma-separated list of files, folders and patterns, in order. Throws NO_SUCH_PATH, NO_FILES or UNREADABLE_FILE. */
export function inputFiles(paths: string): Required<InputFile>[] {
  const files = splitList(paths).flatMap((path) => [...new Set(expand(path))].sort());
  if (files.length === 0) throw new MillraceError('NO_FILES', { path: paths });
  return files.map((path) => {
    const stats = statOf(path);
    if (!stats) throw new MillraceError('NO_SUCH_PATH', { path, folder: process.cwd() });
    return { path, gzip: path.endsWith('.gz'), version: versionOf(path, stats) };
  });
}

/** Cuts files into ranges of about equal size; packed files cannot be cut. */
export function rangesOfFiles(files: readonly Required<InputFile>[], least: number): TextRange[] {
  const total = files.reduce((sum, f) => sum + (f.gzip ? 0 : f.version.size), 0);
  const goal = Math.max(1, Math.min(textSplitBytes, Math.ceil(total / least)));
  const out: TextRange[] = [];
  for (const { path, gzip, version } of files) {
    const { size } = version;
    if (gzip) {
      out.push({ path, start: 0, end: size, gzip, version });
      continue;
    }
    // A last piece of up to a tenth more is not worth a task of its own.
    const pieces = Math.max(size === 0 ? 0 : 1, Math.ceil(size / goal - 0.1));
    for (let i = 0; i < pieces; i++)
      out.push({ path, start: Math.floor((size * i) / pieces), end: Math.floor((size * (i + 1)) / pieces), gzip, version });
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
  const placeOf = ({ path, gzip, version }: TextRange): number => {
    const known = places.get(path);
    if (known !== undefined) return known;
    places.set(path, files.length);
    return files.push({ path, gzip, version }) - 1;
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
  readonly #paths: string;
  readonly #least: number;
  #ranges: readonly TextRange[] | undefined;

  constructor(context: DatasetHost, paths: string, least: number) {
    super(context, 'textFile');
    this.#paths = paths;
    this.#least = least;
    this.setName(paths);
  }

  get #parts(): readonly TextRange[] {
    this.#ranges ??= rangesOfFiles(inputFiles(this.#paths), this.#least);
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
  readonly #paths: string;
  readonly #most: number;
  #groups: readonly InputFile[][] | undefined;

  constructor(context: DatasetHost, paths: string, most: number) {
    super(context, 'wholeTextFiles');
    this.#paths = paths;
    this.#most = most;
    this.setName(paths);
  }

  get #parts(): readonly InputFile[][] {
    if (!this.#groups) {
      const files = inputFiles(this.#paths);
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
