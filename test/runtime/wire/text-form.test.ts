// The text of rows: it loses nothing that text can hold, distinct values have distinct texts, and JSON stays as it is.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { Random } from '../../../runtime/base/time';
import { fromText, jsonText, toText } from '../../../runtime/wire/text-form';
import { errorOf } from '../../helpers/errors';

const test = suite('text form');

const date = new Date(Date.UTC(2026, 10, 29));
const cyclic: unknown[] = [];
cyclic.push(cyclic);

test('what JSON has stays as it is, and what it lacks has a tag', () => {
  const texts: [unknown, string][] = [
    [{ a: [1, 'x', null, true, -0.5], b: undefined }, '{"a":[1,"x",null,true,-0.5]}'],
    [['k', Number.NaN], '["k",{"$number":"NaN"}]'],
    [['k', Number.NEGATIVE_INFINITY, -0], '["k",{"$number":"-Infinity"},{"$number":"-0"}]'],
    [[12n ** 20n], `[{"$bigint":"${12n ** 20n}"}]`],
    [[undefined], '[{"$undefined":true}]'],
    [[date, new Date(Number.NaN)], '[{"$date":"2026-11-29T00:00:00.000Z"},{"$date":"Invalid Date"}]'],
    [new Map<unknown, unknown>([[{ k: 1 }, new Set(['a'])]]), '{"$map":[[{"k":1},{"$set":["a"]}]]}'],
    [/a"b/gi, '{"$regexp":["a\\"b","gi"]}'],
    [new RangeError('no', { cause: new Map() }), '{"$error":{"name":"RangeError","message":"no","cause":{"$map":[]}}}'],
    [[new Uint8Array([1, 2])], '[{"$array":["Uint8Array",[1,2]]}]'],
    [{ $map: 1 }, '{"$object":{"$map":1}}'],
    [{ $map: 1, more: 2 }, '{"$map":1,"more":2}'],
    [{ toJSON: () => 5n }, '{"$bigint":"5"}'],
    [JSON.parse('{"__proto__":{"$x":1}}'), '{"__proto__":{"$object":{"$x":1}}}'],
  ];
  for (const [value, text] of texts) assert.is(jsonText(value), text);
  assert.equal(['a\tb', 5, -0, 7n, Number.NaN, undefined, null, true].map(toText).join(), 'a\tb,5,-0,7,NaN,undefined,null,true');
  assert.is(toText(date), '2026-11-29T00:00:00.000Z');
  assert.equal([jsonText('a'), jsonText(undefined)], ['"a"', '{"$undefined":true}']);
});

/** A random value of every kind that a row may hold. */
function someValue(random: Random, depth: number): unknown {
  const texts = ['', 'a', '$map', '__proto__', 'é\n"', 'NaN', '1'];
  const text = () => texts[random.below(texts.length)];
  const list = () => Array.from({ length: random.below(4) }, () => someValue(random, depth + 1));
  const pairs = () => list().map((v): [unknown, unknown] => [someValue(random, depth + 1), v]);
  const leaves: (() => unknown)[] = [
    () => [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300][random.below(6)],
    () => BigInt(random.below(1000)),
    () => [undefined, null, true, false][random.below(4)],
    text,
    () => new Date(random.below(1e9)),
    () => new RegExp('a+/', ['', 'g'][random.below(2)]),
    () => new Float64Array([Number.NaN, 2, random.next()]),
    () => new TypeError(text(), { cause: random.below(5) }),
  ];
  const nodes = [
    list,
    () => new Map(pairs()),
    () => new Set(list()),
    () => Object.fromEntries(list().map((v) => [text(), v ?? 0])),
  ];
  const kinds = depth < 4 ? [...leaves, ...nodes, ...nodes] : leaves;
  return kinds[random.below(kinds.length)]();
}

/** As the two are compared: stacks differ. */
function same(a: unknown, b: unknown): boolean {
  for (const value of [a, b]) forgetStacks(value);
  return isDeepStrictEqual(a, b);
}

function forgetStacks(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  if (value instanceof Error) Reflect.deleteProperty(value, 'stack');
  const parts = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
  for (const part of parts) forgetStacks(part);
}

test('random values come back, and no two have one text', () => {
  const random = new Random(13);
  const seen = new Map<string, unknown>();
  for (let i = 0; i < 2000; i++) {
    const value = [someValue(random, 0)];
    const text = jsonText(value);
    assert.not.match(text, /\n/);
    const back = fromText(text);
    assert.ok(same(back, value), text);
    assert.is(jsonText(back), text);
    if (seen.has(text)) assert.ok(same(seen.get(text), value), text);
    seen.set(text, value);
  }
});

test('text of others is read as what it is', () => {
  const odd = ['no {json', '{"$map":5}', '{"$bigint":"x"}', '{"$array":["constructor",[1]]}', '{"$regexp":["(",""]}'];
  assert.equal(odd.map(fromText).slice(0, 2), ['no {json', new Map()]);
  for (const text of odd.slice(2)) assert.equal(fromText(text), JSON.parse(text));
  const digits = `{"$bigint":"${'9'.repeat(2_000_000)}"}`;
  assert.type((fromText(digits) as { $bigint: string }).$bigint, 'string');
  const proto = fromText('{"__proto__":{"polluted":1}}') as object;
  assert.is(Object.getPrototypeOf(proto), Object.prototype);
});

test('a value that holds itself is refused by name', async () => {
  await errorOf('UNSHIPPABLE_VALUE', () => jsonText(cyclic));
  await errorOf('UNSHIPPABLE_VALUE', () => toText(new Map([['a', cyclic]])));
});

test('saveAsTextFile writes it, and fromText reads it back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'text-form-'));
  const sc = await connect('local');
  try {
    const rows: [string, unknown][] = [
      ['map', new Map([['a', Number.NaN]])],
      ['set', new Set([1n])],
      ['regexp', /x/g],
      ['number', Number.POSITIVE_INFINITY],
      ['date', date],
      ['error', new Error('bad')],
    ];
    await sc.parallelize(rows, 1).saveAsTextFile(join(folder, 'out'));
    const lines = readFileSync(join(folder, 'out', 'part-00000'), 'utf8')
      .trim()
      .split('\n');
    assert.is(lines[0], '["map",{"$map":[["a",{"$number":"NaN"}]]}]');
    assert.is(lines[5], '["error",{"$error":{"name":"Error","message":"bad"}}]');
    assert.equal(readdirSync(join(folder, 'out')).sort(), ['_SUCCESS', 'part-00000']);
    const back = await sc.textFile(join(folder, 'out')).fromText().collect();
    assert.ok(same(back.slice(0, 5), rows.slice(0, 5)));
    const [[, error]] = back.slice(5) as [string, Error][];
    assert.ok(error instanceof Error && error.message === 'bad');
  } finally {
    await sc.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
