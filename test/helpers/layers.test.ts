// The rules about layers find what breaks them: tried on made-up imports.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { crossings, importCircles, upwardImports } from './layers';

/** `{ 'a/x.ts': ['a/y.ts'] }` as sources, types among the imports. */
const sourcesOf = (imports: Readonly<Record<string, readonly string[]>>) =>
  new Map(
    Object.entries(imports).map(([path, files]) => [
      path,
      { path, imports: files.map((file) => ({ specifier: './x', file, typeOnly: true })) },
    ]),
  );

test('an import may stay in its layer or lead down, not up', () => {
  const table = { a: ['low', 'low/top', 'high', ''] };
  const allowed = { 'a/high/x.ts': ['a/low/x.ts', 'a/high/sub/y.ts', 'b/c/d.ts'], 'a/low/top/x.ts': ['a/low/x.ts'] };
  assert.equal(upwardImports(sourcesOf({ ...allowed, 'a/main.ts': ['a/high/x.ts'], 'b/x.ts': ['a/main.ts'] }), table), []);
  assert.equal(upwardImports(sourcesOf({ 'a/low/x.ts': ['a/high/x.ts'] }), table), ['a/low/x.ts imports a/high/x.ts']);
  assert.equal(upwardImports(sourcesOf({ 'a/low/x.ts': ['a/low/top/y.ts'] }), table), ['a/low/x.ts imports a/low/top/y.ts']);
  assert.equal(upwardImports(sourcesOf({ 'a/high/x.ts': ['a/main.ts'] }), table), ['a/high/x.ts imports a/main.ts']);
});

test('a room without a layer is reported', () => {
  assert.match(upwardImports(sourcesOf({ 'a/new/x.ts': [] }), { a: ['low'] })[0], /^a\/new\/x\.ts: /);
});

test('rooms that know nothing of each other', () => {
  const table = { 'a/high': ['a/low'] };
  assert.equal(crossings(sourcesOf({ 'a/high/sub/x.ts': ['a/low/x.ts'] }), table), ['a/high/sub/x.ts imports a/low/x.ts']);
  assert.equal(crossings(sourcesOf({ 'a/low/x.ts': ['a/high/x.ts'], 'a/highest/x.ts': ['a/low/x.ts'] }), table), []);
});

test('a circle is found, whatever way leads to it', () => {
  assert.equal(importCircles(sourcesOf({ 'a/x.ts': ['a/y.ts', 'a/z.ts'], 'a/y.ts': ['a/z.ts'], 'a/z.ts': [] }), ['a']), []);
  const circle = { 'a/x.ts': ['a/y.ts'], 'a/y.ts': ['a/z.ts'], 'a/z.ts': ['a/y.ts'] };
  assert.equal(importCircles(sourcesOf(circle), ['a']), ['a/y.ts → a/z.ts → a/y.ts']);
  assert.equal(importCircles(sourcesOf(circle), ['b']), []);
});

test.run();
