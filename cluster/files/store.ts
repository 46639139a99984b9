// What each kind of store offers, and the errors that all of them raise. No text of an error has a credential.
import { MillraceError } from '../../runtime/base/errors';
import { type RemoteFile, type RemotePart, shownUrl } from '../../runtime/base/remote/remote-files';
import type { Answer } from './request';

export interface Store {
  /** The files that a URL names, in the order of their names. Throws NO_SUCH_PATH, NO_FILES, UNREADABLE_FILE. */
  find(url: string, heads: boolean): Promise<readonly RemoteFile[]>;
  /** Bytes of a file. Throws UNREADABLE_FILE, FILE_CHANGED. */
  read(file: RemoteFile, position: number, length: number): Promise<Uint8Array>;
  /** Begins a file that nobody sees before it is completed. Throws DISK, as all that follow. */
  begin(url: string): Promise<string>;
  piece(url: string, upload: string, number: number, bytes: Uint8Array): Promise<string>;
  abandon(url: string, upload: string): Promise<void>;
  hasFolder(url: string): Promise<boolean>;
  commit(folder: string, parts: readonly RemotePart[]): Promise<void>;
  abort(folder: string): Promise<void>;
}

/** Why a server did not do what it was asked. */
interface Refusal {
  readonly path: string;
  readonly reason: string;
  readonly remedy?: string;
}

/** Raises UNREADABLE_FILE. What the next try would meet as well is `lasting`. */
export function unreadable({ path, reason, remedy }: Refusal, isLasting: boolean): never {
  const shown = shownUrl(path);
  throw new MillraceError('UNREADABLE_FILE', {
    path: shown,
    reason,
    ...(remedy && { remedy }),
    ...(isLasting && { lasting: true }),
  });
}

export function changed(path: string, reason: string): never {
  throw new MillraceError('FILE_CHANGED', { path: shownUrl(path), reason });
}

export function missing(path: string): never {
  const remedy = 'Check the spelling of the URL.';
  throw new MillraceError('NO_SUCH_PATH', { path: shownUrl(path), folder: '', remedy });
}

/** An error of the network as one about the file. */
export function unreachable(path: string, thrown: unknown): never {
  const { code, message } = thrown as NodeJS.ErrnoException;
  const host = hostOf(path);
  const known: Readonly<Record<string, string>> = {
    ENOTFOUND: `there is no host ${host}`,
    ECONNREFUSED: `nothing listens at ${host}`,
    ETIMEDOUT: `${host} does not answer`,
  };
  const remedy = 'Check the name of the host, and that this machine reaches it.';
  return unreadable({ path, reason: (code && known[code]) ?? message, remedy }, false);
}

const hostOf = (path: string): string => /^[a-z0-9]+:\/\/(?:[^@/]*@)?([^/?#]+)/i.exec(path)?.[1] ?? path;

/** The first bytes that tell how a text is written. */
export const headBytes = 4096;

/** What tells a file from another one: its ETag, or the time of its last change. A weak ETag may stand for other bytes. */
export function tagOf({ headers }: Pick<Answer, 'headers'>): string {
  const { etag = '' } = headers;
  return etag !== '' && !etag.startsWith('W/') ? etag : (headers['last-modified'] ?? '');
}

/** The size of the whole file, from an answer with a part of it; undefined where that does not tell. */
export function totalOf({ headers }: Pick<Answer, 'headers'>): number | undefined {
  const [, total] = /\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  return total === undefined ? undefined : Number(total);
}

/** Checks that a part is of the file that is known. Throws FILE_CHANGED. */
export function checkPart({ url, size, tag }: RemoteFile, answer: Answer, length: number): void {
  const total = totalOf(answer);
  if (answer.status === 412) changed(url, 'it was written to');
  if (answer.status === 416) changed(url, `it had ${size} bytes, and has fewer`);
  if (total !== undefined && total !== size) changed(url, `it had ${size} bytes, and has ${total}`);
  if (tag !== '' && tagOf(answer) !== tag) changed(url, 'it was written to');
  if (answer.body.length !== length) changed(url, `${length} bytes were asked for, and ${answer.body.length} came`);
}

/** Names that are no data: markers such as _SUCCESS, hidden ones, and the folders that some tools write. */
export const isData = (path: string): boolean => !/^[._]|^$/.test(path.slice(path.lastIndexOf('/') + 1));

/** Heads of files on their way at a time. */
export const headsAtATime = 16;

/** Files with their first bytes. */
export async function withHeads(store: Pick<Store, 'read'>, files: readonly RemoteFile[]): Promise<readonly RemoteFile[]> {
  const out: RemoteFile[] = [...files];
  let next = 0;
  const work = async () => {
    while (next < files.length) {
      const at = next++;
      const file = files[at];
      const head = file.size > 0 ? await store.read(file, 0, Math.min(headBytes, file.size)) : new Uint8Array(0);
      out[at] = { ...file, head };
    }
  };
  await Promise.all(Array.from({ length: headsAtATime }, work));
  return out;
}
