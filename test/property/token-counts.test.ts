// Words counted as bytes, where closures are known to do no more, are those that the general loops count: random bytes, in the same order.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { Random } from '../../runtime/base/time';
import { capture } from '../../runtime/closure';
import { idiomOf } from '../../runtime/closure/idiom';
import { countedTokens } from '../../runtime/exec/files/token-counts';
import type { Context, RDD } from '../../runtime/index';
import type { ShuffleNode } from '../../runtime/plan/node';
import { ProgramBuilder } from '../../runtime/planner/program';
import { knowledgeOf } from '../helpers/lineage-bytes';
import { size } from '../helpers/sizes';

const test = suite('token counts');
const seeds = Array.from({ length: size(150, 5_000) }, (_, i) => i + Number(process.env.SEED ?? 0));
const contexts: Context[] = [];
let folder: string;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tokens-'));
  contexts.push(await connect('local'), await connect('local', { executionBytes: 4_096 }));
});

type Pairs = RDD<[string, number]>;

/** Each way of writing the count that is known, beside one that only the general loops can do. */
const ways: readonly { readonly known: (lines: RDD<string>) => Pairs; readonly general: (lines: RDD<string>) => Pairs }[] = [
  {
    known: (lines) =>
      lines
        .flatMap((line) => line.split(' '))
        .map((word) => [word, 1] as [string, number])
        .reduceByKey((a, b) => a + b, 3),
    general: (lines) =>
      lines
        .flatMap((line) => [...line.split(' ')])
        .map((word) => [word, 1] as [string, number])
        .reduceByKey((a, b) => a + b, 3),
  },
  {
    known: (lines) =>
      lines
        .flatMap(function words(text) {
          return text.split('\t');
        })
        .map((w) => {
          return [w, 1] as [string, number];
        })
        .reduceByKey((left, right) => left + right, 2),
    general: (lines) =>
      lines
        .map((text) => text)
        .flatMap((text) => text.split('\t'))
        .map((w) => [w, 1] as [string, number])
        .reduceByKey((left, right) => left + right, 2),
  },
];

/** Lines that include a text, which are counted on their bytes. */
const including: readonly ((lines: RDD<string>) => RDD<string>)[] = [
  (lines) => lines.filter((line) => line.includes('word')),
  (lines) => lines.filter((line) => line.includes('a')),
  (lines) => lines.filter((line) => line.includes('\t')),
  (lines) => lines.filter((line) => line.includes('\r')),
  (lines) => lines.filter((line) => line.includes('é')),
  (lines) => lines.filter((line) => line.includes('')),
];

const bytes = (text: string) => Buffer.from(text, 'utf8');
const pieces = [
  ...[
    'a',
    'b',
    'ab',
    'word',
    '',
    ' ',
    '  ',
    '\t',
    '\0',
    '\r',
    '\r\r',
    'é',
    '😀',
    '\ufffd',
    '\ufeff',
    'constructor',
    '__proto__',
  ].map(bytes),
  bytes('long'.repeat(30)),
  // The same hash, by FNV-1a, and the same length.
  ...['declinate', 'macallums'].map(bytes),
  // No UTF-8: a lone continuation, a cut sequence, bytes that never occur, a surrogate.
  ...[[0x80], [0xc3], [0xe2, 0x82], [0xff, 0xfe], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98]].map((b) => Buffer.from(b)),
];
const ends = ['', ' ', '\t', '\n', '\n', '\r\n', '\n\n'].map(bytes);

function randomText(random: Random): Buffer {
  const parts: Buffer[] = [];
  for (let n = random.below(200); n > 0; n--) parts.push(pieces[random.below(pieces.length)], ends[random.below(ends.length)]);
  return Buffer.concat(parts);
}

/** The byte that a stage is known to split at. */
function separatorOf(pairs: Pairs): number | undefined {
  const { nodes, blobs } = knowledgeOf(pairs);
  const view = nodes.view();
  const shuffle = view.node(pairs.id).dependencies[0] as ShuffleNode;
  const builder = new ProgramBuilder(view, (id) => blobs.blob(id));
  const plan = builder.plan(shuffle.dataset);
  const { shuffleId, partitioner, operation, combine, functions } = shuffle;
  return countedTokens(plan, builder.sink({ kind: 'shuffle', shuffleId, partitioner, operation, combine }, functions))?.separator;
}

test(`${seeds.length} random texts give the same counts in the same order`, async () => {
  const path = join(folder, 'text');
  for (const seed of seeds) {
    const random = new Random(seed);
    writeFileSync(path, randomText(random));
    const lines = contexts[seed % 2].textFile(path, 1 + random.below(4));
    const { known, general } = ways[random.below(ways.length)];
    assert.type(separatorOf(known(lines)), 'number');
    assert.is(separatorOf(general(lines)), undefined);
    const [got, expected] = [await known(lines).collect(), await general(lines).collect()];
    assert.equal(got, expected, `SEED=${seed}`);
    const kept = lines.cache();
    assert.is(
      await kept.count(),
      await contexts[seed % 2]
        .textFile(path, Math.max(1, lines.numPartitions))
        .map((line) => line)
        .count(),
    );
    assert.equal(await known(kept).collect(), expected, `SEED=${seed}, persisted`);
    assert.equal(
      await kept.collect(),
      await contexts[seed % 2]
        .textFile(path, Math.max(1, lines.numPartitions))
        .map((line) => line)
        .collect(),
    );
    for (const known of including)
      for (const of of [lines, kept])
        assert.is(await known(of).count(), await known(of.map((line) => line)).count(), `SEED=${seed} ${known}`);
    kept.unpersist();
  }
});

test('more words than the memory takes are passed on in between', async () => {
  const path = join(folder, 'many');
  const words = Array.from({ length: 60_000 }, (_, i) => `w${(i * 7919) % 20_000}${i % 10 === 9 ? '\n' : ' '}`);
  writeFileSync(path, words.join(''));
  for (const sc of contexts) {
    const lines = sc.textFile(path, 2);
    const [got, expected] = [await ways[0].known(lines).collect(), await ways[0].general(lines).collect()];
    const sorted = (rows: [string, number][]) => rows.sort(([a], [b]) => (a < b ? -1 : 1));
    assert.equal(sorted(got), sorted(expected));
  }
});

test('a task tells of as many records as it read lines', async () => {
  const path = join(folder, 'lines');
  writeFileSync(path, 'a b\n\nc\r\nd');
  const [sc] = contexts;
  const read: number[] = [];
  sc.addListener({ onTaskEnd: ({ metrics }) => void read.push(metrics?.recordsRead ?? 0) });
  await ways[0].known(sc.textFile(path, 1)).collect();
  assert.is(read[0], 4);
});

test('only what is meant by the text is known', () => {
  const by = 'x';
  const idiom = (f: Function) => idiomOf(capture(f, { operation: 'map', autoBroadcastBytes: 1e6, allowDeadZone: true }).closure);
  const split = (line: string) => line.split(',');
  assert.equal(idiom(split), { kind: 'split', by: ',' });
  assert.equal(
    idiom((a: number, b: number) => a + b),
    { kind: 'sum' },
  );
  assert.equal(
    idiom((x: unknown) => [x, 1]),
    { kind: 'pairWithOne' },
  );
  const others: Function[] = [
    (line: string) => line.split(by),
    (line: string) => line.split(' ', 2),
    (line: string) => line.split(/ /),
    (line: string) => line.trim().split(' '),
    (line?: string) => line?.split(' '),
    (line: string, index: string) => [line, index],
    (x: unknown) => [1, x],
    (x: unknown) => [x, 1, 1],
    (x: unknown) => [x, 2],
    (x: unknown) => [x, '1'],
    (a: number, b: number) => a - b,
    (a: number, b: number) => b + a,
    (a: number, b = 1) => a + b,
    (a: number) => a + a,
    async (line: string) => line.split(' '),
    function* words(line: string) {
      yield line.split(' ');
    },
    (line: { join(by: string): string }) => line.join(' '),
  ];
  for (const f of others) assert.is(idiom(f), undefined, String(f));
});

test.after(async () => {
  for (const sc of contexts) await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

test.run();
