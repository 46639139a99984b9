// `.schema` at the real prompt, and `millrace schema`: columns of a file, of a dataset, and the interface of rows.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../../../shell/base/package-root';
import { userFolder } from '../../../helpers/entries';

const test = suite('.schema');
const { folder } = userFolder({ 'flights.csv': 'year,carrier,depDelay\n2026,AA,1.5\n2026,BB,NA\n' });
const millrace = join(packageRoot(), 'dist/millrace.js');

const run = (args: readonly string[], input?: string) =>
  execFileSync(process.execPath, [millrace, ...args], { cwd: folder, input, encoding: 'utf8' });
const entered = (text: string) => run(['--master', 'local', '--no-rc', '-'], text);

const flight =
  'export interface Flight {\n  /** A whole number. */\n  year: number;\n  carrier: string;\n  depDelay: number | null;\n}\n';

test('a file has columns, nulls and samples', () => {
  const text = entered('.schema flights.csv\n');
  assert.match(text, /^3 columns, types of all 2 rows; nulls and samples of the first 2 rows/m);
  assert.match(text, /^depDelay +number \| null +double +1 +1\.5$/m);
  assert.match(entered('.schema sc.parallelize([{ a: 1, b: null }, { a: 2 }])\n'), /^a +number +int +0 +1 · 2$/m);
});

test('an interface is printed, or written to a file that is new', () => {
  assert.match(entered('.schema flights.csv --as Flight\n').replaceAll('\r', ''), /export interface Flight \{/);
  entered('.schema flights.csv --as Flight --save types.ts\n');
  assert.is(readFileSync(join(folder, 'types.ts'), 'utf8'), flight);
  assert.is(run(['schema', 'flights.csv', '--as', 'Flight']), flight);
  assert.match(run(['schema', 'flights.csv']), /^export interface Flights \{/);
});

test.run();
