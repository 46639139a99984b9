// The packages of the user's folder: typed, untyped, of every kind, and broken; none may end the type service.
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CompileResult } from '../../../shell/contract/type-service';
import { typeService, userFolder } from '../../helpers/entries';

function cellOf(result: CompileResult): number {
  if (result.status !== 'ok') throw new Error(JSON.stringify(result));
  return result.cell.id;
}

const typeOf = (result: CompileResult) => (result.status === 'ok' ? result.cell.result?.type : JSON.stringify(result));

test('untyped, odd and broken ones are any, and end no service', () => {
  const { folder, write } = userFolder({
    'package.json': JSON.stringify({
      dependencies: { 'plain.js': '*', lodash: '*', esm: '*', dual: '*', broken: '*', gone: '*' },
    }),
    'node_modules/plain.js/package.json': '{"main":"index.js"}',
    'node_modules/plain.js/index.js': 'module.exports = 1',
    // Resolution tries lodash.js/index.ts, below a file.
    'node_modules/lodash/package.json': '{"main":"lodash.js"}',
    'node_modules/lodash/lodash.js': 'module.exports = { chunk() {} }',
    'node_modules/esm/package.json': '{"type":"module","exports":"./index.js"}',
    'node_modules/esm/index.js': 'export const one = 1',
    'node_modules/dual/package.json': '{"exports":{".":{"types":"./t.d.ts","import":"./i.mjs","require":"./i.cjs"}}}',
    'node_modules/dual/t.d.ts': 'export declare const two: number;',
    'node_modules/broken/package.json': '{"main": 5, "types": ["x"]',
  });
  for (const link of ['node_modules/loop', 'node_modules/@scope']) symlinkSync(link.split('/')[1], path.join(folder, link));
  write('node_modules/file', 'a file where a package should be');
  const types = typeService(folder);
  types.commit(cellOf(types.compile('const q = 1')));
  for (const name of [
    'plain.js',
    'lodash',
    'esm',
    'broken',
    'gone',
    'loop',
    '@scope/x',
    'file',
    'file/sub',
    'lodash/lodash.js/deep',
  ]) {
    types.compile(`import * as x from '${name}'; x`);
    types.complete(`import x from '${name}/`, `import x from '${name}/`.length);
  }
  types.commit(cellOf(types.compile("import _ from 'lodash'")));
  assert.is(typeOf(types.compile('_.chunk([1])')), 'any');
  assert.is(typeOf(types.compile("import { two } from 'dual'; two")), 'number');
  assert.is(typeOf(types.compile('q + 1')), 'number');
});

test.run();
