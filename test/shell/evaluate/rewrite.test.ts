// The before/after picture at the head of rewrite.ts shows what the rewriter emits.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rewriteEntry } from '../../../shell/evaluate/rewrite';

const head = readFileSync(path.resolve(__dirname, '../../../shell/evaluate/rewrite.ts'), 'utf8').split('import ')[0];
const [, before, after] = /^\/\/ before.*:\n((?:\/\/ {3}.*\n)+)\/\/ after.*:\n((?:\/\/ {3}.*\n)+)/m.exec(head)!;
const codeOf = (comment: string) => comment.replace(/^\/\/ {3}/gm, '').trimEnd();
/** Without space, and with 0 for the number of a closure, which counts all closures of the process. */
const normal = (code: string) => code.replace(/\s+/g, '').replace(/,\d+,\(\)=>/, ',0,()=>');

test('the picture of a rewritten entry is true', () => {
  const earlier: Readonly<Record<string, string>> = { x: 'x$1', f: 'f$2' };
  let versions = Object.keys(earlier).length;
  const js = codeOf(before);
  const map = JSON.stringify({ version: 3, sources: [''], names: [], mappings: '' });
  const cell = { id: 1, label: '<input 1>', text: js, firstLine: 1, folder: '/', js, map, declared: [], exported: [] };
  const { code } = rewriteEntry(cell, {
    rename: (name) => earlier[name],
    version: (name) => `${name}$${++versions}`,
    isConstant: () => false,
    isEntryModule: () => false,
  });
  assert.is(normal(code), normal(codeOf(after)));
});

test.run();
