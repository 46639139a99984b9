// Input files as they are now: their versions, and how their text is written.
import { type Stats, statSync } from 'node:fs';
import { notReadable, unreadable } from '../../base/files';
import type { InputPaths } from '../../base/paths';
import { type RemoteFile, shownUrl } from '../../base/remote/remote-files';
import { lookInto } from '../../plan/file-version';
import type { InputFile } from '../../plan/input-file';
import { formOf } from '../../plan/input-form';
import { type FindRemote, type FoundPath, findPaths } from './input-paths';

/** An input file that was looked at. */
export type KnownFile = InputFile & Required<Pick<InputFile, 'version'>>;

/** A file that was found, and is read at `at`. What `isText` is refused where it cannot be one. Throws UNREADABLE_FILE. */
export function knownFile({ path, stats }: FoundPath, at: string, isText: boolean): KnownFile {
  const { version, head } = lookInto(at, at === path ? stats : statOf(at));
  const form = isText ? formOf(path, head) : 'plain';
  return at === path ? { path, form, version } : { path: at, name: path, form, version };
}

/** A file that is fetched. Files whose URLs are shown alike are told apart by `others`, the paths of those before it. */
export function knownRemote(remote: RemoteFile, isText: boolean, others: ReadonlySet<string>): KnownFile {
  const { url, size, tag, head = new Uint8Array(0) } = remote;
  const shown = shownUrl(url);
  let path = shown;
  for (let n = 2; others.has(path); n++) path = `${shown}${n}`;
  const name = url.replace(/^(https?:[^?#]*)[?#].*$/is, '$1');
  const form = isText ? formOf(name, Buffer.from(head)) : 'plain';
  const whole = path === url ? {} : { url };
  return { path, form, version: { size, mtimeMs: 0, ctimeMs: 0, ino: 0, sample: 0, tag, ...whole } };
}

/** The copy of a file that was fetched whole. */
export const knownCopy = (shown: string, at: string, isText: boolean): KnownFile =>
  knownFile({ path: shown, stats: statOf(at) }, at, isText);

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (e) {
    return unreadable(path, e);
  }
}

/** The regular files of paths as they are now, for who only looks at them. Throws NO_SUCH_PATH, NO_FILES or UNREADABLE_FILE. */
export const filesNow = (paths: InputPaths, isText: boolean): KnownFile[] =>
  findPaths(paths, notFetched).files.flatMap((found) =>
    'stats' in found && found.stats.isFile() ? [knownFile(found, found.path, isText)] : [],
  );

/** Who only looks does not fetch. */
const notFetched: FindRemote = (url) =>
  notReadable(
    shownUrl(url),
    'only files of this machine are looked at',
    'Read it by sc, which has its columns once it was looked at.',
  );
