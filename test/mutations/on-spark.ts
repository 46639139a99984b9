// Mistakes in what Apache Spark as the engine adds: reports of tasks, meetings of a barrier stage, files of the session.
import type { Mutation } from './mutation';

export const onSpark: readonly Mutation[] = [
  {
    mistake: 'what was added while a version of a state was made counts for each task that tells of it',
    file: 'cluster/spark/reports.ts',
    find: 'return updates.filter(({ block }) => !block ||',
    replace: 'return updates.filter(({ block }) => true ||',
    tests: ['without-spark'],
  },
  {
    mistake: 'a task of a barrier stage leaves without a word',
    file: 'runtime/exec/engine-meeting.ts',
    find: 'while (isWell &&',
    replace: 'while (!isWell &&',
    tests: ['engine-meeting'],
  },
  {
    mistake: 'a file of the session that was written again passes for the one that executors have',
    file: 'cluster/spark/files/session-files.ts',
    find: '`file-${name}-${mtimeMs}-${size}`',
    replace: '`file-${name}`',
    tests: ['session-files'],
  },
  {
    mistake: 'rows of another computation of a persisted partition pass for those that Spark has',
    file: 'runtime/storage/partition-copies.ts',
    find: '?.get(partition) === id ?',
    replace: '?.get(partition) !== undefined ?',
    tests: ['partition-copies'],
  },
];
