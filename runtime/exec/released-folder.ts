// Where the files lie that a session needs no longer: its executors remove them, and its driver where none of them lives to do it.
import type { Forget } from '../plan/task';
import { DiskStore } from '../storage/disk-store';
import { checkpointFolder } from '../storage/frame-file';
import { shuffleFolder } from '../storage/shuffle-file';
import { stateFolder } from './state/version-file';

/** The folder of what is released, within that of the session; undefined for what has no files. */
export function releasedFolder(session: string, what: Forget): string | undefined {
  switch (what.kind) {
    case 'rdd':
      return new DiskStore(session).folderOf(what.rddId);
    case 'shuffle':
      return shuffleFolder(session, what.shuffleId);
    case 'checkpoint':
      return checkpointFolder(session, what);
    case 'state':
      return stateFolder(session, what);
    case 'priority':
    case 'copies':
    case 'blob':
      return undefined;
  }
}
