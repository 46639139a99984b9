// Parts of servers by themselves: where one is found, what a session may hold, and code of several sessions in one job.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { maxPublished, maxSessionBytes, maxWindows } from '../../../cluster/base/limits';
import { joinedCode } from '../../../cluster/serve/job-code';
import { claim, placeOf } from '../../../cluster/serve/place';
import { type PublishedSources, PublishedTable, type Publisher } from '../../../cluster/serve/published-table';
import { ServerBlobs } from '../../../cluster/serve/server-blobs';
import { sessionOf, sharedNumberOf } from '../../../cluster/serve/session/own-ids';
import { PublishedWindows } from '../../../cluster/serve/windows/published-windows';
import { idsPerSession } from '../../../runtime/base/limits';
import { computationsOf } from '../../../runtime/plan/state-spec';
import { decode, encode } from '../../../runtime/wire/codec';
import { errorOf } from '../../helpers/errors';

const test = suite('parts of servers');
let folder: string;
const { XDG_RUNTIME_DIR: given } = process.env;

test.before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'serve-parts-'));
});

test.after(() => {
  if (given === undefined) delete process.env.XDG_RUNTIME_DIR;
  else process.env.XDG_RUNTIME_DIR = given;
  rmSync(folder, { recursive: true, force: true });
});

test('the runtime folder is private, or refused', async () => {
  process.env.XDG_RUNTIME_DIR = folder;
  assert.is(placeOf().socket, path.join(folder, 'millrace', 'serve.sock'));
  chmodSync(path.join(folder, 'millrace'), 0o755);
  const open = await errorOf('NO_RUNTIME_FOLDER', () => placeOf());
  assert.match(open.message, /others may enter it/);
  rmSync(path.join(folder, 'millrace'), { recursive: true });
  writeFileSync(path.join(folder, 'millrace'), '');
  await errorOf('NO_RUNTIME_FOLDER', () => placeOf());
  await errorOf('BAD_OPTION', () => placeOf(path.join(folder, 'a'.repeat(120))));
});

test('a place belongs to one process, and a file that is no socket stays', async () => {
  mkdirSync(path.join(folder, 'place'));
  const place = placeOf(path.join(folder, 'place', 's'));
  writeFileSync(place.socket, 'mine');
  const claimed = claim(place);
  await errorOf('SERVER_TAKEN', () => claim(place));
  claimed.release();
  writeFileSync(place.card, 'no card', { mode: 0o600 });
  claim(place).release();
  await errorOf('DISK', () => claim(placeOf(path.join(folder, 'nowhere', 's'))));
});

test('blobs stay as long as somebody names them, and what a session holds is bounded', async () => {
  const dropped: string[] = [];
  const blobs = new ServerBlobs((id) => dropped.push(id));
  blobs.put(1, 'a', Uint8Array.of(1));
  blobs.put(2, 'a', Uint8Array.of(1));
  blobs.hold('published 1', ['a', 'unknown']);
  blobs.letGo(1, ['a', 'a']);
  blobs.letGoAll(2);
  assert.equal(dropped, []);
  assert.is(blobs.bytesOf('published 1'), 1);
  blobs.letGoAll('published 1');
  assert.equal(dropped, ['a']);
  await errorOf('MISSING_BLOB', () => blobs.blob('a'));
  await errorOf('QUOTA_FULL', () => blobs.put(1, 'b', { length: maxSessionBytes + 1 } as Uint8Array));
  assert.is(blobs.bytesOf(1), 0);
});

test('a job has the modules of its session and of publishers; two texts of one module are refused', async () => {
  const blobs = new ServerBlobs(() => {});
  const modules = (id: string, texts: Readonly<Record<string, string>>) => blobs.put(1, id, encode(Object.entries(texts)));
  modules('own', { '/a.ts': '1' });
  modules('other', { '/a.ts': '1', '/b.ts': '2' });
  modules('changed', { '/a.ts': '3' });
  const own = { modules: 'own', classes: ['mine'] };
  const joined = joinedCode(own, [{ name: 'pages', code: { modules: 'other', classes: ['theirs'] } }], blobs, 1);
  assert.equal(joined.classes, ['theirs', 'mine']);
  assert.equal(decode(blobs.blob(joined.modules)), [
    ['/a.ts', '1'],
    ['/b.ts', '2'],
  ]);
  const error = await errorOf('MODULES_DIFFER', () =>
    joinedCode(own, [{ name: 'pages', code: { modules: 'changed', classes: [] } }], blobs, 1),
  );
  assert.match(error.message, /pages was made with another text of \/a\.ts/);
});

test('names of published streams and datasets are bounded', async () => {
  const dataset = { id: 1, operation: 'range', partitions: 1, splits: { kind: 'none' }, dependencies: [], functions: [] };
  const persistence = { level: { useMemory: true, useDisk: false, serialized: false, replication: 1 }, priority: 0 };
  const publisher = { number: 1, label: 'me', node: (id: number) => ({ ...dataset, id, persistence }), write: async () => {} };
  const table = new PublishedTable({
    engine: () => ({ define: () => {} }),
    blobs: () => ({ hold: () => {} }),
    now: () => 0,
    mostBytes: 1,
  } as unknown as PublishedSources);
  const what = (n: number) => ({ name: `n${n}`, type: '', description: '', replace: false, code: { modules: '', classes: [] } });
  for (let n = 0; n < maxPublished; n++) table.publish({ ...what(n), dataset: n }, publisher as unknown as Publisher);
  const last = { ...what(maxPublished), dataset: maxPublished };
  const error = await errorOf('SESSION_FULL', () => table.publish(last, publisher as unknown as Publisher));
  assert.is(error.message, 'The server has 1000 published datasets already, but at most 1000 are allowed.');
  const windows = new PublishedWindows(table, '', { windows: () => {}, batch: () => {} });
  const begin = (n: number) => windows.begin({ ...what(n), name: `w${n}`, slide: 1, last: 1 }, publisher as unknown as Publisher);
  for (let n = 0; n < maxWindows; n++) begin(n);
  await errorOf('SESSION_FULL', () => begin(maxWindows));
});

test('numbers of sessions, datasets and states never meet', () => {
  const last = idsPerSession * (2 ** 20 - 1) + idsPerSession - 1;
  assert.is(sessionOf(last), 2 ** 20 - 1);
  assert.ok(Number.isSafeInteger(computationsOf(last)));
  assert.ok(computationsOf(0) > last);
  assert.is(sharedNumberOf(`accumulator-${last}`), last);
  assert.is(sharedNumberOf('accumulator'), undefined);
});

test.run();
