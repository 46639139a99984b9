// Saving a dataset as a folder of files, and reading object files back.
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { checkFlag, checkOptions, refuseArgument } from '../base/arguments';
import { MillraceError } from '../base/errors';
import { diskError, makeFolders } from '../base/files';
import { checkOnePath, type UserPath } from '../base/paths';
import { isRemote, type RemotePart, remoteFiles } from '../base/remote/remote-files';
import { freshSeed } from '../base/time';
import { temporaryFolder } from '../exec/files/saved-part';
import type { EngineFiles } from '../plan/engine';
import type { JobPromise } from '../plan/job-promise';
import type { SaveFormat } from '../plan/program';
import type { TableTarget } from '../plan/table-spec';
import { lib } from '../rdd/function-argument';
import { enginePaths } from '../rdd/inputs/engine-files';
import { SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';
import { isThere, outputExists, replaceSaved } from '../storage/replace-saved';
import { gather } from './actions';

/** How a dataset is saved; `compression` is for texts only. */
export interface SaveOptions {
  readonly compression?: 'gzip' | 'none';
  /** Replaces the folder of an earlier save, once the new one is whole. Default false: a folder that exists is refused. */
  readonly overwrite?: boolean;
}

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * Writes a folder of text files, one for each partition, and _SUCCESS when all are whole; packed as .gz with
     * `{ compression: 'gzip' }`. Strings are written as they are; arrays and objects become JSON, in which values that JSON lacks have a tag
     * (`{"$map":[["a",{"$number":"NaN"}]]}`), so that `fromText` reads them back. With `{ overwrite: true }` it replaces an earlier save,
     * which stays until the new one is whole: the dataset may read it. The folder may be `s3://bucket/folder` or `hdfs://host/folder`. Throws
     * OUTPUT_EXISTS, DISK.
     * @example const save = () => words.saveAsTextFile('words', { overwrite: true })
     */
    saveAsTextFile(folder: UserPath, options?: SaveOptions): JobPromise<void>;
    /**
     * The rows of lines that `saveAsTextFile`, `save` of a stream or `.export` to .jsonl wrote, with maps, dates, NaN and the like as they
     * were. Instances of classes come back as plain objects; a line that is no JSON is a string.
     * @example await sc.parallelize(['{"$set":[1,{"$bigint":"2"}]}']).fromText().collect() // [new Set([1, 2n])]
     */
    fromText(this: RDD<string>): RDD<unknown>;
    /**
     * Writes a folder of object files, which `sc.objectFile(folder)` reads back with numbers, dates, maps and the like as they were;
     * `overwrite` as for `saveAsTextFile`.
     * Throws OUTPUT_EXISTS, DISK, and UNSHIPPABLE_VALUE for rows that have no value beyond their process.
     * @example const keep = () => words.saveAsObjectFile('words-saved')
     */
    saveAsObjectFile(folder: UserPath, options?: Pick<SaveOptions, 'overwrite'>): JobPromise<void>;
  }
}

/** What a part becomes; of a table whose columns are looked for once the folder is there. */
type PartFormat = SaveFormat | (() => Promise<TableTarget>);

interface Saving {
  readonly operation: string;
  readonly format: PartFormat;
  readonly overwrite: boolean | undefined;
}

/** Writes a dataset into a new folder, or in place of an earlier save. Throws OUTPUT_EXISTS, DISK. */
export async function save(rdd: RDD<unknown>, folder: UserPath, { operation, format, overwrite = false }: Saving): Promise<void> {
  const files = rdd.context.engineFiles;
  const remote = enginePaths(files, [folder])?.[0];
  const shown = remote ?? checkOnePath(operation, 'the folder', folder, 'the path of a new folder', 'out', 'write');
  checkFlag(operation, 'overwrite', overwrite);
  if (files && remote !== undefined) return saveByEngine(rdd, { files, folder: remote, operation, format, overwrite });
  if (isRemote(shown)) return saveToStore(rdd, shown.replace(/\/+$/, ''), { operation, format, overwrite });
  const path = resolve(shown);
  if (overwrite && isThere(path)) return replaceSaved(path, shown, (beside) => writeParts(rdd, operation, beside, format, shown));
  makeFolder(path, shown);
  await writeParts(rdd, operation, path, format, shown);
}

interface EngineSaving {
  readonly files: EngineFiles;
  readonly folder: string;
  readonly operation: string;
  readonly format: PartFormat;
  readonly overwrite?: boolean;
}

/** Has the engine write a folder on one of its file systems, through a committer of its own. Throws OUTPUT_EXISTS, DISK. */
async function saveByEngine(
  rdd: RDD<unknown>,
  { files, folder: asked, operation, format, overwrite }: EngineSaving,
): Promise<void> {
  const path = asked.replace(/(?<=[^:/])\/+$/, '');
  const jobTag = freshTag(path);
  const folder = overwrite ? `${path}.writing-${jobTag}` : path;
  const replaces = overwrite ? path : undefined;
  await files.begin({ folder, jobTag }, replaces);
  try {
    const made = typeof format === 'string' ? format : await format();
    await gather<string>(rdd, operation, () => ({ kind: 'save', format: made, folder, jobTag, byEngine: true }));
    await files.commit({ folder, jobTag }, replaces);
  } catch (e) {
    await files.abort({ folder, jobTag }).catch(() => undefined);
    throw e;
  }
}

/**
 * Writes parts that nobody sees into a store, and then makes all of them visible, one by one, and `_SUCCESS` the last: who reads only folders
 * that have it sees all or nothing. Throws OUTPUT_EXISTS, DISK.
 */
async function saveToStore(rdd: RDD<unknown>, folder: string, { operation, format, overwrite }: Saving): Promise<void> {
  const files = remoteFiles(folder);
  if (!overwrite && (await files.hasFolder(folder))) throw outputExists(folder);
  try {
    const made = typeof format === 'string' ? format : await format();
    const written = await gather<string>(rdd, operation, () => ({ kind: 'save', format: made, folder, jobTag: '' }));
    await files.commit(
      folder,
      written.map((part) => JSON.parse(part) as RemotePart),
    );
  } catch (e) {
    await files.abort(folder).catch(() => undefined);
    throw e;
  }
}

const freshTag = (path: string): string =>
  createHash('sha1').update(`${path} ${process.pid} ${freshSeed()}`).digest('hex').slice(0, 12);

/** Writes the parts of a dataset into a folder that is empty, and `_SUCCESS`. Throws DISK; nothing is left of the folder then. */
export async function writeParts(
  rdd: RDD<unknown>,
  operation: string,
  path: string,
  format: PartFormat,
  shown = path,
): Promise<void> {
  const jobTag = freshTag(path);
  try {
    makeFolders(temporaryFolder(path, jobTag));
    const made = typeof format === 'string' ? format : await format();
    const written = await gather<string>(rdd, operation, () => ({ kind: 'save', format: made, folder: path, jobTag }));
    // The name of a part ends in the number of the task that wrote it; the winner of each partition loses it here.
    for (const name of written)
      renameSync(join(temporaryFolder(path, jobTag), name), join(path, name.slice(0, name.lastIndexOf('.'))));
    rmSync(join(path, '_temporary'), { recursive: true, force: true });
    writeFileSync(join(path, '_SUCCESS'), '');
  } catch (e) {
    // Nothing of a job that failed may look like its result. Tasks that still run may write while it is removed: it is tried again.
    await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }).catch(() => undefined);
    if (e instanceof MillraceError) throw e;
    diskError(shown, e);
  }
}

/** Made by this job and no other: what it removes when it fails is its own. Throws OUTPUT_EXISTS, DISK. */
function makeFolder(path: string, shown: string): void {
  try {
    makeFolders(dirname(path));
  } catch (e) {
    diskError(shown, e);
  }
  try {
    mkdirSync(path);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'EEXIST') throw outputExists(shown);
    diskError(shown, e);
  }
}

const packed = "Write saveAsTextFile('out', { compression: 'gzip' }).";

RDD.prototype.saveAsTextFile = async function (folder, options = {}) {
  checkOptions('saveAsTextFile', options, packed);
  const { compression = 'none' } = options;
  if (compression !== 'gzip' && compression !== 'none')
    refuseArgument({
      operation: 'saveAsTextFile',
      argument: 'the compression',
      value: compression,
      rule: "'gzip' or 'none'",
      remedy: packed,
    });
  const format = compression === 'gzip' ? 'gzip' : 'text';
  await save(this, folder, { operation: 'saveAsTextFile', format, overwrite: options.overwrite });
};

RDD.prototype.fromText = function () {
  return new SteppedRDD(this, {
    operation: 'fromText',
    plan: (input, b) => ({ op: 'map', template: 'call', name: 'fromText', f: b.function(lib('fromText')), input }),
  });
};

RDD.prototype.saveAsObjectFile = async function (folder, options = {}) {
  checkOptions('saveAsObjectFile', options, "Write saveAsObjectFile('out', { overwrite: true }).");
  await save(this, folder, { operation: 'saveAsObjectFile', format: 'objects', overwrite: options.overwrite });
};
