// `textFileStream` and `fileStream`: each batch reads the files that arrived in a folder since the previous batch.

import type { Time } from '../../base/duration';
import { type FoundFile, FoundFilesRDD } from '../../rdd/found-files';
import type { RDD } from '../../rdd/rdd';
import type { StreamHost } from '../graph/host';
import { type BatchInput, InputDStream } from '../graph/input';
import { type FolderOptions, FolderWatch } from './folder';

export class FileInputDStream<T> extends InputDStream<T> {
  readonly #watch: FolderWatch;
  readonly #lines: boolean;

  /** Elements are lines, or pairs of a path and a whole text. */
  constructor(host: StreamHost, operation: string, folder: string, lines: boolean, options: FolderOptions) {
    super(host, operation);
    this.#lines = lines;
    this.#watch = new FolderWatch(folder, options);
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

  override position(): unknown {
    return this.#watch.position();
  }

  override resume(position: unknown): void {
    this.#watch.resume(position);
  }
}
