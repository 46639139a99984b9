// A connector as a package: found by `import`, shipped to executors, and what is told where its client is not installed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { file, folder, millrace } from '../../helpers/scripts';

const packageFolder = join(folder, 'node_modules', 'millrace-numbers');
mkdirSync(packageFolder, { recursive: true });
writeFileSync(join(packageFolder, 'package.json'), '{ "name": "millrace-numbers", "version": "1.0.0", "main": "index.js" }');
writeFileSync(
  join(packageFolder, 'index.js'),
  `const batches = require('./batches.js');
exports.numbers = (n, client) => ({
  name: 'numbers',
  partitions: async () => [{ data: [0, n] }, { data: [n, 2 * n] }],
  async *read([from, to]) {
    if (client) await import(client);
    yield* batches(from, to, process.pid);
  },
});
`,
);
writeFileSync(
  join(packageFolder, 'batches.js'),
  'module.exports = (from, to, pid) => Array.from({ length: to - from }, (_, i) => [{ i: from + i, pid }]);\n',
);
writeFileSync(
  join(packageFolder, 'index.d.ts'),
  `import type { Source } from 'millrace';
export function numbers(n: number, client?: string): Source<{ i: number; pid: number }>;
`,
);

test('a package is imported by a script, and its read runs on executors', async () => {
  const script = file(
    'package.ts',
    `import { numbers } from 'millrace-numbers'
const rows = await sc.source(numbers(3)).collect()
console.log(rows.map(row => row.i).sort().join(), rows.every(row => row.pid !== process.pid))
`,
  );
  const { out, err, status } = await millrace(['--master', 'local[2]', script]);
  assert.equal([status, out, err], [0, '0,1,2,3,4,5 true\n', '']);
});

test('a client that is not installed is named with the command that installs it', async () => {
  const script = file(
    'missing.ts',
    `import { numbers } from 'millrace-numbers'\nawait sc.source(numbers(1, 'pg/lib')).count().catch(error => { console.log(error.code); throw error })\n`,
  );
  const { out, err, status } = await millrace(['--master', 'local[2]', script]);
  assert.equal([status, out.trim()], [1, 'NO_CLIENT']);
  assert.match(err, /source needs the package pg, which is not installed/);
  assert.match(err, /npm install pg\b/);
});

test.run();
