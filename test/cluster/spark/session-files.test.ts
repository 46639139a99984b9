// Files of the session's folder on their way to executors that do not see it, and back.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { movedSplit, SessionFiles } from '../../../cluster/spark/files/session-files';
import { decodeSplit, encodeSplit } from '../../../runtime/plan/encode';
import type { Split } from '../../../runtime/plan/program';

const test = suite('files of the session');
let folder: string;
let files: SessionFiles;

test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'session-files-'));
  mkdirSync(join(folder, 'received'));
  for (const name of ['a', 'b']) writeFileSync(join(folder, 'received', name), `block ${name}\n`);
  files = new SessionFiles(folder);
});

test.after.each(() => rmSync(folder, { recursive: true, force: true }));

const range = (path: string) => ({ path, start: 0, end: 8, form: 'plain' as const });
const text = (...paths: string[]): Split => ({ kind: 'text', index: 0, ranges: paths.map(range) });

test('those that a split reads are named once; files elsewhere, and those that are gone, are left where they are', () => {
  const [a, b] = ['a', 'b'].map((name) => join(folder, 'received', name));
  const split: Split = { kind: 'node', index: 0, inputs: [text(a, b), text(a, '/etc/hosts', join(folder, 'received', 'gone'))] };
  const found = files.of(split);
  assert.equal(found.map(({ name }) => name).sort(), ['received/a', 'received/b']);
  assert.is(Buffer.from(found.find(({ name }) => name === 'received/a')!.bytes()).toString(), 'block a\n');
  assert.equal(files.of(text(`${folder}-other/x`)), []);
});

test('a file that was written again is another blob', () => {
  const path = join(folder, 'received', 'a');
  const before = files.of(text(path))[0].blob;
  assert.is(files.of(text(path))[0].blob, before);
  utimesSync(path, 1, 1);
  assert.is.not(files.of(text(path))[0].blob, before);
});

test('a local checkpoint that a task has left is read again as a file of the session', () => {
  files.leave(7, 2, Buffer.from('rows'));
  const [file] = files.of({ kind: 'checkpoint', index: 2, rddId: 7 });
  assert.is(file.name, 'checkpoint/7/2');
  assert.is(readFileSync(join(folder, file.name), 'utf8'), 'rows');
  assert.equal(files.of({ kind: 'checkpoint', index: 2, rddId: 7, folder: '/elsewhere' }), []);
});

test('a split for an executor names its own copies, and nothing else changes', () => {
  const [a, b] = ['a', 'b'].map((name) => join(folder, 'received', name));
  const whole: Split = {
    kind: 'files',
    index: 1,
    files: [{ path: b, name: '-', form: 'plain', version: { size: 8, mtimeMs: 5 } as never }],
  };
  const split: Split = { kind: 'node', index: 3, inputs: [text(a, '/etc/hosts'), whole] };
  const moved = decodeSplit(movedSplit(encodeSplit(split), ['received/a', 'received/b'], folder, '/work/0')) as typeof split & {
    inputs: any[];
  };
  assert.equal(
    moved.inputs[0].ranges.map(({ path }: { path: string }) => path),
    ['/work/0/received/a', '/etc/hosts'],
  );
  const [{ path, name, version }] = moved.inputs[1].files;
  assert.equal([path, name, version, moved.index], ['/work/0/received/b', '-', undefined, 3]);
});

test.run();
