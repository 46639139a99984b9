// Streams that read sources: methods of the streaming context.
import { checkFlag, checkOptions, refuseArgument } from '../../base/arguments';
import { type Duration, milliseconds } from '../../base/duration';
import { checkInputPaths, checkOnePath, type UserPath } from '../../base/paths';
import { isRemote } from '../../base/remote/remote-files';
import type { Datum } from '../../rdd/element-types';
import { engineFolder } from '../../rdd/inputs/engine-files';
import type { RDD } from '../../rdd/rdd';
import { StreamingContext } from '../context';
import type { DStream } from '../graph/dstream';
import { FileInputDStream } from '../sources/file-streams';
import { GeneratorInputDStream } from '../sources/generator-stream';
import type { FolderOptions } from '../sources/new-files';
import { QueueInputDStream } from '../sources/queue-stream';
import { ReplayInputDStream, type ReplayOptions } from '../sources/replay';

/** Which files of a folder are read, and when a file that is written in place counts as complete. */
export interface FileStreamOptions {
  /** Reads only files for whose name it returns true; runs in the session. */
  readonly filter?: (name: string) => unknown;
  /** Leaves out the files that are in the folder at the start. Default true. */
  readonly newFilesOnly?: boolean;
  /** A file that is written in place is read after this long without a change. Default '1s'. Moved files are read at once. */
  readonly settle?: Duration;
}

declare module '../context' {
  interface StreamingContext {
    /**
     * Batches from a queue that the program fills with datasets or arrays: each batch takes one, or all.
     * @example const ssc = new StreamingContext(sc, '1s'); ssc.queueStream([sc.range(3), sc.range(5)])
     */
    queueStream<T>(queue: (RDD<T> | readonly T[])[], oneAtATime?: boolean): DStream<T>;
    /**
     * The lines of files that arrive in a folder: moved files at once, files that are written there when they have settled; forms as
     * for `sc.textFile`. A file that takes the name of one that was read, and one that was rewritten, is read again. Names that begin
     * with . or _ or end in .tmp or .part are not read. Each batch reports the files that still grow, and what cannot be read.
     * NO_SUCH_PATH or NOT_A_FOLDER is reported where there is no such folder at the start; all files of a later one are read.
     * @example const lines = (ssc) => ssc.textFileStream('incoming')
     */
    textFileStream(folder: UserPath, options?: FileStreamOptions): DStream<string>;
    /**
     * Pairs [path, whole text] of the files that arrive in a folder, like `textFileStream`.
     * @example const files = (ssc) => ssc.fileStream('incoming')
     */
    fileStream(folder: UserPath, options?: FileStreamOptions): DStream<[string, string]>;
    /**
     * The lines of old files (paths as for `sc.textFile`) as a stream, for the same program as live. Each batch follows as soon as the one
     * before is done, regardless of the clock. The context stops after the last. With `timeOf` a line is in the batch of its own time.
     * @example const again = (ssc) => ssc.replay('folder')
     */
    replay(paths: UserPath | readonly UserPath[], options?: ReplayOptions): DStream<string>;
    /**
     * `perSecond` elements each second: f(0), f(1), and so on, made on the executors. A function of the number alone makes the same
     * elements in a rerun. After a restart from a checkpoint the numbers continue.
     * @example const ssc = new StreamingContext(sc, '1s'); ssc.generatorStream(1000, i => i)
     */
    generatorStream<T extends Datum>(perSecond: number, f: (i: number) => T): DStream<T>;
  }
}

StreamingContext.prototype.queueStream = function <T>(queue: (RDD<T> | readonly T[])[], oneAtATime = true) {
  checkFlag('queueStream', 'one at a time', oneAtATime);
  if (!Array.isArray(queue))
    refuseArgument({
      operation: 'queueStream',
      argument: 'the queue',
      value: queue,
      rule: 'an array of datasets or arrays',
      remedy: 'Write queueStream([[1, 2], [3]]).',
    });
  return new QueueInputDStream<T>(this, queue, oneAtATime);
};

function folderStream<T>(
  streaming: StreamingContext,
  operation: string,
  folder: UserPath,
  lines: boolean,
  options: FileStreamOptions = {},
) {
  const elsewhere = engineFolder(streaming.sc.engineFiles, folder);
  const isRead = elsewhere !== undefined && isRemote(elsewhere);
  const path = isRead ? elsewhere : checkOnePath(operation, 'the folder', folder, 'the path of a folder', 'incoming');
  checkOptions(operation, options, `Write ${operation}('incoming', { settle: '2s' }).`);
  const { filter, newFilesOnly = true, settle = '1s' } = options;
  if (filter !== undefined && typeof filter !== 'function')
    refuseArgument({
      operation,
      argument: 'the filter',
      value: filter,
      rule: 'a function of the name',
      remedy: `Write ${operation}('incoming', { filter: name => name.endsWith('.log') }).`,
    });
  checkFlag(operation, 'newFilesOnly', newFilesOnly);
  const checked: FolderOptions = { filter, newFilesOnly, settle: milliseconds(operation, 'settle', settle) };
  return new FileInputDStream<T>(streaming, operation, path, lines, checked);
}

StreamingContext.prototype.textFileStream = function (folder, options) {
  return folderStream<string>(this, 'textFileStream', folder, true, options);
};

StreamingContext.prototype.fileStream = function (folder, options) {
  return folderStream<[string, string]>(this, 'fileStream', folder, false, options);
};

StreamingContext.prototype.replay = function (paths, options = {}) {
  const remedy = "Write replay('old/*.log', { timeOf: line => Date.parse(line.slice(0, 24)) }).";
  checkOptions('replay', options, remedy);
  const { timeOf, recordsPerBatch = 1 } = options;
  const refuse = (argument: string, value: unknown, rule: string) =>
    refuseArgument({ operation: 'replay', argument, value, rule, remedy });
  if (timeOf !== undefined && typeof timeOf !== 'function') refuse('timeOf', timeOf, 'a function of the line');
  if (!Number.isSafeInteger(recordsPerBatch) || recordsPerBatch < 1)
    refuse('recordsPerBatch', recordsPerBatch, 'a whole number above 0');
  return new ReplayInputDStream(this, checkInputPaths('replay', paths), options);
};

StreamingContext.prototype.generatorStream = function (perSecond, f) {
  if (!(typeof perSecond === 'number' && perSecond > 0 && Number.isFinite(perSecond)))
    refuseArgument({
      operation: 'generatorStream',
      argument: 'the rate',
      value: perSecond,
      rule: 'elements a second, above 0',
      remedy: 'Write generatorStream(1000, i => i).',
    });
  return new GeneratorInputDStream(this, perSecond, f);
};
