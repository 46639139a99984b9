// What stores are asked with: signatures as AWS publishes them, keys from variables and files, patterns over keys.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expressionOf, isPattern, prefixOf } from '../../../cluster/files/key-pattern';
import { accountOf, variablesOf } from '../../../cluster/files/s3-account';
import { signedHeaders } from '../../../cluster/files/s3-signature';

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

test.run();
