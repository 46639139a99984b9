// What stores are asked with: signatures as AWS publishes them, keys from variables and files, patterns over keys.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expressionOf, isPattern, prefixOf } from '../../../cluster/files/key-pattern';
import { send } from '../../../cluster/files/request';
import { accountOf, variablesOf } from '../../../cluster/files/s3-account';
import { signedHeaders } from '../../../cluster/files/s3-signature';
import { checkPart } from '../../../cluster/files/store';
import type { MillraceError } from '../../../runtime/index';

/** The examples of the documentation of Signature Version 4 for S3. */
const example = {
  region: 'us-east-1',
  keys: { id: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  at: new Date('2013-05-24T00:00:00Z'),
};

const signatureOf = (url: string, headers: Record<string, string> = {}) => {
  const { authorization } = signedHeaders({ ...example, method: 'GET', url: new URL(url), headers });
  return /Signature=(\w+)/.exec(authorization)![1];
};

test('requests are signed as the documentation of S3 has it', () => {
  const host = 'https://examplebucket.s3.amazonaws.com';
  assert.is(
    signatureOf(`${host}/test.txt`, { range: 'bytes=0-9' }),
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  );
  assert.is(signatureOf(`${host}/?lifecycle`), 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543');
  assert.is(signatureOf(`${host}/?max-keys=2&prefix=J`), '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7');
});

test('keys, region and endpoint come from variables, else from the profile files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-aws-'));
  const [credentials, config] = [join(folder, 'credentials'), join(folder, 'config')];
  writeFileSync(
    credentials,
    '[default]\naws_access_key_id = A\naws_secret_access_key=B\n\n[other]\naws_access_key_id=C\naws_secret_access_key=D=\naws_session_token=E\n',
  );
  writeFileSync(config, '[profile other]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:9000\n');
  const files = { AWS_SHARED_CREDENTIALS_FILE: credentials, AWS_CONFIG_FILE: config };
  assert.equal(accountOf(files), { keys: { id: 'A', secret: 'B', token: undefined }, region: 'us-east-1', endpoint: undefined });
  assert.equal(accountOf({ ...files, AWS_PROFILE: 'other' }), {
    keys: { id: 'C', secret: 'D=', token: 'E' },
    region: 'eu-west-1',
    endpoint: 'http://127.0.0.1:9000',
  });
  const own = { AWS_ACCESS_KEY_ID: 'X', AWS_SECRET_ACCESS_KEY: 'Y', AWS_REGION: 'z', AWS_ENDPOINT_URL_S3: 'http://s' };
  assert.equal(accountOf({ ...files, ...own }), {
    keys: { id: 'X', secret: 'Y', token: undefined },
    region: 'z',
    endpoint: 'http://s',
  });
  const none = { AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'), AWS_CONFIG_FILE: join(folder, 'none') };
  assert.is(accountOf(none).keys, undefined);
  assert.equal(variablesOf({ ...own, PATH: '/bin', AWS_PROFILE: '' }), own);
  rmSync(folder, { recursive: true });
});

test('patterns match keys as they match paths', () => {
  const matches = (pattern: string, keys: string[]) => keys.filter((key) => expressionOf(pattern).test(key));
  const keys = ['a.txt', 'b.csv', 'x/a.txt', 'x/y/a.txt', 'x/.hidden/a.txt', '.a.txt', 'a+b.txt', 'a*.txt', 'a1.txt'];
  assert.equal(matches('*.txt', keys), ['a.txt', 'a+b.txt', 'a*.txt', 'a1.txt']);
  assert.equal(matches('**/*.txt', keys), ['a.txt', 'x/a.txt', 'x/y/a.txt', 'a+b.txt', 'a*.txt', 'a1.txt']);
  assert.equal(matches('x/**', keys), ['x/a.txt', 'x/y/a.txt']);
  assert.equal(matches('a?.txt', keys), ['a*.txt', 'a1.txt']);
  assert.equal(matches('a\\*.txt', keys), ['a*.txt']);
  assert.equal(matches('a[0-9].txt', keys), ['a1.txt']);
  assert.equal(matches('{a,b}.{txt,csv}', keys), ['a.txt', 'b.csv']);
  assert.equal(matches('a+b.txt', keys), ['a+b.txt']);
  assert.is(prefixOf('logs/2026/part-*/{a,b}'), 'logs/2026/part-');
  assert.is(prefixOf('a\\*b*'), 'a*b');
  assert.equal([isPattern('a\\*b'), isPattern('a*b'), isPattern('a b+c')], [false, true, false]);
});

/** A server that gives these answers, one for each request, and what it was asked. */
async function answering(answers: readonly ((response: ServerResponse) => void)[], use: (base: string) => Promise<void>) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answers[asked.length - 1]?.(response);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return asked;
}

const status =
  (code: number, headers = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end('text');

const asking = (base: string, headers = {}) =>
  send({ method: 'GET', url: new URL(base), headers: () => headers, mostBytes: 1000 });

test('a busy server and a broken connection are asked again; what is wrong is not', async () => {
  const broken = (response: ServerResponse) => void response.socket!.destroy();
  const asked = await answering([status(503), broken, status(429), status(200)], async (base) => {
    assert.is((await asking(base)).status, 200);
  });
  assert.is(asked.length, 4);
  const once = await answering([status(403), status(200)], async (base) => assert.is((await asking(base)).status, 403));
  assert.is(once.length, 1);
});

test('a redirect to another server takes no signature along', async () => {
  const others = await answering([status(200)], async (other) => {
    const first = await answering([status(307, { location: `${other}/there` })], async (base) => {
      assert.is(
        (await asking(base, { authorization: 'secret', 'x-amz-security-token': 'secret', range: 'bytes=0-9' })).status,
        200,
      );
    });
    assert.is(first[0].headers.authorization, 'secret');
  });
  assert.equal(
    [others[0].url, others[0].headers.range, others[0].headers.authorization, others[0].headers['x-amz-security-token']],
    ['/there', 'bytes=0-9', undefined, undefined],
  );
});

test('a part of another text is no part of the file', () => {
  const file = { url: 'https://host/a', size: 10, tag: '"1"' };
  const part = (headers: Record<string, string>, status = 206, body = 'text') =>
    checkPart(file, { status, headers, body: Buffer.from(body), isCut: false }, 4);
  const right = { etag: '"1"', 'content-range': 'bytes 0-3/10' };
  part(right);
  for (const changed of [
    () => part({ ...right, etag: '"2"' }),
    () => part({ ...right, 'content-range': 'bytes 0-3/11' }),
    () => part(right, 206, 'te'),
    () => part(right, 412),
    () => part(right, 416),
  ])
    assert.throws(changed, (e: MillraceError) => e.code === 'FILE_CHANGED');
});

test.run();
