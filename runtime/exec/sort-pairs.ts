// Sorts pairs by key, stably: numbers by radix on their bits, all else by comparing.
import { compareKeys } from '../rdd/key';

type Pair = readonly [unknown, unknown];

const digitBits = 11;
const digits = 1 << digitBits;
/** Below this a comparison sort wins over six passes. */
const radixFrom = 256;

/** The pairs in the order of their keys; equal keys keep their order, also when descending. */
export function sortPairs<T extends Pair>(rows: T[], ascending: boolean): T[] {
  if (rows.length >= radixFrom && rows.every((row) => typeof row[0] === 'number')) return byRadix(rows, ascending);
  return rows.sort(ascending ? (a, b) => compareKeys(a[0], b[0]) : (a, b) => compareKeys(b[0], a[0]));
}

/** The bits of the keys as unsigned words that stand in the keys' order: -0 is 0, NaN comes last. */
function orderedBits(rows: readonly Pair[], ascending: boolean): { high: Uint32Array; low: Uint32Array } {
  const keys = new Float64Array(rows.length);
  // Adding 0 makes -0 to 0; one NaN stands for all.
  for (let i = 0; i < rows.length; i++) keys[i] = Number.isNaN(rows[i][0]) ? Number.NaN : (rows[i][0] as number) + 0;
  const words = new Uint32Array(keys.buffer);
  const high = new Uint32Array(rows.length);
  const low = new Uint32Array(rows.length);
  const turn = ascending ? 0 : 0xffffffff;
  for (let i = 0; i < rows.length; i++) {
    // Negative numbers turn round, positive ones move above them.
    const flip = words[2 * i + 1] >>> 31 === 1 ? 0xffffffff : 0;
    low[i] = words[2 * i] ^ flip ^ turn;
    high[i] = words[2 * i + 1] ^ (flip | 0x80000000) ^ turn;
  }
  return { high, low };
}

/** Indices with the word of each beside them, so that a pass reads in order and only its writes jump. */
interface Ordered {
  order: Uint32Array;
  words: Uint32Array;
}

/** One stable pass by the digit at `shift`; the second pair of arrays is written. */
function pass(from: Ordered, to: Ordered, shift: number): boolean {
  const { order, words } = from;
  const n = words.length;
  const counts = new Uint32Array(digits + 1);
  for (let k = 0; k < n; k++) counts[((words[k] >>> shift) & (digits - 1)) + 1]++;
  // A digit that all keys share needs no pass: integers have many such.
  if (counts[((words[0] >>> shift) & (digits - 1)) + 1] === n) return false;
  for (let d = 1; d <= digits; d++) counts[d] += counts[d - 1];
  for (let k = 0; k < n; k++) {
    const word = words[k];
    const at = counts[(word >>> shift) & (digits - 1)]++;
    to.words[at] = word;
    to.order[at] = order[k];
  }
  return true;
}

function byWord(start: Ordered): Ordered {
  let from = start;
  let to: Ordered = { order: new Uint32Array(start.order.length), words: new Uint32Array(start.order.length) };
  for (let shift = 0; shift < 32; shift += digitBits) if (pass(from, to, shift)) [from, to] = [to, from];
  return from;
}

function byRadix<T extends Pair>(rows: readonly T[], ascending: boolean): T[] {
  const { high, low } = orderedBits(rows, ascending);
  const inOrder = new Uint32Array(rows.length);
  for (let i = 0; i < inOrder.length; i++) inOrder[i] = i;
  const { order: byLow } = byWord({ order: inOrder, words: low });
  const words = new Uint32Array(rows.length);
  for (let k = 0; k < words.length; k++) words[k] = high[byLow[k]];
  const { order } = byWord({ order: byLow, words });
  const sorted = new Array<T>(rows.length);
  for (let k = 0; k < order.length; k++) sorted[k] = rows[order[k]];
  return sorted;
}
