// Runs each `@example` of the engine's docstrings and compares the value in its trailing comment.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import type { Context } from '../../runtime/index';
import { docstringExamples, exampleRunner, plain, valueOf } from '../helpers/docstring-examples';
import { within } from '../helpers/within';

const test = suite('examples');
const examples = docstringExamples();
let sc: Context;
let run: ReturnType<typeof exampleRunner>;

test.before(async () => {
  sc = await connect('local');
  run = exampleRunner(sc);
});

for (const example of examples) {
  test(`${example.member}: ${example.code.slice(0, 70)}`, async () => {
    const got = await within(10_000, run(example), example.code);
    const expected = valueOf(example);
    if (expected) assert.equal(plain(got), plain(expected.value));
  });
}

test('no example is left out', () => {
  const runtime = join(__dirname, '..', '..', 'runtime');
  const files = globSync('**/*.ts', { cwd: runtime, absolute: true }).map((file) => readFileSync(file, 'utf8'));
  assert.is(examples.length, files.join('\n').match(/@example /g)!.length);
  assert.ok(examples.filter((example) => valueOf(example)).length >= 200, `${examples.length}`);
});

test.after(() => sc.stop());

test.run();
