// The signature of a request to S3: AWS Signature Version 4.
import { createHash, createHmac } from 'node:crypto';
import type { Keys } from './s3-account';

interface Signed {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly region: string;
  readonly keys: Keys;
  readonly at: Date;
}

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** As encodeURIComponent, and what that leaves: S3 signs letters, digits and - . _ ~ only as they are. */
export const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** The headers of a request with its signature. */
export function signedHeaders({ method, url, headers, body, region, keys, at }: Signed): Record<string, string> {
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const hash = sha256(body ?? '');
  const all: Record<string, string> = { ...headers, host: url.host, 'x-amz-content-sha256': hash, 'x-amz-date': time };
  if (keys.token) all['x-amz-security-token'] = keys.token;
  const names = Object.keys(all).sort();
  const query = [...url.searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort();
  const canonical = [
    method,
    url.pathname,
    query.join('&'),
    ...names.map((name) => `${name}:${all[name].trim()}`),
    '',
    names.join(';'),
    hash,
  ].join('\n');
  const key = ['s3', 'aws4_request'].reduce(hmac, [region].reduce(hmac, hmac(`AWS4${keys.secret}`, time.slice(0, 8))));
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${keys.id}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...all, authorization };
}
