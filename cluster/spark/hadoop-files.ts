// The file systems of Hadoop: the session asks Spark's driver for splits and folders, or a process of its own before the driver is there.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../runtime/base/errors';
import { notReadable } from '../../runtime/base/files';
import type { EngineFiles, FilePart, WantedFiles, WrittenFolder } from '../../runtime/plan/engine';
import { outputExists } from '../../runtime/storage/replace-saved';
import { MessageReader, MessageWriter } from './message';

/** As in `HadoopRequests.java`. */
const requests = { list: 1, begin: 2, commit: 3, abort: 4 } as const;
export const fileKinds = { lines: 0, files: 1 } as const;

/** How often the answer of the driver is looked for, and how long, while the thread waits. */
const lookMs = 5;
const patienceMs = 120_000;
const holdMs = 60_000;

export interface HadoopDriver {
  /** Sends a request; its answer comes as an event of this number, or as the file where one is named. */
  send(id: number, file: string, request: Buffer): void;
  /** Whether the driver answers while this thread waits. */
  readonly isReady: () => boolean;
  /** Answers a request, a file, into another file by a process of its own. Throws NO_SPARK. */
  readonly askAlone: (request: string, answer: string) => void;
  /** The session's folder. */
  readonly folder: string;
}

/** A path as Hadoop has it: the client for S3 is that of `s3a`. */
export const hadoopPath = (path: string): string => {
  const file = /^file:(?:\/\/(?:localhost)?)?(\/(?!\/).*)$/is.exec(path)?.[1];
  return file === undefined ? path.replace(/^s3:/i, 's3a:') : `file://${decodeURI(file)}`;
};

export class HadoopFiles implements EngineFiles {
  readonly #driver: HadoopDriver;
  readonly #waiting = new Map<number, { resolve: (answer: MessageReader) => void; reject: (error: Error) => void }>();
  #next = 0;
  #failed: Error | undefined;

  constructor(driver: HadoopDriver) {
    this.#driver = driver;
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
    const answer = join(this.#driver.folder, `hadoop-answer-${id}`);
    try {
      if (this.#driver.isReady()) {
        this.#driver.send(id, answer, request);
        const sleeper = new Int32Array(new SharedArrayBuffer(4));
        for (let waited = 0; !existsSync(answer) && waited < patienceMs; waited += lookMs) Atomics.wait(sleeper, 0, 0, lookMs);
      } else {
        const asked = join(this.#driver.folder, `hadoop-request-${id}`);
        writeFileSync(asked, request, { mode: 0o600 });
        this.#driver.askAlone(asked, answer);
        rmSync(asked, { force: true });
      }
      if (!existsSync(answer)) throw new MillraceError('NO_EXECUTORS', { reason: 'Spark does not answer' });
      return new MessageReader(readFileSync(answer));
    } finally {
      rmSync(answer, { force: true });
    }
  }
}

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
  const shown = paths.join(', ');
  const failure = answer.text();
  if (failure !== '') return unreadFile(shown, failure, answer.text());
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
  failed: 'The log of Spark, spark.log in the folder of the session, has more.',
};

const remedyOf = (path: string, kind: string): string =>
  kind === 'unknown' && /^s?webhdfs:/i.test(path)
    ? "Name it by hdfs://host:port: this Spark's own client of WebHDFS is not whole."
    : (remedies[kind] ?? remedies.failed);

/** Raises what keeps a file of Hadoop from being read. */
export function unreadFile(path: string, kind: string, words: string): never {
  if (kind === 'unmatched') throw new MillraceError('NO_FILES', { path });
  const reason = kind === 'missing' ? 'there is nothing' : words;
  return notReadable(path, reason, remedyOf(path, kind));
}

/** The error of a folder of Hadoop that cannot be written. */
export function unwrittenFolder(path: string, kind: string, words: string): MillraceError {
  if (kind === 'exists') return outputExists(path, words === '' ? undefined : words);
  return new MillraceError('DISK', { path, reason: words, remedy: remedyOf(path, kind) });
}

function checkWritten(answer: MessageReader, path: string): void {
  const failure = answer.text();
  if (failure !== '') throw unwrittenFolder(path, failure, answer.text());
}
