// The user's paths as the file system takes them: `~` is the home folder, and `file:` URLs name files of this machine.
import { homedir, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';
import { refuseArgument } from './arguments';
import { isRemote, isWritable, shownUrl } from './remote/remote-files';

/**
 * The folder of HOME, else that of the user's account; undefined where neither is an absolute path. An empty or relative HOME means
 * the current folder, which may be anybody's: nothing is read from there unasked.
 */
export function homeFolder(): string | undefined {
  for (const folder of [homedir, () => userInfo().homedir]) {
    try {
      const found = folder();
      if (isAbsolute(found)) return found;
    } catch {
      // An account that the machine does not know has no folder.
    }
  }
  return undefined;
}

/** A path as a text or a `file:` URL. */
export type UserPath = string | URL;

/** A path as a text; the URL of something else stays as it is. */
export function localPath(path: string): string {
  const [, rest] = /^file:(?:\/\/(?:localhost)?)?(\/(?!\/).*)$/is.exec(path) ?? [];
  if (rest !== undefined) return decoded(rest);
  return path.replace(/^~(?=\/|$)/, homeFolder() ?? '~');
}

/** URLs write spaces and the like as %20; what is no such code stands for itself. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** What names no path of a file system: `hdfs://…`, `file://host/…`. */
const isForeign = (path: string): boolean => /^(?:[a-z][a-z0-9+.-]+:\/\/|file:)/i.test(path) && localPath(path) === path;

/** Throws BAD_ARGUMENT unless a text names something on this machine, or what `reaches` files elsewhere: to read them, or to write them. */
export function checkLocal(operation: string, argument: string, path: string, reaches?: 'read' | 'write'): void {
  if (isRemote(path)) checkNoPassword(operation, argument, path);
  const isReached = (reaches === 'read' && isRemote(path)) || (reaches === 'write' && isWritable(path));
  if (!isForeign(path) || isReached) return;
  const urls =
    reaches === undefined
      ? ''
      : reaches === 'read'
        ? ', or https://…, s3://bucket/key, hdfs://host/path'
        : ', or s3://bucket/folder, hdfs://host/folder';
  refuseArgument({
    operation,
    argument,
    value: path,
    rule: `a path of this machine, ${urls === '' ? 'or ' : ''}file:///path${urls}`,
    remedy: `Name it as this machine has it; what lies elsewhere must be copied or mounted first.${reaches === 'read' ? ' A web page is read by fetch in flatMap.' : ''}`,
  });
}

/** A password of a URL would be sent to executors and shown with the dataset. Throws BAD_ARGUMENT. */
function checkNoPassword(operation: string, argument: string, url: string): void {
  if (/^[a-z0-9]+:\/\/[^/?#@]*@/i.test(url))
    refuseArgument({
      operation,
      argument,
      value: shownUrl(url),
      rule: 'a URL without a name or password in it',
      remedy: 'Those of S3 stand in the environment or in ~/.aws; a page that wants a password is fetched in flatMap.',
    });
}

/** One path that an operation is given, ready for the file system. Throws BAD_ARGUMENT. */
export function checkOnePath(
  operation: string,
  argument: string,
  path: unknown,
  rule: string,
  example: string,
  reaches?: 'read' | 'write',
): string {
  const text = path instanceof URL ? path.href : path;
  if (typeof text !== 'string' || text.trim() === '' || text.includes('\0'))
    return refuseArgument({ operation, argument, value: path, rule, remedy: `Write ${operation}('${example}').` });
  checkLocal(operation, argument, text, reaches);
  return localPath(text);
}

/** The paths that a dataset reads: a list in one text, or an array of single ones. */
export type InputPaths = string | readonly string[];

/** The parts of a list. Commas separate them, but not inside the braces of a pattern, and not behind a backslash. */
export function partsOfList(list: string): string[] {
  // A comma of a URL is a character: it separates where another URL follows.
  if (isRemote(list.trim())) return list.split(/,(?=\s*[a-z][a-z0-9+.-]*:\/\/)/i).filter((part) => part.trim() !== '');
  const parts = [''];
  let depth = 0;
  for (let i = 0; i < list.length; i++) {
    const c = list[i];
    if (c === ',' && depth === 0) {
      parts.push('');
      continue;
    }
    if (c === '{') depth++;
    else if (c === '}') depth = Math.max(0, depth - 1);
    parts.push(`${parts.pop()}${c}${c === '\\' && i + 1 < list.length ? list[++i] : ''}`);
  }
  return parts.filter((part) => part.trim() !== '');
}

/** What a dataset is to read. Throws BAD_ARGUMENT. */
export function checkInputPaths(operation: string, paths: unknown): InputPaths {
  const refuse = (value: unknown) => {
    const rule = 'a text that names files, or an array of such texts';
    return refuseArgument({ operation, argument: 'the path', value, rule, remedy: `Write ${operation}('folder/*.txt').` });
  };
  if (Array.isArray(paths) && paths.length > 0)
    return paths.map((path) => checkOnePath(operation, 'the path', path, 'a text that names files', 'folder/*.txt', 'read'));
  if (paths instanceof URL) return checkInputPaths(operation, [paths]);
  if (typeof paths !== 'string') return refuse(paths);
  const parts = partsOfList(paths);
  if (parts.length === 0) return refuse(paths);
  for (const part of parts) checkLocal(operation, 'the path', part.trim(), 'read');
  return paths;
}

/** What stands for the paths in the name of a dataset and in errors. */
export function pathsText(paths: InputPaths): string {
  if (typeof paths !== 'string') return paths.map(shownUrl).join(', ');
  return isRemote(paths.trim()) ? partsOfList(paths).map(shownUrl).join(', ') : paths;
}
