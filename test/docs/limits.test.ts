// The numbers of docs/limits.md, and the tables of docs/options.md, are those of the sources.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tabledDocuments, tableNames, withTables } from '../helpers/limit-tables';
import { readDocument } from '../helpers/sources';

const document = readDocument('docs/limits.md');

test('every table is there, and as the sources have it', () => {
  const documents = tabledDocuments.map(readDocument);
  for (const name of tableNames) assert.match(documents.join('\n'), `<!-- table: ${name} -->`);
  for (const text of documents) {
    const lines = text.split('\n');
    const changed = withTables(text)
      .split('\n')
      .filter((line, at) => line !== lines[at]);
    assert.equal(changed, [], 'run: npm run tables');
  }
  assert.ok(document.split('\n').filter((line) => line.startsWith('| `')).length > 80);
});

test('no number of the two files is left out', () => {
  for (const path of ['runtime/base/limits.ts', 'cluster/base/limits.ts']) {
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
