// The lines of stacks that V8 writes, those of async functions and of odd paths included, and text that only looks like one.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseFrame } from '../../../runtime/base/stack-frame';

const frames: Readonly<Record<string, readonly [name: string | undefined, file: string, line: number, column: number]>> = {
  '    at f (/a/b.ts:3:14)': ['f', '/a/b.ts', 3, 14],
  '    at /a/b.ts:3:14': [undefined, '/a/b.ts', 3, 14],
  '    at async /a/b.ts:1:2': [undefined, '/a/b.ts', 1, 2],
  '    at async f (/a/b.ts:1:2)': ['f', '/a/b.ts', 1, 2],
  '    at Object.<anonymous> (/a (copy)/b.ts:1:2)': ['Object.<anonymous>', '/a (copy)/b.ts', 1, 2],
  '    at /a (copy)/b.ts:1:2': [undefined, '/a (copy)/b.ts', 1, 2],
  '    at new Point [as made] (file:///a/b.mjs:10:20)': ['new Point [as made]', 'file:///a/b.mjs', 10, 20],
  'at <input 3>:1:5': [undefined, '<input 3>', 1, 5],
};

for (const [line, [name, file, row, column]] of Object.entries(frames))
  test(`a frame: ${line.trim()}`, () => {
    const found = parseFrame(line);
    assert.equal([found?.function, found?.file, found?.line, found?.column], [name, file, row, column]);
  });

for (const line of ['Error: at noon', '    at f (native)', '    at Array.map (<anonymous>)', `at ${'('.repeat(100_000)}:1:2`, ''])
  test(`no frame: ${line.slice(0, 40)}`, () => assert.is(parseFrame(line), undefined));

test.run();
