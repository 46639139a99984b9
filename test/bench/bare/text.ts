// The bare works over text: counts of lines, of lines with a word, and of words, from a file and from memory; and a window over batches.
import { eachPiece, wholeHalf } from './byte-ranges';
import type { BareWork, Half } from './pair';
import { type PackedWords, WordTable } from './words';

const newline = 10;
const wanted = Buffer.from('saauf');

function linesIn(bytes: Buffer, end: number): number {
  let n = 0;
  for (let p = bytes.indexOf(newline); p >= 0 && p < end; p = bytes.indexOf(newline, p + 1)) n++;
  return n;
}

/** Lines of whole lines that hold the wanted bytes. */
function hitsIn(bytes: Buffer, end: number): number {
  let n = 0;
  for (let p = bytes.indexOf(wanted); p >= 0 && p < end; p = bytes.indexOf(wanted, p)) {
    n++;
    p = bytes.indexOf(newline, p);
    if (p < 0) break;
  }
  return n;
}

/** The half of each process, for the works on what is in memory. */
let held: { bytes: Buffer; end: number } = { bytes: Buffer.alloc(0), end: 0 };

const hold = (half: Half, data: string): void => {
  held = wholeHalf(data, half);
};

const sumOfPieces = (count: (bytes: Buffer, end: number) => number) => (half: Half, _: unknown, data: string) => {
  let n = 0;
  eachPiece(data, half, (bytes, end) => {
    n += count(bytes, end);
  });
  return n;
};

const added = (name: string, step: BareWork['steps'][string], prepare?: BareWork['prepare']): BareWork => ({
  name,
  prepare,
  steps: { step },
  run: async (both) => {
    const [a, b] = await both('step');
    return a + b;
  },
});

/** The first process takes the counts of the other one over. */
let own = new WordTable();

const wordCount = (
  name: string,
  count: (table: WordTable, half: Half, data: string) => void,
  prepare?: BareWork['prepare'],
): BareWork => ({
  name,
  prepare,
  steps: {
    count: (half, _, data) => {
      own = new WordTable();
      count(own, half, data);
      return half === 0 ? undefined : own.packed();
    },
  },
  run: async (both) => {
    const [, theirs] = await both('count');
    own.merge(theirs as PackedWords);
    return own.size;
  },
});

// ---- counts of words over a window of thirty batches, each added once and taken off once

const recordsPerBatch = 400_000;
const windowBatches = 30;
const batches = 25;
const warmUp = 10;

let windowCounts = new WordTable();
let batchesHeld: PackedWords[][] = [];

const streamWordCount: BareWork = {
  name: 'stream-wordcount',
  prepare: (half, data) => {
    const { bytes } = wholeHalf(data, 0);
    let end = 0;
    const ends = [0];
    for (let n = 1; n <= recordsPerBatch; n++) {
      end = bytes.indexOf(newline, end) + 1;
      if (n === recordsPerBatch / 2 || n === recordsPerBatch) ends.push(end);
    }
    // Sixteen bytes more: loads of words read past the end.
    held = { bytes: Buffer.from(bytes.subarray(ends[half], ends[half + 1] + 16)), end: ends[half + 1] - ends[half] };
    windowCounts = new WordTable();
    batchesHeld = [];
  },
  steps: {
    count: (half) => {
      const table = new WordTable();
      table.count(held.bytes, held.end);
      batchesHeld.push([table.packed(half)]);
      return table.packed(1 - half);
    },
    update: (_, theirs: PackedWords) => {
      const batch = batchesHeld.at(-1)!;
      batch.push(theirs);
      for (const part of batch) windowCounts.merge(part);
      if (batchesHeld.length > windowBatches) for (const part of batchesHeld.shift()!) windowCounts.merge(part, -1);
      return windowCounts.size;
    },
  },
  run: async (both) => {
    const times: number[] = [];
    for (let n = 0; n < batches; n++) {
      const started = performance.now();
      const [first, second] = await both('count');
      await both('update', second, first);
      times.push(performance.now() - started);
    }
    const sorted = times.slice(warmUp).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] / 1_000;
  },
};

export const textWorks: readonly BareWork[] = [
  added('count', sumOfPieces(linesIn)),
  added('grep', sumOfPieces(hitsIn)),
  wordCount('wordcount', (table, half, data) => eachPiece(data, half, (bytes, end) => table.count(bytes, end))),
  added('grep-cached', () => hitsIn(held.bytes, held.end), hold),
  wordCount('wordcount-cached', (table) => table.count(held.bytes, held.end), hold),
  streamWordCount,
];
