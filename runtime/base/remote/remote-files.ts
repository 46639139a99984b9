// Files that lie elsewhere, behind a URL, as the readers of this process see them: calls wait for their answers while a thread fetches.
import { MillraceError } from '../errors';

/** A file as it was found. */
export interface RemoteFile {
  readonly url: string;
  readonly size: number;
  /** What tells it from another text under its name: an ETag, or the time of its last change; '' where the store has neither. */
  readonly tag: string;
  /** Its first bytes, where they were asked for. */
  readonly head?: Uint8Array;
  /** The server gives no parts of it: it is copied first. */
  readonly isWhole?: boolean;
}

/** What a task has written of a file that nobody sees yet. */
export interface RemotePart {
  readonly url: string;
  readonly upload: string;
  /** What the store answered for each piece. */
  readonly pieces: readonly string[];
}

/** A file that a task writes: nobody sees it before its job is committed. */
export interface RemoteWriter {
  /** May wait until earlier bytes have gone. */
  write(bytes: Uint8Array): void;
  end(): RemotePart;
  /** Leaves nothing behind. */
  abandon(): void;
}

/** What finds files and reads them. It throws the errors of files: UNREADABLE_FILE, FILE_CHANGED, NO_SUCH_PATH, NO_FILES. */
export interface RemoteReader {
  /** The files that a URL names: itself, those of a folder, or what a pattern matches; with their first bytes if `heads`. */
  find(url: string, heads: boolean): Promise<readonly RemoteFile[]>;
  /** The same while this thread waits. */
  findNow(url: string, heads: boolean): readonly RemoteFile[];
  /** Begins to fetch bytes of a file: `take` waits for them, `drop` says that nobody will. */
  fetch(file: RemoteFile, position: number, length: number): { readonly take: () => Uint8Array; readonly drop: () => void };
}

/** What fetches, and writes. It throws the errors of files, DISK among them. */
export interface RemoteFiles extends RemoteReader {
  /** Copies a file of which there are no parts to a file of this machine. */
  copy(file: RemoteFile, to: string): Promise<void>;
  copyNow(file: RemoteFile, to: string): void;
  /** Begins a file of a save. */
  create(url: string): RemoteWriter;
  /** Whether anything lies in a folder. */
  hasFolder(url: string): Promise<boolean>;
  /** Makes all parts visible, then removes what else lies in the folder, then marks it as whole. */
  commit(folder: string, parts: readonly RemotePart[]): Promise<void>;
  /** Leaves nothing of unfinished parts in a folder. */
  abort(folder: string): Promise<void>;
}

let installed: RemoteFiles | undefined;

/** Sets what fetches in this process. */
export function installRemoteFiles(files: RemoteFiles): void {
  installed = files;
}

/** What fetches in this process. Throws UNREADABLE_FILE where nothing does. */
export function remoteFiles(path: string): RemoteFiles {
  if (installed) return installed;
  throw new MillraceError('UNREADABLE_FILE', {
    path: shownUrl(path),
    reason: 'what runs this task fetches no files',
    remedy: 'Executors of Millrace do (--master local[*]); Apache Spark reads hdfs:// and s3a:// with its own clients.',
    lasting: true,
  });
}

const schemes = /^(?:https?|s3a?|hdfs|webhdfs):\/\//i;

/** Whether a path is the URL of a file that is fetched. */
export const isRemote = (path: string): boolean => schemes.test(path);

/** Whether a path is the URL of a store that is written to. */
export const isWritable = (path: string): boolean => /^(?:s3a?|hdfs|webhdfs):\/\//i.test(path);

/** A URL as it may be shown: without what stands behind a question mark, which may be a signature, and without a password. */
export const shownUrl = (url: string): string => {
  if (!isRemote(url)) return url;
  return url.replace(/^([a-z0-9]+:\/\/)[^/?#]*@/i, '$1').replace(/^(https?:[^?#]*)[?#].*$/is, '$1?…');
};
