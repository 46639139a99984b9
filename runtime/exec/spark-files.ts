// Files that were added to the session, as functions on executors find them.
import { type Reference, travelsAs } from '../base/markers';
import { TaskContext } from './task-context';

/**
 * Where files stand on the executor that were added by `sc.addFile(path)`.
 * @example const stop = words.filter(w => !require('node:fs').readFileSync(SparkFiles.get('stop.txt'), 'utf8').includes(w))
 */
export const SparkFiles = {
  /** The path of an added file, by the last part of its name. Throws FILE_NOT_ADDED, and NOT_IN_A_TASK in the session. */
  get(name: string): string {
    return TaskContext.get().addedFile(name);
  },

  [travelsAs](): Reference {
    return { kind: 'engine', id: 'SparkFiles' };
  },
};
