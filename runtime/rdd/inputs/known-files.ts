// Input files as they are now: their versions, and how their text is written.
import { type Stats, statSync } from 'node:fs';
import { unreadable } from '../../base/files';
import type { InputPaths } from '../../base/paths';
import { lookInto } from '../../plan/file-version';
import type { InputFile } from '../../plan/input-file';
import { formOf } from '../../plan/input-form';
import { type FoundPath, findPaths } from './input-paths';

/** An input file that was looked at. */
export type KnownFile = InputFile & Required<Pick<InputFile, 'version'>>;

/** A file that was found, and is read at `at`. What `isText` is refused where it cannot be one. Throws UNREADABLE_FILE. */
export function knownFile({ path, stats }: FoundPath, at: string, isText: boolean): KnownFile {
  const { version, head } = lookInto(at, at === path ? stats : statOf(at));
  const form = isText ? formOf(path, head) : 'plain';
  return at === path ? { path, form, version } : { path: at, name: path, form, version };
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (e) {
    return unreadable(path, e);
  }
}

/** The regular files of paths as they are now, for who only looks at them. Throws NO_SUCH_PATH, NO_FILES or UNREADABLE_FILE. */
export const filesNow = (paths: InputPaths, isText: boolean): KnownFile[] =>
  findPaths(paths)
    .files.filter(({ stats }) => stats.isFile())
    .map((found) => knownFile(found, found.path, isText));
