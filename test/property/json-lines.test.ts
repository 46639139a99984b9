// Rows of JSON lines from their bytes are those of the general reader, and its errors: random lines, plain and hostile ones, alone and among others.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MillraceError } from '../../runtime/base/errors';
import { Random } from '../../runtime/base/time';
import { jsonRows } from '../../runtime/formats/json/read-json';
import type { JsonSpec } from '../../runtime/plan/table-spec';
import type { Column, ColumnType } from '../../runtime/schema/schema';
import { size } from '../helpers/sizes';

const test = suite('json lines');
const rounds = size(60, 5_000);
let folder: string;

test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'json-lines-'));
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

const pick = <T>(random: Random, all: readonly T[]): T => all[random.below(all.length)];

const names = ['a', 'b', 'c d', 'é', '__proto__', 'toString', 'day', 'a\\u0062'];
const texts = [
  '',
  'x',
  'a longer text of some words, with commas',
  'é',
  '😀',
  '\\n',
  '\\"',
  '\\\\',
  '\\u0041',
  '\\ud800',
  '\\ud83d\\ude00',
  ' ',
  '\u2028',
  '\t',
  '\\x',
  '\\u12',
  'tab\\there',
];
const numbers = [
  '0',
  '-0',
  '1',
  '-1',
  '12.5',
  '0.1',
  '-3.75e2',
  '1E3',
  '1e400',
  '123456789012345',
  '1234567890123456',
  '9007199254740993',
  '0.1234567890123456',
  '01',
  '1.',
  '.5',
  '+1',
  '-',
  '1e',
  '1e+',
  '0x1',
  'NaN',
];
const words = ['true', 'false', 'null', 'True', 'nul', 'nulls', 'undefined'];

function value(random: Random, depth = 0): string {
  const kind = random.below(depth > 2 ? 6 : 9);
  if (kind < 2) return `"${pick(random, texts)}"`;
  if (kind < 4) return pick(random, numbers);
  if (kind === 4) return pick(random, words);
  if (kind === 5) return `"2026-03-0${1 + random.below(9)}"`;
  const values = Array.from({ length: random.below(4) }, () => value(random, depth + 1));
  if (kind === 6) return `[${values.join(pick(random, [',', ', ', ' ,']))}]`;
  return `{${values.map((one) => `"${pick(random, names)}":${one}`).join(',')}}`;
}

const spaces = ['', '', '', ' ', '  ', '\t', '\r'];

function line(random: Random): string {
  const space = () => pick(random, spaces);
  const fields = Array.from(
    { length: random.below(6) },
    () => `${space()}"${pick(random, names)}"${space()}:${space()}${value(random)}${space()}`,
  );
  const text = `${space()}{${fields.join(',')}${space()}}${space()}`;
  switch (random.below(25)) {
    case 0:
      return text.slice(0, random.below(text.length + 1));
    case 1:
      return `${text}${pick(random, ['x', ',', '}', '{}', '\u00a0', '\0'])}`;
    case 2:
      return pick(random, ['', ' ', '\u00a0', '\ufeff', '[1]', '5', '"x"', '{', '}', 'null']);
    case 3:
      return text.replace(',', ',,');
    default:
      return text;
  }
}

const types: readonly ColumnType[] = [
  { kind: 'int' },
  { kind: 'double' },
  { kind: 'text' },
  { kind: 'boolean' },
  { kind: 'bigint' },
  { kind: 'date' },
  { kind: 'unknown' },
  { kind: 'decimal', precision: 10, scale: 2 },
  { kind: 'timestamp', zone: true, unit: 'ms' },
  { kind: 'list', of: { type: { kind: 'unknown' }, nullable: true } },
  { kind: 'struct', fields: [] },
  { kind: 'union', of: [{ kind: 'int' }, { kind: 'text' }] },
];

function spec(random: Random): JsonSpec {
  const columns = ['a', 'b', 'c d', 'é', '__proto__', 'toString', 'day', 'ab', 'none'].flatMap((name): Column[] =>
    random.below(3) === 0 ? [] : [{ name, type: pick(random, types), nullable: random.below(5) > 0 }],
  );
  const onBadRow = pick(random, ['skip', 'null'] as const);
  return { format: 'jsonLines', lines: true, wraps: false, schema: { columns }, onBadRow, timeZone: 'UTC', folders: [] };
}

/** The rows of bytes, and what was noted of them, without their place. */
function read(own: JsonSpec, bytes: Buffer, start = 0, end = bytes.length): { rows: unknown[]; notes: string[] } {
  const path = join(folder, 'lines.jsonl');
  writeFileSync(path, bytes);
  const notes: string[] = [];
  const rows = [...jsonRows(own, { path, form: 'plain', start, end }, (_, text) => notes.push(text.replace(/line \d+/, 'line')))];
  return { rows: rows.flat(), notes };
}

test(`${rounds} random files give the rows and errors that their lines give alone`, () => {
  for (let seed = Number(process.env.SEED ?? 0), end = seed + rounds; seed < end; seed++) {
    const random = new Random(seed);
    const own = spec(random);
    const lines = Array.from({ length: 1 + random.below(40) }, () => Buffer.from(line(random), 'utf8'));
    if (random.below(10) === 0) lines.push(Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]));
    // A line without a line end is left to the general reader.
    const alone = lines.map((one) => read(own, one));
    const expected = { rows: alone.flatMap(({ rows }) => rows), notes: alone.flatMap(({ notes }) => notes) };
    const all = Buffer.concat(lines.flatMap((one) => [one, Buffer.from('\n')]));
    assert.equal(read(own, all), expected, `SEED=${seed}`);
    // Two ranges have the same lines as one.
    const cut = random.below(all.length + 1);
    const [a, b] = [read(own, all, 0, cut), read(own, all, cut)];
    assert.equal({ rows: [...a.rows, ...b.rows], notes: [...a.notes, ...b.notes] }, expected, `SEED=${seed}, cut at ${cut}`);
  }
});

test('an error names the line, whoever reads it', () => {
  const columns: Column[] = [{ name: 'a', type: { kind: 'int' }, nullable: true }];
  const own: JsonSpec = {
    format: 'jsonLines',
    lines: true,
    wraps: false,
    schema: { columns },
    onBadRow: 'fail',
    timeZone: 'UTC',
    folders: [],
  };
  const path = join(folder, 'bad.jsonl');
  writeFileSync(path, '{"a":1}\n\n{"a":2}\n{"a":"x"}\n');
  for (const start of [0, 10]) {
    try {
      for (const _ of jsonRows(own, { path, form: 'plain', start, end: 40 }, () => {}));
      assert.unreachable();
    } catch (e) {
      assert.instance(e, MillraceError);
      assert.match((e as Error).message, /bad\.jsonl, line 4/);
    }
  }
});

test.run();
