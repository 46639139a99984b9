// The datasets that a context makes of values, numbers, files and other datasets.

import { refuseArgument } from '../base/arguments';
import { checkInputPaths, type UserPath } from '../base/paths';
import { Context } from '../context/context';
import type { OnlyAny } from '../rdd/element-types';
import { EngineFilesRDD, enginePaths } from '../rdd/inputs/engine-files';
import { ObjectFileRDD } from '../rdd/object-files';
import { EmptyRDD, lengthOfRange, ParallelizedRDD, RangeRDD } from '../rdd/parallelized';
import type { RDD } from '../rdd/rdd';
import { TextFileRDD, WholeTextFilesRDD } from '../rdd/text-files';
import { unionOf } from '../rdd/union';

declare module '../context/context' {
  interface Context {
    /**
     * A dataset of the session's values, cut into slices: 1..10 in 3 slices are 3, 3 and 4. Arrays of two are pairs. The values are
     * taken now: what is added to them later is not seen.
     * Throws BAD_ARGUMENT for what has no elements, and for a number of slices below 1 or above 1,000,000.
     * @example await sc.parallelize([1, 2, 3, 4], 2).map(x => x * 2).collect() // [2, 4, 6, 8]
     */
    parallelize<A>(values: Iterable<OnlyAny<A>>, numSlices?: number): RDD<A>;
    parallelize<K, V>(values: Iterable<[K, V]>, numSlices?: number): RDD<[K, V]>;
    parallelize<T>(values: Iterable<T>, numSlices?: number): RDD<T>;
    /**
     * Numbers from `start` to before `end` by `step`, made on the executors; with one argument from 0.
     * Throws BAD_ARGUMENT for bounds that are no numbers, for a step of 0, and for a number of slices below 1 or above 1,000,000.
     * @example await sc.range(0, 10, 3).collect() // [0, 3, 6, 9]
     */
    range(start: number, end?: number, step?: number, numSlices?: number): RDD<number>;
    /**
     * A dataset without partitions.
     * @example await sc.emptyRDD().count() // 0
     */
    emptyRDD<T = never>(): RDD<T>;
    /**
     * The lines of a file, of the files of a folder, of what a pattern matches, or of several of these: an array, or a list separated by
     * commas (a comma of a name stands behind a backslash). `~` is the home folder, and URLs are understood: `file:`, `https:`, `s3:` and `hdfs:`. Gzip is unpacked and UTF-16 converted,
     * whatever the name. `minPartitions` is a wish: large files are cut into pieces of 32 MiB at most, small ones share partitions. `**`
     * enters no linked folder, and a file is read once, however many links lead to it. /dev/stdin, pipes and files of /proc are read to
     * their end, once. A folder without files has no rows.
     * Throws NO_SUCH_PATH, NO_FILES or UNREADABLE_FILE when its partitions are first asked for.
     * @example sc.textFile('logs/*.txt').filter(line => line.includes('ERROR'))
     */
    textFile(path: UserPath | readonly UserPath[], minPartitions?: number): RDD<string>;
    /**
     * Pairs [path, whole text] of small files, of 256 MiB at most; paths and forms as for `textFile`.
     * Throws NO_SUCH_PATH, NO_FILES or UNREADABLE_FILE when its partitions are first asked for.
     * @example sc.wholeTextFiles('logs').mapValues(text => text.length)
     */
    wholeTextFiles(path: UserPath | readonly UserPath[], minPartitions?: number): RDD<[string, string]>;
    /**
     * The rows that `saveAsObjectFile` wrote; paths as for `textFile`, a partition for each file.
     * Throws NO_SUCH_PATH or NO_FILES when its partitions are first asked for, BAD_OBJECT_FILE in a job.
     * @example sc.objectFile('saved')
     */
    objectFile<T = unknown>(path: UserPath | readonly UserPath[]): RDD<T>;
    /**
     * All elements of several datasets, duplicates kept; of none an empty one. Throws BAD_ARGUMENT for what is no dataset of this context.
     * @example await sc.union([sc.range(2), sc.range(3)]).count() // 5
     */
    union<T>(...rdds: (RDD<T> | readonly RDD<T>[])[]): RDD<T>;
  }
}

Context.prototype.parallelize = function <T>(this: Context, values: Iterable<T>, numSlices = this.defaultParallelism): RDD<T> {
  this.checkAlive();
  if (typeof values?.[Symbol.iterator] !== 'function')
    refuseArgument({
      operation: 'parallelize',
      argument: 'its argument',
      value: values,
      rule: 'something to iterate over: an array, a set, a map, a generator',
      remedy: 'Write parallelize([value]) for one value, parallelize(Object.entries(object)) for the properties of an object.',
    });
  return new ParallelizedRDD(this, [...values], this.checkPartitions('parallelize', numSlices));
};

Context.prototype.range = function (this: Context, start, end, step = 1, numSlices = this.defaultParallelism) {
  this.checkAlive();
  const { from, length } = lengthOfRange(start, end, step);
  return new RangeRDD(this, from, step, length, this.checkPartitions('range', numSlices));
};

Context.prototype.emptyRDD = function <T>(this: Context) {
  this.checkAlive();
  return new EmptyRDD<T>(this);
};

/** The dataset of files on a file system of the engine; undefined where they are this machine's. */
function ofEngine<T>(
  context: Context,
  operation: 'textFile' | 'wholeTextFiles' | 'objectFile',
  path: unknown,
  partitions: number,
): RDD<T> | undefined {
  const files = context.engineFiles;
  const paths = enginePaths(files, path);
  return files && paths && new EngineFilesRDD<T>(context, files, { operation, paths, partitions });
}

Context.prototype.textFile = function (this: Context, path, minPartitions = Math.min(this.defaultParallelism, 2)) {
  this.checkAlive();
  const partitions = this.checkPartitions('textFile', minPartitions);
  return (
    ofEngine<string>(this, 'textFile', path, partitions) ?? new TextFileRDD(this, checkInputPaths('textFile', path), partitions)
  );
};

Context.prototype.wholeTextFiles = function (this: Context, path, minPartitions = this.defaultParallelism) {
  this.checkAlive();
  const partitions = this.checkPartitions('wholeTextFiles', minPartitions);
  const engines = ofEngine<[string, string]>(this, 'wholeTextFiles', path, partitions);
  return engines ?? new WholeTextFilesRDD(this, checkInputPaths('wholeTextFiles', path), partitions);
};

Context.prototype.objectFile = function <T>(this: Context, path: UserPath | readonly UserPath[]) {
  this.checkAlive();
  return ofEngine<T>(this, 'objectFile', path, 1) ?? new ObjectFileRDD<T>(this, checkInputPaths('objectFile', path));
};

Context.prototype.union = function <T>(this: Context, ...rdds: (RDD<T> | readonly RDD<T>[])[]) {
  this.checkAlive();
  const inputs = rdds.flat() as RDD<T>[];
  for (const rdd of inputs) this.checkDataset('union', rdd);
  return inputs.length === 0 ? this.emptyRDD<T>() : unionOf(this, inputs);
};
