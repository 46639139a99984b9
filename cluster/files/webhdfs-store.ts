// Files of HDFS by its web interface, WebHDFS: `hdfs://host/path` and `webhdfs://host:port/path`.
import { randomUUID } from 'node:crypto';
import { MillraceError } from '../../runtime/base/errors';
import { diskError } from '../../runtime/base/files';
import type { RemoteFile, RemotePart } from '../../runtime/base/remote/remote-files';
import { expressionOf, isPattern, prefixOf, unescaped } from './key-pattern';
import { type Answer, type Request, send } from './request';
import type { StoreVariables } from './s3-account';
import { encoded } from './s3-signature';
import { changed, isData, missing, type Store, unreachable, unreadable, withHeads } from './store';

interface Place {
  /** `hdfs://host:8020`, as the user wrote it. */
  readonly root: string;
  /** Where its web interface is. */
  readonly web: string;
  /** Absolute. */
  readonly path: string;
}

/** Where Hadoop's name nodes have their web interface unless their own configuration says otherwise. */
const webPort = '9870';

interface Status {
  readonly pathSuffix: string;
  readonly type: 'FILE' | 'DIRECTORY';
  readonly length: number;
  readonly modificationTime: number;
  readonly fileId: number;
}

const tagOf = ({ modificationTime, fileId }: Status): string => `${modificationTime}-${fileId}`;

const joined = (folder: string, name: string): string => `${folder.replace(/\/+$/, '')}/${name}`;

export class WebHdfsStore implements Store {
  readonly #variables: StoreVariables;
  /** What was written of a file that is not whole: pieces follow each other. */
  readonly #writing = new Map<string, Promise<unknown>>();

  constructor(variables: StoreVariables) {
    this.#variables = variables;
  }

  #place(url: string): Place {
    const [, scheme, host, port, path = ''] = /^(hdfs|webhdfs):\/\/([^/:]+)(?::(\d+))?(\/.*)?$/is.exec(url) ?? [];
    if (scheme === undefined)
      return unreadable(
        { path: url, reason: 'it names no host', remedy: 'Write hdfs://host/path, with the host of the name node.' },
        true,
      );
    const own = this.#variables.MILLRACE_WEBHDFS_PORT ?? webPort;
    const web = `http://${host}:${scheme.toLowerCase() === 'webhdfs' ? (port ?? own) : own}`;
    return { root: url.slice(0, url.length - path.length), web, path: path === '' ? '/' : path };
  }

  #url({ web, path }: Place, op: string, query: Readonly<Record<string, string | number>> = {}): URL {
    const { HADOOP_USER_NAME: user, MILLRACE_WEBHDFS_TOKEN: token } = this.#variables;
    const who = token ? { delegation: token } : user ? { 'user.name': user } : {};
    const url = new URL(`${web}/webhdfs/v1${path.split('/').map(encoded).join('/')}`);
    url.search = Object.entries({ op, ...query, ...who })
      .map(([name, value]) => `${name}=${encoded(String(value))}`)
      .join('&');
    return url;
  }

  async #ask(
    place: Place,
    method: Request['method'],
    op: string,
    query?: Readonly<Record<string, string | number>>,
    mostBytes = 64 << 20,
  ) {
    return send({ method, url: this.#url(place, op, query), headers: () => ({}), mostBytes });
  }

  async #get(place: Place, op: string, query?: Readonly<Record<string, string | number>>, mostBytes?: number): Promise<Answer> {
    try {
      return await this.#ask(place, 'GET', op, query, mostBytes);
    } catch (e) {
      return unreachable(place.root + place.path, e);
    }
  }

  #refused({ root, path }: Place, answer: Answer): never {
    return unreadable({ path: root + path, ...reasonOf(answer) }, answer.status < 500);
  }

  async #status(place: Place): Promise<Status | undefined> {
    const answer = await this.#get(place, 'GETFILESTATUS');
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) return this.#refused(place, answer);
    return (JSON.parse(answer.body.toString('utf8')) as { FileStatus: Status }).FileStatus;
  }

  async #list(place: Place): Promise<readonly Status[]> {
    const answer = await this.#get(place, 'LISTSTATUS');
    if (answer.status !== 200) return this.#refused(place, answer);
    return (JSON.parse(answer.body.toString('utf8')) as { FileStatuses: { FileStatus: Status[] } }).FileStatuses.FileStatus;
  }

  #file({ root }: Place, path: string, status: Status): RemoteFile {
    return { url: root + path, size: status.length, tag: tagOf(status) };
  }

  async find(url: string, heads: boolean): Promise<readonly RemoteFile[]> {
    const place = this.#place(url);
    const files = isPattern(place.path)
      ? await this.#matches(place, url)
      : await this.#named({ ...place, path: unescaped(place.path) });
    if (!files) return missing(url);
    files.sort((a, b) => (a.url < b.url ? -1 : 1));
    return heads ? withHeads(this, files) : files;
  }

  async #named(place: Place): Promise<RemoteFile[] | undefined> {
    const status = await this.#status(place);
    if (!status) return undefined;
    if (status.type === 'FILE') return [this.#file(place, place.path, status)];
    return this.#inside(place);
  }

  /** The files of a folder. */
  async #inside(place: Place): Promise<RemoteFile[]> {
    const all = await this.#list(place);
    return all.flatMap((one) =>
      one.type === 'FILE' && isData(one.pathSuffix) ? [this.#file(place, joined(place.path, one.pathSuffix), one)] : [],
    );
  }

  async #matches(place: Place, url: string): Promise<RemoteFile[]> {
    const pattern = place.path.replace(/\/+$/, '');
    const expression = expressionOf(pattern);
    const deepest = pattern.includes('**') ? Number.POSITIVE_INFINITY : pattern.split('/').length;
    const prefix = prefixOf(pattern);
    const found: RemoteFile[] = [];
    const walk = async (folder: string): Promise<void> => {
      for (const one of await this.#list({ ...place, path: folder })) {
        const path = joined(folder, one.pathSuffix);
        if (!isData(one.pathSuffix)) continue;
        if (one.type === 'FILE') {
          if (expression.test(path)) found.push(this.#file(place, path, one));
        } else if (expression.test(path)) found.push(...(await this.#inside({ ...place, path })));
        else if (path.split('/').length < deepest) await walk(path);
      }
    };
    await walk(prefix.slice(0, prefix.lastIndexOf('/')) || '/');
    if (found.length === 0) throw new MillraceError('NO_FILES', { path: url });
    return found;
  }

  async read({ url, size, tag }: RemoteFile, position: number, length: number): Promise<Uint8Array> {
    const place = this.#place(url);
    const [status, answer] = await Promise.all([
      this.#status(place),
      this.#get(place, 'OPEN', { offset: position, length }, length),
    ]);
    if (!status || answer.status === 404) return unreadable({ path: url, reason: 'it is gone' }, false);
    if (status.length !== size) return changed(url, `it had ${size} bytes, and has ${status.length}`);
    if (tag !== '' && tagOf(status) !== tag) return changed(url, 'it was written to');
    if (answer.status !== 200) return this.#refused(place, answer);
    if (answer.body.length !== length) return changed(url, `${length} bytes were asked for, and ${answer.body.length} came`);
    return answer.body;
  }

  // ---- writing

  /** Asks the name node, which names a data node for what is written. */
  async #write(
    place: Place,
    method: 'PUT' | 'POST' | 'DELETE',
    op: string,
    query: Readonly<Record<string, string | number>>,
    body?: Uint8Array,
  ): Promise<Answer> {
    let answer: Answer;
    try {
      answer = await this.#ask(place, method, op, body ? { ...query, noredirect: 'true' } : query);
      if (body && answer.status === 200) {
        const { Location } = JSON.parse(answer.body.toString('utf8')) as { Location: string };
        const headers = () => ({ 'content-type': 'application/octet-stream' });
        // Another try could write the same bytes twice.
        answer = await send({
          method,
          url: new URL(Location),
          headers,
          body,
          mostBytes: 1 << 20,
          tries: op === 'APPEND' ? 1 : undefined,
        });
      }
    } catch (e) {
      return diskError(place.root + place.path, e);
    }
    if (answer.status < 300) return answer;
    throw new MillraceError('DISK', {
      path: place.root + place.path,
      remedy: 'Check that you may write there, and that HDFS has room and is not in safe mode.',
      ...reasonOf(answer),
    });
  }

  async begin(url: string): Promise<string> {
    const place = this.#place(url);
    const at = place.path.lastIndexOf('/');
    return `${place.path.slice(0, at)}/_temporary/${randomUUID()}${place.path.slice(at)}`;
  }

  async piece(url: string, upload: string, number: number, bytes: Uint8Array): Promise<string> {
    const place = { ...this.#place(url), path: upload };
    const before = this.#writing.get(upload) ?? Promise.resolve();
    const written = before.then(() =>
      number === 1
        ? this.#write(place, 'PUT', 'CREATE', { overwrite: 'true' }, bytes)
        : this.#write(place, 'POST', 'APPEND', {}, bytes),
    );
    this.#writing.set(upload, written);
    await written;
    return '';
  }

  async abandon(url: string, upload: string): Promise<void> {
    const started = this.#writing.get(upload);
    this.#writing.delete(upload);
    await started?.catch(() => undefined);
    const folder = upload.slice(0, upload.lastIndexOf('/'));
    await this.#write({ ...this.#place(url), path: folder }, 'DELETE', 'DELETE', { recursive: 'true' });
  }

  async hasFolder(url: string): Promise<boolean> {
    return (await this.#status(this.#place(url))) !== undefined;
  }

  async commit(folder: string, parts: readonly RemotePart[]): Promise<void> {
    const place = this.#place(folder);
    const there = (await this.#status(place)) ? await this.#list(place) : [];
    const old = there.filter(({ pathSuffix }) => pathSuffix !== '_temporary');
    const at = (name: string): Place => ({ ...place, path: joined(place.path, name) });
    // The mark goes first: what follows is not whole before it is there again.
    const order = [...old].sort((a, b) => Number(b.pathSuffix === '_SUCCESS') - Number(a.pathSuffix === '_SUCCESS'));
    for (const { pathSuffix } of order) await this.#write(at(pathSuffix), 'DELETE', 'DELETE', { recursive: 'true' });
    for (const { url, upload } of parts) {
      const { path } = this.#place(url);
      const answer = await this.#write({ ...place, path: upload }, 'PUT', 'RENAME', { destination: path });
      if (!answer.body.includes('true'))
        throw new MillraceError('DISK', {
          path: place.root + path,
          reason: 'HDFS did not rename it',
          remedy: 'Save again, with { overwrite: true }.',
        });
    }
    await this.#write(at('_temporary'), 'DELETE', 'DELETE', { recursive: 'true' });
    await this.#write(at('_SUCCESS'), 'PUT', 'CREATE', { overwrite: 'true' }, new Uint8Array(0));
  }

  async abort(folder: string): Promise<void> {
    const place = this.#place(folder);
    await this.#write({ ...place, path: joined(place.path, '_temporary') }, 'DELETE', 'DELETE', { recursive: 'true' });
    if ((await this.#status(place)) && (await this.#list(place)).length === 0)
      await this.#write(place, 'DELETE', 'DELETE', { recursive: 'true' });
  }
}

/** What HDFS said, without the names of its classes. */
function reasonOf({ status, body }: Answer): { readonly reason: string; readonly remedy?: string } {
  let said = '';
  try {
    const { exception, message } = (
      JSON.parse(body.toString('utf8')) as { RemoteException: { exception: string; message: string } }
    ).RemoteException;
    said = ` ${exception}: ${message.split('\n')[0]}`;
  } catch {
    // No name node answers so.
  }
  const reason = `HDFS answers ${status}${said}`.replace(/\.$/, '');
  if (status === 401 || status === 403)
    return { reason, remedy: 'Check HADOOP_USER_NAME or MILLRACE_WEBHDFS_TOKEN, and the rights of the path.' };
  return { reason };
}
