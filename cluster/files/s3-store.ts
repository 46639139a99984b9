// Objects of S3 and of the stores that speak as it does: read by ranges, listed by pages, written in pieces that nobody sees before the commit.

import { MillraceError } from '../../runtime/base/errors';
import { diskError } from '../../runtime/base/files';
import type { RemoteFile, RemotePart } from '../../runtime/base/remote/remote-files';
import { expressionOf, isPattern, prefixOf, unescaped } from './key-pattern';
import { type Answer, type Request, send } from './request';
import { type Account, accountOf, type StoreVariables } from './s3-account';
import { encoded, signedHeaders } from './s3-signature';
import {
  checkPart,
  headBytes,
  headsAtATime,
  isData,
  missing,
  type Store,
  tagOf,
  totalOf,
  unreachable,
  unreadable,
  withHeads,
} from './store';

interface Place {
  readonly bucket: string;
  readonly key: string;
}

const mostXmlBytes = 64 << 20;

function placeOf(url: string): Place {
  const [, bucket, key = ''] = /^s3a?:\/\/([^/]+)\/?(.*)$/is.exec(url) ?? [];
  if (bucket === undefined)
    return unreadable({ path: url, reason: 'it names no bucket', remedy: 'Write s3://bucket/key.' }, true);
  return { bucket, key };
}

const urlOf = ({ bucket, key }: Place): string => `s3://${bucket}/${key}`;

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

const fromXml = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, number, name) =>
    name ? (entities[name] ?? all) : String.fromCodePoint(Number.parseInt(hex ?? number, hex ? 16 : 10)),
  );

const tagIn = (xml: string, name: string): string | undefined => {
  const [, text] = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml) ?? [];
  return text === undefined ? undefined : fromXml(text);
};

const partsIn = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, part]) => part);

const folderKey = (key: string): string => (key === '' || key.endsWith('/') ? key : `${key}/`);

interface Asked {
  readonly method?: Request['method'];
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly mostBytes?: number;
}

/** What a server said that did not do what it was asked, and what to do about it. */
function reasonOf(answer: Answer): { readonly reason: string; readonly remedy?: string } {
  const xml = answer.body.toString('utf8');
  const [code = '', message = ''] = [tagIn(xml, 'Code'), tagIn(xml, 'Message')];
  const said = code === '' ? `the store answers ${answer.status}` : `the store answers ${answer.status} ${code}: ${message}`;
  const reason = said.replace(/\.$/, '');
  const keys = 'Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_PROFILE, and the files in ~/.aws.';
  if (/^(InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|RequestTimeTooSkewed)$/.test(code))
    return { reason, remedy: keys };
  if (answer.status === 401 || answer.status === 403)
    return { reason, remedy: `You may not do this there, or nobody knows who you are. ${keys}` };
  if (code === 'NoSuchBucket')
    return { reason, remedy: 'Check the name of the bucket, and AWS_ENDPOINT_URL_S3 for another store than AWS.' };
  return { reason };
}

export class S3Store implements Store {
  readonly #variables: StoreVariables;
  /** Regions that buckets turned out to lie in. */
  readonly #regions = new Map<string, string>();

  constructor(variables: StoreVariables) {
    this.#variables = variables;
  }

  #url({ bucket, key }: Place, { endpoint }: Account, region: string, query: Readonly<Record<string, string>>): URL {
    const path = key.split('/').map(encoded).join('/');
    // A name with dots fits no certificate as part of a host.
    const isHost = endpoint === undefined && /^[a-z0-9-]+$/.test(bucket);
    const base = endpoint ?? `https://${isHost ? `${bucket}.` : ''}s3.${region}.amazonaws.com`;
    const url = new URL(`${base.replace(/\/+$/, '')}/${isHost ? '' : `${encoded(bucket)}/`}${path}`);
    url.search = Object.entries(query)
      .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
      .join('&');
    return url;
  }

  async #ask(place: Place, { method = 'GET', query = {}, headers = {}, body, mostBytes = mostXmlBytes }: Asked): Promise<Answer> {
    const account = accountOf(this.#variables);
    const region = this.#regions.get(place.bucket) ?? account.region;
    const url = this.#url(place, account, region, query);
    const { keys } = account;
    const signed = (to: URL) =>
      keys ? signedHeaders({ method, url: to, headers, body, region, keys, at: new Date() }) : headers;
    const answer = await send({ method, url, headers: signed, body, mostBytes, follows: false });
    const found = answer.headers['x-amz-bucket-region'] ?? tagIn(answer.body.toString('utf8', 0, 4096), 'Region');
    const isElsewhere = (answer.status === 301 || answer.status === 307 || answer.status === 400) && typeof found === 'string';
    if (!isElsewhere || found === region || account.endpoint !== undefined) return answer;
    this.#regions.set(place.bucket, found);
    return this.#ask(place, { method, query, headers, body, mostBytes });
  }

  /** Asks on behalf of a reader. */
  async #get(place: Place, asked: Asked): Promise<Answer> {
    try {
      return await this.#ask(place, asked);
    } catch (e) {
      return unreachable(urlOf(place), e);
    }
  }

  #range(place: Place, position: number, length: number): Promise<Answer> {
    return this.#get(place, { headers: { range: `bytes=${position}-${position + length - 1}` }, mostBytes: length });
  }

  #refused(place: Place, answer: Answer): never {
    return unreadable({ path: urlOf(place), ...reasonOf(answer) }, answer.status < 500);
  }

  // ---- reading

  async find(url: string, heads: boolean): Promise<readonly RemoteFile[]> {
    const place = placeOf(url);
    const { bucket, key } = place;
    if (isPattern(key)) {
      const found = await this.#matches({ bucket, key });
      if (found.length === 0) throw new MillraceError('NO_FILES', { path: url });
      return heads ? withHeads(this, found) : found;
    }
    const plain = { bucket, key: unescaped(key) };
    const own = key === '' || key.endsWith('/') ? undefined : await this.#head(plain);
    if (own) return [own];
    const files: RemoteFile[] = [];
    let isFolder = false;
    for await (const listed of this.#list({ bucket, key: folderKey(plain.key) }, '/')) {
      isFolder = true;
      if (isData(placeOf(listed.url).key)) files.push(listed);
    }
    if (!isFolder) return missing(url);
    return heads ? withHeads(this, files) : files;
  }

  /** Keys that a pattern matches, and the keys of folders that it matches. */
  async #matches({ bucket, key }: Place): Promise<RemoteFile[]> {
    const expression = expressionOf(key.replace(/\/+$/, ''));
    const files: RemoteFile[] = [];
    for await (const file of this.#list({ bucket, key: prefixOf(key) })) {
      const { key: found } = placeOf(file.url);
      const folder = found.slice(0, Math.max(0, found.lastIndexOf('/')));
      const isUnder = folder !== '' && expression.test(folder) && isData(folder);
      if (isData(found) && (expression.test(found) || isUnder)) files.push(file);
    }
    return files;
  }

  /** An object with its first bytes; undefined where there is none. */
  async #head(place: Place): Promise<RemoteFile | undefined> {
    const answer = await this.#range(place, 0, headBytes);
    const url = urlOf(place);
    if (answer.status === 416) return { url, size: 0, tag: '', head: new Uint8Array(0) };
    if (answer.status === 404 && tagIn(answer.body.toString('utf8'), 'Code') !== 'NoSuchBucket') return undefined;
    if (answer.status !== 206 && answer.status !== 200) return this.#refused(place, answer);
    return { url, size: totalOf(answer) ?? answer.body.length, tag: tagOf(answer), head: answer.body };
  }

  /** The objects whose keys begin so, by pages; with a delimiter those of one folder. Folders that tools write are among them. */
  async *#list({ bucket, key: prefix }: Place, delimiter?: string): AsyncGenerator<RemoteFile> {
    let token: string | undefined;
    do {
      const query = {
        'list-type': '2',
        prefix,
        ...(delimiter && { delimiter }),
        ...(token !== undefined && { 'continuation-token': token }),
      };
      const place = { bucket, key: '' };
      const answer = await this.#get(place, { query });
      if (answer.status !== 200) return this.#refused({ bucket, key: prefix }, answer);
      const xml = answer.body.toString('utf8');
      for (const part of partsIn(xml, 'Contents'))
        yield {
          url: urlOf({ bucket, key: tagIn(part, 'Key') ?? '' }),
          size: Number(tagIn(part, 'Size')),
          tag: tagIn(part, 'ETag') ?? '',
        };
      token = tagIn(xml, 'IsTruncated') === 'true' ? tagIn(xml, 'NextContinuationToken') : undefined;
    } while (token !== undefined);
  }

  async read(file: RemoteFile, position: number, length: number): Promise<Uint8Array> {
    const place = placeOf(file.url);
    const answer = await this.#range(place, position, length);
    if (answer.status === 404) return unreadable({ path: file.url, reason: 'it is gone' }, false);
    if (![200, 206, 412, 416].includes(answer.status)) return this.#refused(place, answer);
    checkPart(file, answer, length);
    return answer.body;
  }

  // ---- writing

  async #write(place: Place, asked: Asked, isRight: (answer: Answer) => boolean = ({ status }) => status < 300): Promise<Answer> {
    let answer: Answer;
    try {
      answer = await this.#ask(place, asked);
    } catch (e) {
      return diskError(urlOf(place), e);
    }
    if (isRight(answer)) return answer;
    const { reason, remedy = 'Check that the bucket is there, and that you may write to it.' } = reasonOf(answer);
    throw new MillraceError('DISK', { path: urlOf(place), reason, remedy });
  }

  async begin(url: string): Promise<string> {
    const answer = await this.#write(placeOf(url), { method: 'POST', query: { uploads: '' } });
    return tagIn(answer.body.toString('utf8'), 'UploadId') ?? '';
  }

  async piece(url: string, upload: string, number: number, body: Uint8Array): Promise<string> {
    const query = { partNumber: String(number), uploadId: upload };
    const { headers } = await this.#write(placeOf(url), { method: 'PUT', query, body });
    return headers.etag ?? '';
  }

  async abandon(url: string, upload: string): Promise<void> {
    const isGone = ({ status }: Answer) => status < 300 || status === 404;
    await this.#write(placeOf(url), { method: 'DELETE', query: { uploadId: upload } }, isGone);
  }

  async #complete({ url, upload, pieces }: RemotePart): Promise<void> {
    const parts = pieces.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag}</ETag></Part>`).join('');
    const body = Buffer.from(`<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`);
    // A store may answer 200 with an error in its text.
    const isDone = (answer: Answer) => answer.status === 200 && !answer.body.toString('utf8').includes('<Error>');
    await this.#write(placeOf(url), { method: 'POST', query: { uploadId: upload }, body }, isDone);
  }

  async hasFolder(url: string): Promise<boolean> {
    const { bucket, key } = placeOf(url);
    const query = { 'list-type': '2', prefix: folderKey(key), 'max-keys': '1' };
    const answer = await this.#write({ bucket, key: '' }, { query });
    return answer.body.includes('<Contents>');
  }

  async commit(folder: string, parts: readonly RemotePart[]): Promise<void> {
    const { bucket, key } = placeOf(folder);
    const prefix = folderKey(key);
    const mark = { bucket, key: `${prefix}_SUCCESS` };
    const before: Place[] = [];
    for await (const { url } of this.#list({ bucket, key: prefix })) before.push(placeOf(url));
    const mine = new Set(parts.map(({ url }) => placeOf(url).key));
    // What was whole is not whole from here on until the mark is there again.
    if (before.some((place) => place.key === mark.key)) await this.#write(mark, { method: 'DELETE' });
    let next = 0;
    const work = async () => {
      while (next < parts.length) await this.#complete(parts[next++]);
    };
    await Promise.all(Array.from({ length: headsAtATime }, work));
    for (const place of before)
      if (!mine.has(place.key) && place.key !== mark.key) await this.#write(place, { method: 'DELETE' });
    await this.#write(mark, { method: 'PUT', body: new Uint8Array(0) });
    await this.abort(folder);
  }

  /** Gives up what tasks have begun in a folder. */
  async abort(folder: string): Promise<void> {
    const { bucket, key } = placeOf(folder);
    const answer = await this.#write({ bucket, key: '' }, { query: { uploads: '', prefix: `${folderKey(key)}part-` } });
    for (const part of partsIn(answer.body.toString('utf8'), 'Upload')) {
      const [file, upload] = [tagIn(part, 'Key'), tagIn(part, 'UploadId')];
      if (file !== undefined && upload !== undefined) await this.abandon(urlOf({ bucket, key: file }), upload);
    }
  }
}
