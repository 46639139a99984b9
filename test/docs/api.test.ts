// The pages of the API: typedoc makes them without a warning, and no public name is without a docstring.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { publicNames } from '../helpers/public-api';

const run = promisify(execFile);
const root = join(__dirname, '..', '..');

const names = publicNames();

test('every exported name and every public method has a docstring', () => {
  assert.ok(names.length > 500, `${names.length} public names`);
  // Fields of plain data say by their name what they are.
  const wanted = names.filter(({ kind }) => kind !== 'property');
  const bare = wanted.filter(({ isDocumented }) => !isDocumented).map(({ name }) => name);
  assert.equal(bare, []);
});

test('typedoc makes the pages without a warning, one for each class', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  try {
    const typedoc = join(root, 'node_modules', 'typedoc', 'bin', 'typedoc');
    const options = ['--options', join(root, 'docs', 'typedoc.json'), '--out', folder];
    const { stdout, stderr } = await run(process.execPath, [typedoc, ...options], { cwd: root });
    assert.not.match(stdout + stderr, /warning|error/i);
    for (const name of [
      'millrace.RDD',
      'millrace.Context',
      'millrace.DStream',
      'millrace.StreamingContext',
      'millrace_models.Query',
    ])
      assert.ok(existsSync(join(folder, 'classes', `${name}.html`)), name);
    assert.ok(existsSync(join(folder, 'documents', 'from-spark-shell.html')), 'the guides');
    const page = readFileSync(join(folder, 'classes', 'millrace.RDD.html'), 'utf8');
    assert.match(page, /reduceByKey/);
    assert.not.match(page, /prepareLineage/, 'what is for the engine alone');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
