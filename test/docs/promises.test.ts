// Every test that docs/promises.md names is there, and every command of test/RECORD.md runs one.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { quoted, tableRows } from '../helpers/markdown';
import { readDocument } from '../helpers/sources';

const root = join(__dirname, '..', '..');
const document = 'docs/promises.md';
const headings = [...readDocument(document).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);

for (const heading of headings)
  test(`${heading}: each promise names a test that is there`, () => {
    const rows = tableRows(document, heading);
    assert.ok(rows.length > 1, `${rows.length} promises`);
    for (const [promise, tests] of rows) {
      const names = quoted(tests).filter((name) => !name.startsWith('npm run') && !name.endsWith('/'));
      assert.ok(quoted(tests).length > 0, promise);
      assert.equal(
        names.filter((name) => !existsSync(join(root, 'test', `${name}.test.ts`))),
        [],
        promise,
      );
    }
  });

test('every command of test/RECORD.md names a test that is there', () => {
  const files = globSync('test/**/*.test.ts', { cwd: root });
  const commands = [...readDocument('test/RECORD.md').matchAll(/`npm test -- ([^`]+)`/g)].map(([, words]) => words);
  assert.ok(commands.length > 100, `${commands.length} commands`);
  const words = commands.flatMap((command) => command.split(' '));
  assert.equal(
    words.filter((word) => !files.some((file) => file.includes(word))),
    [],
  );
});

test.run();
