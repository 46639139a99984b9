// The mistakes of test/mutations/list.ts can still be made: each text stands in its file once, and its tests are there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mutations } from './list';

const root = join(__dirname, '../..');
const files = globSync('test/**/*.test.ts', { cwd: root });

test('each mistake has its place in the sources, and tests that are to catch it', () => {
  assert.ok(mutations.length >= 20);
  for (const { mistake, file, find, tests } of mutations) {
    assert.is(readFileSync(join(root, file), 'utf8').split(find).length - 1, 1, `${mistake}: ${file}`);
    for (const word of tests)
      assert.ok(
        files.some((name) => name.includes(word)),
        `${mistake}: ${word}`,
      );
  }
});

test.run();
