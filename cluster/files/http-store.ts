// Files of web servers, `https://` and `http://`: parts of them where the server can, else the whole file once.
import { writeFile } from 'node:fs/promises';
import type { RemoteFile } from '../../runtime/base/remote/remote-files';
import { type Answer, send } from './request';
import { checkPart, headBytes, missing, type Store, tagOf, totalOf, unreachable, unreadable } from './store';

/** Such a file is held whole for a moment. */
const mostCopiedBytes = 1 << 30;

const noWrites = (url: string): never =>
  unreadable({ path: url, reason: 'web servers are only read', remedy: 'Save to a folder or to s3://bucket/folder.' }, true);

async function get(url: string, from: number, length: number): Promise<Answer> {
  const headers = { range: `bytes=${from}-${from + length - 1}` };
  try {
    return await send({ method: 'GET', url: new URL(url), headers: () => headers, mostBytes: length });
  } catch (e) {
    return unreachable(url, e);
  }
}

function refused(url: string, { status }: Answer): never {
  if (status === 404 || status === 410) return missing(url);
  const reason = `the server answers ${status}`;
  const remedy =
    status === 401 || status === 403
      ? 'It wants to know who asks: fetch it with its credentials in flatMap, or copy it first.'
      : 'Open the URL in a browser, or with curl -I, to see what the server says.';
  return unreadable({ path: url, reason, remedy }, status < 500);
}

export class HttpStore implements Store {
  async find(url: string): Promise<readonly RemoteFile[]> {
    const answer = await get(url, 0, headBytes);
    // Of an empty file there is no part.
    if (answer.status === 416) return [{ url, size: 0, tag: tagOf(answer), head: new Uint8Array(0) }];
    if (answer.status !== 206 && answer.status !== 200) return refused(url, answer);
    const size = answer.status === 206 ? totalOf(answer) : Number(answer.headers['content-length'] ?? answer.body.length);
    if (size === undefined) return unreadable({ path: url, reason: 'the server does not tell how long it is' }, true);
    const isWhole = answer.status === 200 && size > answer.body.length;
    return [
      {
        url,
        size,
        tag: tagOf(answer),
        head: answer.body,
        ...((isWhole || answer.isCut) && answer.status === 200 ? { isWhole: true } : {}),
      },
    ];
  }

  async read(file: RemoteFile, position: number, length: number): Promise<Uint8Array> {
    const { url } = file;
    const answer = await get(url, position, length);
    if (answer.status === 200 && position === 0 && answer.body.length >= Math.min(length, file.size))
      return answer.body.subarray(0, length);
    if (answer.status === 404 || answer.status === 410) return unreadable({ path: url, reason: 'it is gone' }, false);
    if (answer.status === 200) return unreadable({ path: url, reason: 'the server gives no parts of it any more' }, false);
    if (answer.status !== 206 && answer.status !== 412 && answer.status !== 416) return refused(url, answer);
    checkPart(file, answer, length);
    return answer.body;
  }

  /** Writes a file of which there are no parts to this machine. */
  async copy({ url }: RemoteFile, to: string): Promise<void> {
    let answer: Answer;
    try {
      answer = await send({ method: 'GET', url: new URL(url), headers: () => ({}), mostBytes: mostCopiedBytes });
    } catch (e) {
      return unreachable(url, e);
    }
    if (answer.status !== 200) return refused(url, answer);
    if (answer.isCut)
      return unreadable(
        { path: url, reason: 'its server gives no parts of it, and it has more than 1 GiB', remedy: 'Copy it first.' },
        true,
      );
    await writeFile(to, answer.body, { mode: 0o600 });
  }

  begin = noWrites as Store['begin'];
  piece = noWrites as Store['piece'];
  abandon = noWrites as Store['abandon'];
  hasFolder = noWrites as Store['hasFolder'];
  commit = noWrites as Store['commit'];
  abort = noWrites as Store['abort'];
}
