// Datasets of files on file systems that the engine reads by itself: it cuts them, and gives tasks their lines or bytes.
import { resolve } from 'node:path';
import { type InputPaths, localPath, partsOfList, pathsText } from '../../base/paths';
import { isElsewhere } from '../../base/remote/remote-folders';
import type { EngineFiles, FilePart, WantedFiles } from '../../plan/engine';
import type { InputFile } from '../../plan/input-file';
import type { SplitRule } from '../../plan/node';
import type { Plan } from '../../plan/program';
import type { DatasetHost } from '../host';
import { RDD } from '../rdd';
import { fileSplits, textSplits } from './cut-files';

const operations = { textFile: 'text', wholeTextFiles: 'wholeText', objectFile: 'objects' } as const;

interface EngineInput {
  readonly operation: keyof typeof operations;
  readonly paths: readonly string[];
  /** Partitions: of lines at least so many, of whole files at most. */
  readonly partitions: number;
}

/** The single paths where one of them is the engine's: those of this machine are named for it too. */
export function enginePaths(files: EngineFiles | undefined, paths: unknown): readonly string[] | undefined {
  if (!files) return undefined;
  const list = typeof paths === 'string' ? partsOfList(paths) : Array.isArray(paths) ? paths : [paths];
  const texts = list.map((path) => (path instanceof URL ? path.href : String(path).trim()));
  if (!texts.some((path) => files.has(path))) return undefined;
  return texts.map((path) => (files.has(path) ? path : `file://${resolve(localPath(path))}`));
}

/** A folder on a file system of the engine that is none of this machine's. */
export function engineFolder(files: EngineFiles | undefined, folder: unknown): string | undefined {
  const asked = folder instanceof URL ? folder.href : folder;
  if (!files || typeof asked !== 'string' || !isElsewhere(localPath(asked)) || !files.has(asked)) return undefined;
  return asked.replace(/(?<=[^:/])\/+$/, '');
}

/** `sc.textFile`, `sc.wholeTextFiles` and `sc.objectFile` of such paths. */
export class EngineFilesRDD<T> extends RDD<T> {
  readonly #files: EngineFiles;
  readonly #input: EngineInput;
  #listed: readonly FilePart[] | undefined;

  constructor(context: DatasetHost, files: EngineFiles, input: EngineInput) {
    super(context, input.operation);
    this.#files = files;
    this.#input = input;
    this.setName(pathsText(input.paths as InputPaths));
    this.beforeFirstJob(async () => {
      this.#listed ??= await files.list(this.#wanted);
    });
  }

  get #wanted(): WantedFiles {
    const { operation, paths, partitions } = this.#input;
    return { kind: operation === 'textFile' ? 'lines' : 'files', paths, least: partitions };
  }

  /** What each partition reads: a part of a file, small whole files some together, or an object file. */
  get #parts(): readonly (readonly FilePart[])[] {
    this.#listed ??= this.#files.listNow(this.#wanted);
    const parts = this.#listed;
    const { operation, partitions } = this.#input;
    if (operation === 'textFile') return parts.filter(({ length }) => length > 0).map((part) => [part]);
    const n = operation === 'objectFile' ? parts.length : Math.min(parts.length, partitions);
    const at = (i: number) => Math.floor((i * parts.length) / n);
    return Array.from({ length: n }, (_, i) => parts.slice(at(i), at(i + 1)));
  }

  override get isKnownLate(): boolean {
    return true;
  }

  protected countPartitions(): number {
    return this.#parts.length;
  }

  override preferredLocations(index: number): readonly string[] {
    return this.#parts[index]?.[0]?.hosts ?? [];
  }

  fragment(): Plan {
    return { op: operations[this.#input.operation] };
  }

  splits(): SplitRule {
    if (this.#input.operation !== 'textFile') return fileSplits(this.#parts.map((files) => files.map(fileOf)));
    return textSplits(this.#parts.map((ranges) => ranges.map((part) => ({ ...fileOf(part), ...endsOf(part) }))));
  }
}

const fileOf = ({ path }: { readonly path: string }): InputFile => ({ path, form: 'plain', byEngine: true });

const endsOf = ({ start, length }: FilePart) => ({ start, end: start + length });

/** Object files of the engine, a partition for each. */
export const engineFileSplits = (paths: readonly string[]): SplitRule => fileSplits(paths.map((path) => [fileOf({ path })]));
