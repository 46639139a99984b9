// `textFileStream` and `fileStream`: each batch reads the files that arrived in a folder since the previous batch.

import { basename, resolve } from 'node:path';
import type { Time } from '../../base/duration';
import { countIn, fieldsIn, fileNameIn, listIn, numberIn, textIn } from '../../base/plain-data';
import { below, isElsewhere } from '../../base/remote/remote-folders';
import type { FileVersion } from '../../plan/file-version';
import { type FoundFile, FoundFilesRDD } from '../../rdd/found-files';
import type { RDD } from '../../rdd/rdd';
import type { StreamHost } from '../graph/host';
import { type BatchInput, InputDStream } from '../graph/input';
import { EngineFolder, OwnFolder } from './folder-view';
import { type FolderOptions, FolderWatch } from './new-files';

function versionIn(value: unknown, what: string): FileVersion {
  const { size, mtimeMs, ctimeMs, ino, sample, tag } = fieldsIn(value, what);
  return {
    size: countIn(size, `${what}.size`),
    mtimeMs: numberIn(mtimeMs, `${what}.mtimeMs`),
    ctimeMs: numberIn(ctimeMs, `${what}.ctimeMs`),
    ino: numberIn(ino, `${what}.ino`),
    sample: numberIn(sample, `${what}.sample`),
    ...(tag !== undefined && { tag: textIn(tag, `${what}.tag`) }),
  };
}

export class FileInputDStream<T> extends InputDStream<T> {
  readonly #watch: FolderWatch;
  readonly #lines: boolean;
  readonly #folder: string;

  /** Elements are lines, or pairs of a path and a whole text. */
  constructor(host: StreamHost, operation: string, folder: string, lines: boolean, options: FolderOptions) {
    super(host, operation);
    this.#lines = lines;
    const folders = isElsewhere(folder) ? host.sc.engineFiles?.folders : undefined;
    this.#folder = folders ? folder : resolve(folder);
    this.#watch = new FolderWatch(folders ? new EngineFolder(folder, folders) : new OwnFolder(this.#folder), options);
  }

  start(): void {
    this.#watch.start(this.host.clock.now());
  }

  stop(): void {}

  protected take(time: Time): BatchInput {
    const { files, notes } = this.#watch.look({ time, now: this.host.clock.now(), interval: this.slide });
    return {
      records: this.#lines ? undefined : files.length,
      bytes: files.reduce((n, f) => n + f.version.size, 0),
      notes,
      reads: files,
    };
  }

  protected datasetOf(_time: Time, { reads }: BatchInput): RDD<T> {
    return new FoundFilesRDD<T>(this.host.sc, this.operation, reads as readonly FoundFile[], this.#lines);
  }

  override get kind(): string {
    return 'files';
  }

  override savedReads({ reads }: BatchInput): unknown {
    return (reads as readonly FoundFile[]).map(({ path, version }) => [basename(path), version]);
  }

  override readsOf(saved: unknown): readonly FoundFile[] {
    return listIn(saved, 'the files', (file, what) => {
      const [name, version] = listIn(file, what, (item) => item);
      return { path: below(this.#folder, fileNameIn(name, what)), version: versionIn(version, what) };
    });
  }

  override position(): unknown {
    return this.#watch.position();
  }

  override resume(position: unknown): void {
    this.#watch.resume(position);
  }
}
