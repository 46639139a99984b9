// A thread that fetches files and ends: who waits for it hears so soon, and the next file is fetched by another one.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FetchingFiles } from '../../../cluster/files/fetching-files';
import { errorOf } from '../../helpers/errors';

const test = suite('the end of the thread that fetches');
const folder = mkdtempSync(join(tmpdir(), 'ended-thread-'));

test.after(() => rmSync(folder, { recursive: true, force: true }));

/** A thread that ends at its first question, and once started again finds nothing anywhere. */
function threadThatEnds(name: string): { readonly program: () => string; readonly mark: string } {
  const [program, mark] = [join(folder, `${name}.js`), join(folder, name)];
  const text = `const { workerData: { now, later, signal } } = require('node:worker_threads');
const { existsSync, writeFileSync } = require('node:fs');
const mark = ${JSON.stringify(mark)};
for (const port of [now, later]) port.on('message', ({ id }) => {
  if (!existsSync(mark)) { writeFileSync(mark, ''); process.exit(3); }
  port.postMessage({ id, value: [] });
  Atomics.add(new Int32Array(signal), 0, 1);
  Atomics.notify(new Int32Array(signal), 0);
});`;
  writeFileSync(program, text);
  return { program: () => program, mark };
}

test('while its caller waits', async () => {
  const { program, mark } = threadThatEnds('waited');
  const files = new FetchingFiles({}, program);
  const started = performance.now();
  const error = await errorOf('UNREADABLE_FILE', () => files.findNow('https://h/x', false));
  assert.match(error.message, 'the thread that fetches files has ended');
  assert.ok(existsSync(mark));
  assert.ok(performance.now() - started < 60_000, 'long before a store that does not answer is given up');
  assert.equal(files.findNow('https://h/x', false), []);
});

test('while its caller goes on', async () => {
  const { program } = threadThatEnds('later');
  const files = new FetchingFiles({}, program);
  const error = await errorOf('UNREADABLE_FILE', () => files.find('https://h/y', false));
  assert.match(error.message, /https:\/\/h\/y.*has ended/);
  assert.equal(await files.find('https://h/y', false), []);
});

test.run();
