// What every process has: found again by its path as by the table, and without loading all of Node.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findIntrinsic, intrinsics } from '../../../runtime/closure/intrinsics';
import { typescript } from '../../helpers/preload';

const paths = [
  ...['node:fs', 'node:fs#readFileSync', 'node:path', 'node:util#inspect', 'node:fs/promises', 'node:events'],
  ...['Math', 'Math.max', 'Map.prototype.get', 'Map.prototype.size.get', 'JSON.stringify', 'process', 'globalThis', 'URL'],
  ...[
    'Object.prototype.toString',
    'Array.prototype.@Symbol.iterator',
    '%TypedArray',
    '%GeneratorFunction',
    'fetch',
    'console.log',
  ],
];

test('a path means by walking what it means in the table', () => {
  for (const at of paths) {
    const value = findIntrinsic(at);
    assert.ok(value !== undefined, at);
    assert.ok(value === intrinsics().at(at), at);
  }
});

test('what is no object, no member, or not to be loaded is nothing', () => {
  for (const at of ['Math.PI', 'Math.nosuch', 'nosuch', 'node:nosuch', 'node:fs#nosuch', 'node:repl', 'Math.max.x.y']) {
    assert.is(findIntrinsic(at), undefined, at);
  }
});

test('finding a member of a module loads that module and no other', () => {
  const program = `
    const { findIntrinsic } = require('./runtime/closure/intrinsics');
    const before = process.moduleLoadList.length;
    findIntrinsic('node:fs#existsSync');
    findIntrinsic('Math.max');
    findIntrinsic('process');
    console.log(process.moduleLoadList.length - before);`;
  const args = [...typescript, '-e', program];
  const loaded = Number(execFileSync(process.execPath, args, { cwd: path.join(__dirname, '../../..'), encoding: 'utf8' }));
  assert.is(loaded, 0);
});

test.run();
