// The file systems of Hadoop: the session asks Spark's driver for splits and folders, or a process of its own before the driver is there.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../../runtime/base/errors';
import { notReadable } from '../../../runtime/base/files';
import type { RemoteFile, RemoteReader } from '../../../runtime/base/remote/remote-files';
import type { Creation, RemoteEntry, RemoteFolders } from '../../../runtime/base/remote/remote-folders';
import type { EngineFiles, FilePart, WantedFiles, WrittenFolder } from '../../../runtime/plan/engine';
import { outputExists } from '../../../runtime/storage/replace-saved';
import { MessageReader, MessageWriter } from '../message';
import type { HadoopHelper } from './hadoop-helper';

/** As in `HadoopRequests.java`. */
const requests = {
  list: 1,
  begin: 2,
  commit: 3,
  abort: 4,
  find: 5,
  read: 6,
  make: 7,
  names: 8,
  take: 9,
  put: 10,
  remove: 11,
  touch: 12,
  create: 13,
} as const;
/** By the numbers of `HadoopFolder.java`. */
const creations: readonly Creation[] = ['there', 'made', 'unsure'];
export const fileKinds = { lines: 0, files: 1 } as const;

/** How often the answer of the driver is looked for, and how long, while the thread waits. */
const lookMs = 2;
const patienceMs = 120_000;
const holdMs = 60_000;

export interface HadoopDriver {
  /** Sends a request; its answer comes as an event of this number, or as the file where one is named. */
  send(id: number, file: string, request: Buffer): void;
  /** Whether the driver answers while this thread waits. */
  readonly isReady: () => boolean;
  /** What answers before it is there. */
  readonly helper: HadoopHelper;
  /** The session's folder. */
  readonly folder: string;
}

/** A path as Hadoop has it: the client for S3 is that of `s3a`. */
export const hadoopPath = (path: string): string => {
  const file = /^file:(?:\/\/(?:localhost)?)?(\/(?!\/).*)$/is.exec(path)?.[1];
  return file === undefined ? path.replace(/^s3:/i, 's3a:') : `file://${decodeURI(file)}`;
};

/** A file as it was found, of the text that its user wrote. */
function filesIn(url: string, answer: MessageReader): RemoteFile[] {
  checkRead(url, answer);
  const isS3 = /^s3:/i.test(url);
  return Array.from({ length: answer.int() }, () => {
    const path = answer.text();
    const [size, tag, head] = [answer.double(), answer.text(), answer.bytes()];
    return { url: isS3 ? path.replace(/^s3a:/, 's3:') : path, size, tag, head };
  });
}

const findRequest = (url: string, heads: boolean): Buffer =>
  new MessageWriter().byte(requests.find).text(hadoopPath(url)).flag(heads).end();

const readRequest = ({ url, size, tag }: RemoteFile, position: number, length: number): Buffer =>
  new MessageWriter().byte(requests.read).text(hadoopPath(url)).double(size).text(tag).double(position).int(length).end();

/** Files of Hadoop by requests whose answers are waited for. */
export class HadoopAccess implements RemoteReader, RemoteFolders {
  readonly #ask: (request: Buffer) => MessageReader;

  constructor(ask: (request: Buffer) => MessageReader) {
    this.#ask = ask;
  }

  findNow(url: string, heads: boolean): readonly RemoteFile[] {
    return filesIn(url, this.#ask(findRequest(url, heads)));
  }

  async find(url: string, heads: boolean): Promise<readonly RemoteFile[]> {
    return this.findNow(url, heads);
  }

  fetch(file: RemoteFile, position: number, length: number): { readonly take: () => Uint8Array; readonly drop: () => void } {
    const take = () => {
      const answer = this.#ask(readRequest(file, position, length));
      checkRead(file.url, answer);
      return answer.rest();
    };
    return { take, drop: () => {} };
  }

  makePrivate(folder: string): void {
    checkWritten(this.#ask(pathRequest(requests.make, folder)), folder);
  }

  entries(folder: string): readonly RemoteEntry[] {
    const answer = this.#ask(pathRequest(requests.names, folder));
    checkRead(folder, answer);
    return Array.from({ length: answer.int() }, () => ({
      name: answer.text(),
      isFolder: answer.flag(),
      bytes: answer.double(),
      ageMs: answer.double(),
      modifiedMs: answer.double(),
    }));
  }

  readWhole(path: string): Buffer {
    const answer = this.#ask(pathRequest(requests.take, path));
    checkRead(path, answer);
    return answer.rest();
  }

  writeWhole(path: string, bytes: Uint8Array): void {
    checkWritten(this.#ask(new MessageWriter().byte(requests.put).text(hadoopPath(path)).bytes(bytes).end()), path);
  }

  create(path: string, bytes: Uint8Array): Creation {
    const answer = this.#ask(new MessageWriter().byte(requests.create).text(hadoopPath(path)).bytes(bytes).end());
    checkWritten(answer, path);
    return creations[answer.byte()];
  }

  remove(paths: readonly string[]): void {
    if (paths.length === 0) return;
    const request = new MessageWriter().byte(requests.remove).texts(paths.map(hadoopPath)).end();
    checkWritten(this.#ask(request), paths[0]);
  }

  touch(path: string): void {
    checkWritten(this.#ask(pathRequest(requests.touch, path)), path);
  }
}

const pathRequest = (kind: number, path: string): Buffer => new MessageWriter().byte(kind).text(hadoopPath(path)).end();

export class HadoopFiles implements EngineFiles {
  readonly folders: RemoteFolders;
  readonly #access = new HadoopAccess((request) => this.#askNow(request));
  readonly #driver: HadoopDriver;
  readonly #waiting = new Map<number, { resolve: (answer: MessageReader) => void; reject: (error: Error) => void }>();
  readonly #patienceMs: number;
  /** Files of answers that nobody waits for any more: they may come yet. */
  readonly #late = new Set<string>();
  #next = 0;
  #failed: Error | undefined;

  /** After `patience` milliseconds a thread waits no more. */
  constructor(driver: HadoopDriver, patience = patienceMs) {
    this.#driver = driver;
    this.#patienceMs = patience;
    this.folders = this.#access;
  }

  has(path: string): boolean {
    return /^(?:[a-z][a-z0-9+.-]+:\/\/|file:\/)/i.test(path) && !/^https?:/i.test(path);
  }

  listNow(wanted: WantedFiles): readonly FilePart[] {
    return partsIn(wanted, this.#askNow(listRequest(wanted)));
  }

  async list(wanted: WantedFiles): Promise<readonly FilePart[]> {
    return partsIn(wanted, await this.#ask(listRequest(wanted)));
  }

  async find(url: string, heads: boolean): Promise<readonly RemoteFile[]> {
    return filesIn(url, await this.#ask(findRequest(url, heads)));
  }

  findNow(url: string, heads: boolean): readonly RemoteFile[] {
    return this.#access.findNow(url, heads);
  }

  fetch(file: RemoteFile, position: number, length: number) {
    return this.#access.fetch(file, position, length);
  }

  async begin(written: WrittenFolder, replaces = ''): Promise<void> {
    checkWritten(await this.#ask(folderRequest(requests.begin, written, replaces)), replaces || written.folder);
  }

  async commit(written: WrittenFolder, replaces = ''): Promise<void> {
    checkWritten(await this.#ask(folderRequest(requests.commit, written, replaces)), replaces || written.folder);
  }

  async abort(written: WrittenFolder): Promise<void> {
    checkWritten(await this.#ask(folderRequest(requests.abort, written, '')), written.folder);
  }

  /** The driver has answered. */
  answered(id: number, answer: MessageReader): void {
    this.#waiting.get(id)?.resolve(answer);
    this.#waiting.delete(id);
  }

  /** It will not answer any more. */
  fail(error: Error): void {
    this.#failed = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #ask(request: Buffer): Promise<MessageReader> {
    if (this.#failed) return Promise.reject(this.#failed);
    const id = this.#next++;
    const answer = new Promise<MessageReader>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#driver.send(id, '', request);
    });
    // Spark's process keeps that of a script from nothing: who waits for it must.
    const hold = setInterval(() => {}, holdMs);
    return answer.finally(() => clearInterval(hold));
  }

  #askNow(request: Buffer): MessageReader {
    const id = this.#next++;
    const { folder, helper, isReady } = this.#driver;
    const answer = join(folder, `hadoop-answer-${id}`);
    this.#sweep();
    const asksDriver = isReady();
    if (asksDriver) {
      helper.stop();
      this.#driver.send(id, answer, request);
    } else helper.ask(id, request);
    try {
      const isOver = () => existsSync(answer) || (!asksDriver && helper.hasEnded);
      for (let waited = 0; !isOver() && waited < this.#patienceMs; waited += lookMs) Atomics.wait(sleeper, 0, 0, lookMs);
      if (!existsSync(answer)) throw new MillraceError('NO_EXECUTORS', { reason: 'Spark does not answer' });
      return new MessageReader(readFileSync(answer));
    } finally {
      if (!asksDriver) helper.forget(id);
      this.#late.add(answer);
      this.#sweep();
    }
  }

  /** Removes the answers that are there. */
  #sweep(): void {
    for (const file of this.#late) {
      if (!existsSync(file)) continue;
      rmSync(file, { force: true });
      this.#late.delete(file);
    }
  }

  /** Nothing more is asked. */
  stop(): void {
    this.#driver.helper.stop();
  }
}

/** What a thread sleeps on. */
const sleeper = new Int32Array(new SharedArrayBuffer(4));

function listRequest({ kind, paths, least }: WantedFiles): Buffer {
  return new MessageWriter().byte(requests.list).byte(fileKinds[kind]).int(least).texts(paths.map(hadoopPath)).end();
}

function folderRequest(kind: number, { folder, jobTag }: WrittenFolder, replaces: string): Buffer {
  return new MessageWriter()
    .byte(kind)
    .text(hadoopPath(folder))
    .text(jobTag)
    .text(replaces && hadoopPath(replaces))
    .end();
}

/** What an answer says of the files of paths. Throws UNREADABLE_FILE, NO_FILES. */
function partsIn({ paths }: WantedFiles, answer: MessageReader): FilePart[] {
  checkRead(paths.join(', '), answer);
  const isS3 = paths.some((path) => /^s3:/i.test(path));
  return Array.from({ length: answer.int() }, () => {
    const path = answer.text();
    return {
      path: isS3 ? path.replace(/^s3a:/, 's3:') : path,
      start: answer.double(),
      length: answer.double(),
      hosts: answer.texts(),
    };
  });
}

/** What the user can do about a failure of Hadoop, by its kind in `HadoopRequests.java`. */
const remedies: Readonly<Record<string, string>> = {
  missing: 'Check the spelling, and that the file is on this file system.',
  denied:
    'Ask its owner for the right, or run as a user who has it: HADOOP_USER_NAME names one where the cluster has no Kerberos.',
  unknown:
    'Give Spark the client of that file system: for s3:// --spark-conf spark.jars.packages=org.apache.hadoop:hadoop-aws:VERSION, with the version of the hadoop-client jars of Spark.',
  unreachable:
    'Check host and port, and that the file system runs; HADOOP_CONF_DIR or --spark-conf spark.hadoop.… may name others.',
  unnamed: 'Write the host, as in hdfs://host:8020/path, or set spark.hadoop.fs.defaultFS.',
  full: 'Make room there, or have a larger quota set.',
  failed: 'The log of Spark, spark.log in the folder of the session, has more.',
};

const remedyOf = (path: string, kind: string): string =>
  kind === 'unknown' && /^s?webhdfs:/i.test(path)
    ? "Name it by hdfs://host:port: this Spark's own client of WebHDFS is not whole, and no single jar mends it."
    : (remedies[kind] ?? remedies.failed);

/** Raises what keeps a file of Hadoop from being read. */
export function unreadFile(path: string, kind: string, words: string): never {
  if (kind === 'changed') throw new MillraceError('FILE_CHANGED', { path, reason: words });
  if (kind === 'unmatched') throw new MillraceError('NO_FILES', { path });
  const reason = kind === 'missing' ? 'there is nothing' : words;
  return notReadable(path, reason, remedyOf(path, kind));
}

/** The error of a folder of Hadoop that cannot be written. */
export function unwrittenFolder(path: string, kind: string, words: string): MillraceError {
  if (kind === 'exists') return outputExists(path, words === '' ? undefined : words);
  return new MillraceError('DISK', { path, reason: words, remedy: remedyOf(path, kind) });
}

/** Throws UNREADABLE_FILE, NO_FILES, FILE_CHANGED where an answer is that of a failure. */
function checkRead(path: string, answer: MessageReader): void {
  const failure = answer.text();
  if (failure !== '') unreadFile(path, failure, answer.text());
}

function checkWritten(answer: MessageReader, path: string): void {
  const failure = answer.text();
  if (failure !== '') throw unwrittenFolder(path, failure, answer.text());
}
