// Saving a dataset as a folder of files, and reading object files back.
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { checkOptions, refuseArgument } from '../base/arguments';
import { MillraceError } from '../base/errors';
import { diskError } from '../base/files';
import { freshSeed } from '../base/time';
import { temporaryFolder } from '../exec/files/saved-part';
import type { SaveFormat } from '../plan/program';
import { lib } from '../rdd/function-argument';
import { SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';
import { gather } from './actions';

/** How `saveAsTextFile` packs its parts. */
export interface SaveOptions {
  readonly compression?: 'gzip' | 'none';
}

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * Writes a folder of text files, one for each partition, and _SUCCESS when all are whole; packed as .gz with
     * `{ compression: 'gzip' }`. Strings are written as they are; arrays and objects become JSON, in which values that JSON lacks have a tag
     * (`{"$map":[["a",{"$number":"NaN"}]]}`), so that `fromText` reads them back. Throws OUTPUT_EXISTS, DISK.
     * @example const save = () => words.saveAsTextFile('words')
     */
    saveAsTextFile(folder: string, options?: SaveOptions): Promise<void>;
    /**
     * The rows of lines that `saveAsTextFile`, `save` of a stream or `.export` to .jsonl wrote, with maps, dates, NaN and the like as they
     * were. Instances of classes come back as plain objects; a line that is no JSON is a string.
     * @example await sc.parallelize(['{"$set":[1,{"$bigint":"2"}]}']).fromText().collect() // [new Set([1, 2n])]
     */
    fromText(this: RDD<string>): RDD<unknown>;
    /**
     * Writes a folder of object files, which `sc.objectFile(folder)` reads back with numbers, dates, maps and the like as they were.
     * Throws OUTPUT_EXISTS, DISK, and UNSHIPPABLE_VALUE for rows that have no value beyond their process.
     * @example const keep = () => words.saveAsObjectFile('words-saved')
     */
    saveAsObjectFile(folder: string): Promise<void>;
  }
}

/** Throws BAD_ARGUMENT unless `folder` can be the path of one. */
function checkFolder(operation: string, folder: unknown): string {
  if (typeof folder === 'string' && folder.trim() !== '') return folder;
  const remedy = `Write ${operation}('out').`;
  return refuseArgument({ operation, argument: 'the folder', value: folder, rule: 'the path of a new folder', remedy });
}

async function save(rdd: RDD<unknown>, operation: string, folder: string, format: SaveFormat): Promise<void> {
  const path = resolve(checkFolder(operation, folder));
  makeFolder(path, folder);
  await writeParts(rdd, operation, path, format, folder);
}

/** Writes the parts of a dataset into a folder that is empty, and `_SUCCESS`. Throws DISK; nothing is left of the folder then. */
export async function writeParts(
  rdd: RDD<unknown>,
  operation: string,
  path: string,
  format: SaveFormat,
  shown = path,
): Promise<void> {
  const jobTag = createHash('sha1').update(`${path} ${process.pid} ${freshSeed()}`).digest('hex').slice(0, 12);
  try {
    mkdirSync(temporaryFolder(path, jobTag), { recursive: true });
    const written = await gather<string>(rdd, operation, () => ({ kind: 'save', format, folder: path, jobTag }));
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
    mkdirSync(dirname(path), { recursive: true });
  } catch (e) {
    diskError(shown, e);
  }
  try {
    mkdirSync(path);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'EEXIST') throw new MillraceError('OUTPUT_EXISTS', { path: shown });
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
  await save(this, 'saveAsTextFile', folder, compression === 'gzip' ? 'gzip' : 'text');
};

RDD.prototype.fromText = function () {
  return new SteppedRDD(this, {
    operation: 'fromText',
    plan: (input, b) => ({ op: 'map', template: 'call', name: 'fromText', f: b.function(lib('fromText')), input }),
  });
};

RDD.prototype.saveAsObjectFile = async function (folder) {
  await save(this, 'saveAsObjectFile', folder, 'objects');
};
