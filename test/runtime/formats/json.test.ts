// Tables of JSON through the public API: lines, arrays, missing fields, exact numbers, and what is no JSON.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context, TextTableOptions } from '../../../runtime/index';
import { rowType } from '../../../runtime/schema/schema-text';
import { errorOf } from '../../helpers/errors';
import { masterOf } from '../../helpers/master';

const test = suite('json');
let sc: Context;
let folder: string;
let files = 0;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'json-'));
  sc = await connect(masterOf('local'));
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

function write(content: string | Buffer): string {
  const path = join(folder, `${files++}.jsonl`);
  writeFileSync(path, content);
  return path;
}

const read = (content: string | Buffer, options?: TextTableOptions) => sc.jsonLines(write(content), options).collect();

test('a value a line: fields that are missing are null, nested ones optional', async () => {
  const text = '{"id":1,"user":{"name":"a","age":3},"tags":["x"]}\r\n\n{"id":2.5,"user":{"name":"b"},"tags":[],"more":null}\n';
  assert.is(
    rowType(sc.jsonLines(write(text)).schema!),
    '{ id: number, user: { name: string, age?: number }, tags: string[], more: null }',
  );
  const rows = [
    { id: 1, user: { name: 'a', age: 3 }, tags: ['x'], more: null },
    { id: 2.5, user: { name: 'b' }, tags: [], more: null },
  ];
  assert.equal(await read(text), rows);
  assert.equal(await read(gzipSync(text)), rows);
  assert.is(await sc.jsonLines(write(text)).count(), 2);
});

test('an array, values of several lines, several values on a line', async () => {
  const rows = [{ a: 1 }, { a: 2 }];
  assert.equal(await read('[{"a":1},\n{"a":2}]\n'), rows);
  assert.equal(await read('[\n  {"a": 1},\n  {\n    "a": 2\n  }\n]'), rows);
  assert.equal(await read('{\n  "a": 1\n}\n{\n  "a": 2\n}\n'), rows);
  assert.equal(await read('{"a":1} {"a":2}'), rows);
  assert.equal(await read('\ufeff[{"a":"]}\\"["}]'), [{ a: ']}"[' }]);
  assert.equal(await read('1\n"x"\n[2]\n'), [{ json: 1 }, { json: 'x' }, { json: [2] }]);
  assert.equal(await read('[]'), []);
  assert.equal(await read(''), []);
});

test('whole numbers are exact', async () => {
  const text = '{"n":9007199254740993,"l":[{"m":-12345678901234567890}],"x":1e300,"t":"9007199254740993"}\n';
  assert.equal(await read(text), [{ n: 9007199254740993n, l: [{ m: -12345678901234567890n }], x: 1e300, t: '9007199254740993' }]);
});

test('types can be given, and names are names', async () => {
  const rows = await read('{"at":"2026-03-01T12:00:00Z","n":1,"__proto__":2,"constructor":3}\n', {
    types: { at: 'timestamp', n: 'bigint' },
  });
  assert.equal(Object.entries(rows[0]), [
    ['at', new Date('2026-03-01T12:00:00Z')],
    ['n', 1n],
    ['__proto__', 2],
    ['constructor', 3],
  ]);
});

test('what does not fit fails with its line, is left out, or is null', async () => {
  const text = `${'{"a":1}\n'.repeat(30)}{"a":"x"}\n{"a":2\n{"a":3}\n`;
  const value = await errorOf('BAD_VALUE', () => read(text, { sample: 10 }));
  assert.match(value.message, /jsonl, line 31, column a: "x" is not int, as in the first 10 rows/);
  const line = await errorOf('BAD_ROW', () => read(text.replace('"x"', '1'), { sample: 10 }));
  assert.match(line.message, /line 32: the row cannot be read: .*: "\{\\"a\\":2"/);
  assert.is((await read(text, { sample: 10, onBadRow: 'skip' })).length, 31);
  assert.equal((await read(text, { sample: 10, onBadRow: 'null' })).slice(30), [{ a: null }, { a: null }, { a: 3 }]);
  for (const broken of ['[{"a":1}', '[{"a":1} {"a":2}]', '{"a":\n']) await errorOf('UNREADABLE_TABLE', () => read(broken));
  await errorOf('BAD_ROW', () => read('[{"a":1},{"a":}]'));
});

test('large files are cut between lines, and errors name the line of the file', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => JSON.stringify({ i, text: `line ${i}` }));
  const rows = sc.jsonLines(write(lines.join('\n')), { minPartitions: 5 });
  assert.is(rows.numPartitions, 5);
  assert.equal(
    await rows.map((row) => row.i).collect(),
    lines.map((_, i) => i),
  );
  lines[17_000] = 'nothing';
  const error = await errorOf('BAD_ROW', () => sc.jsonLines(write(lines.join('\n')), { minPartitions: 5 }).collect());
  assert.match(error.message, /line 17001: /);
});

test.run();
