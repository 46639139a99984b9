// Outputs to files: a folder for each batch, named by its time, written whole or not at all. A rerun does not write it twice.
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { checkOptions, refuseArgument } from '../../base/arguments';
import { siteOfCall } from '../../base/call';
import type { Time } from '../../base/duration';
import { diskError, makeFolders, removeQuietly, syncFile } from '../../base/files';
import { checkOnePath, type UserPath } from '../../base/paths';
import { objectFrame, objectMagic } from '../../exec/files/object-file';
import { writeParts } from '../../ops/save';
import type { SaveFormat } from '../../plan/program';
import { lib } from '../../rdd/function-argument';
import { SteppedRDD } from '../../rdd/narrow-step';
import type { RDD } from '../../rdd/rdd';
import { outputExists } from '../../storage/replace-saved';
import { DStream } from '../graph/dstream';
import { type FailureOptions, failurePolicy } from '../graph/failure-policy';
import type { OutputHandle } from '../graph/output';

/** How a stream is saved. */
export interface StreamSaveOptions extends FailureOptions {
  /**
   * `text`: a line for each element; strings as they are, others as JSON. `jsonl`: JSON for strings too. `objects`: the format that
   * `sc.objectFile` reads. Default `text`.
   */
  readonly format?: 'text' | 'jsonl' | 'objects';
  /** Of text and jsonl. Default `none`. */
  readonly compression?: 'gzip' | 'none';
}

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * Writes each batch into a folder of its own below `folder`, named by the batch time in milliseconds: `folder/1700000001000/part-00000`.
     * The folder gets its name once it is complete, so a rerun after a failure does not write it twice. Empty parts and empty batches
     * write nothing. Read all batches by `sc.textFile('folder/*')`.
     * @example const keep = (counts) => counts.save('folder')
     */
    save(folder: UserPath, options?: StreamSaveOptions): OutputHandle;
    /**
     * As `save`, into folders `prefix-MILLISECONDS.suffix`, Spark's names.
     * @example const keep = (counts) => counts.saveAsTextFiles('counts', 'txt')
     */
    saveAsTextFiles(prefix: UserPath, suffix?: string, options?: FailureOptions): OutputHandle;
    /**
     * As `saveAsTextFiles`, in the format that `sc.objectFile` reads back.
     * @example const keep = (counts) => counts.saveAsObjectFiles('counts')
     */
    saveAsObjectFiles(prefix: UserPath, suffix?: string, options?: FailureOptions): OutputHandle;
  }
}

const formats: readonly unknown[] = ['text', 'jsonl', 'objects'];

const checkText = (operation: string, argument: string, text: unknown, example: string): string =>
  checkOnePath(operation, argument, text, 'a path', example);

function checkOneOf(argument: string, value: unknown, allowed: readonly unknown[]): void {
  if (allowed.includes(value)) return;
  const rule = allowed.map((one) => `'${one}'`).join(' or ');
  refuseArgument({ operation: 'save', argument, value, rule, remedy: "Write save('out', { format: 'jsonl' })." });
}

const asJson = (rdd: RDD<unknown>): RDD<unknown> =>
  new SteppedRDD<string>(rdd, {
    operation: 'save',
    plan: (input, b) => ({ op: 'map', template: 'call', name: 'save', f: b.function(lib('jsonLine')), input }),
  });

/** Adds an output that writes each batch to the folder of its time. */
function saving(
  stream: DStream<unknown>,
  operation: string,
  folderOf: (time: Time) => string,
  format: SaveFormat,
  options: FailureOptions,
  prepare = (rdd: RDD<unknown>) => rdd,
): OutputHandle {
  const run = (rdd: RDD<unknown>, { time }: { readonly time: Time }) =>
    saveBatch(prepare(rdd), operation, folderOf(time), format);
  const name = `${operation} of ${stream.name}`;
  return stream.streaming.addOutput({ name, stream, run, policy: failurePolicy(operation, options), callSite: siteOfCall() });
}

/** Throws OUTPUT_EXISTS if something else has the folder's name, and DISK. */
async function saveBatch(rdd: RDD<unknown>, operation: string, folder: string, format: SaveFormat): Promise<void> {
  const path = resolve(folder);
  if (existsSync(join(path, '_SUCCESS'))) return;
  if (existsSync(path)) throw outputExists(folder);
  const temporary = join(dirname(path), `.${basename(path)}.writing`);
  try {
    // An earlier run may have left it unfinished.
    rmSync(temporary, { recursive: true, force: true });
    makeFolders(temporary);
  } catch (e) {
    diskError(temporary, e);
  }
  await writeParts(rdd, operation, temporary, format);
  try {
    if (keepFull(temporary, format) === 0) return removeQuietly(temporary);
    // The names in both folders survive a crash of the machine.
    syncFile(temporary);
    renameSync(temporary, path);
    syncFile(dirname(path));
  } catch (e) {
    removeQuietly(temporary);
    diskError(path, e);
  }
}

/** The bytes of a part without rows: none, an empty gzip file, or a head and an end. */
const emptyBytes: Readonly<Record<SaveFormat, number>> = {
  text: 0,
  gzip: gzipSync('').length,
  objects: objectMagic.length + objectFrame(0).length,
};

/** Removes parts without rows; returns how many are left. */
function keepFull(folder: string, format: SaveFormat): number {
  const parts = readdirSync(folder).filter((name) => name.startsWith('part-'));
  const full = parts.filter((name) => statSync(join(folder, name)).size > emptyBytes[format]);
  for (const name of parts) if (!full.includes(name)) rmSync(join(folder, name));
  return full.length;
}

DStream.prototype.save = function (this: DStream<unknown>, folder, options = {}) {
  checkOptions('save', options, "Write save('out', { format: 'jsonl' }).");
  const { format = 'text', compression = 'none' } = options;
  const path = checkText('save', 'the folder', folder, 'out');
  checkOneOf('the format', format, formats);
  checkOneOf('the compression', compression, format === 'objects' ? ['none'] : ['none', 'gzip']);
  const folderOf = (time: Time) => join(path, String(time));
  if (format === 'objects') return saving(this, 'save', folderOf, 'objects', options);
  const packed = compression === 'gzip' ? 'gzip' : 'text';
  return saving(this, 'save', folderOf, packed, options, format === 'jsonl' ? asJson : undefined);
};

/** `prefix-MILLISECONDS.suffix`. */
const sparkName = (operation: string, prefix: unknown, suffix: unknown) => {
  const before = checkText(operation, 'the prefix', prefix, 'out/batch');
  const after = suffix === undefined || suffix === '' ? '' : `.${checkText(operation, 'the suffix', suffix, 'out/batch')}`;
  return (time: Time) => `${before}-${time}${after}`;
};

DStream.prototype.saveAsTextFiles = function (this: DStream<unknown>, prefix, suffix, options = {}) {
  checkOptions('saveAsTextFiles', options, "Write saveAsTextFiles('out/batch', 'txt', { onFailure: 'skip' }).");
  return saving(this, 'saveAsTextFiles', sparkName('saveAsTextFiles', prefix, suffix), 'text', options);
};

DStream.prototype.saveAsObjectFiles = function (this: DStream<unknown>, prefix, suffix, options = {}) {
  checkOptions('saveAsObjectFiles', options, "Write saveAsObjectFiles('out/batch', 'txt', { onFailure: 'skip' }).");
  return saving(this, 'saveAsObjectFiles', sparkName('saveAsObjectFiles', prefix, suffix), 'objects', options);
};
