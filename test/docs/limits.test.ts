// The numbers of docs/limits.md are those of the sources.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tableNames, withTables } from '../helpers/limit-tables';
import { readDocument } from '../helpers/sources';

const document = readDocument('docs/limits.md');

test('every table is there, and as the sources have it', () => {
  for (const name of tableNames) assert.match(document, `<!-- table: ${name} -->`);
  const made = withTables(document);
  const changed = made.split('\n').filter((line, at) => line !== document.split('\n')[at]);
  assert.equal(changed, [], 'run: node -r ts-node/register/transpile-only test/write-limits.ts');
  assert.ok(made.split('\n').filter((line) => line.startsWith('| `')).length > 80);
});

test('no number of the two files is left out', () => {
  for (const path of ['runtime/limits.ts', 'cluster/limits.ts']) {
    const names = [...readDocument(path).matchAll(/^export const (\w+)/gm)].map(([, name]) => name);
    assert.equal(
      names.filter((name) => !document.includes(`| \`${name}\` |`)),
      [],
      path,
    );
  }
});

test('every number and option has its reason', () => {
  const bare = document.split('\n').filter((line) => line.startsWith('| `') && /\|\s*\|$/.test(line));
  assert.equal(bare, []);
});

test.run();
