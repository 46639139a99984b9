// Sorts pairs by key, stably: numbers by radix on their bits, all else by comparing.
import { compareKeys } from './key';

const digitBits = 11;
const digits = 1 << digitBits;
/** Below this a comparison sort wins over six passes. */
const radixFrom = 256;

/** The indices of the keys in the keys' order; equal keys keep theirs, also when descending. */
export function sortedOrder(keys: readonly unknown[], ascending: boolean): Uint32Array {
  if (keys.length >= radixFrom && keys.every((key) => typeof key === 'number'))
    return byRadix(keys as readonly number[], ascending);
  return indices(keys.length).sort(ascending ? (a, b) => compareKeys(keys[a], keys[b]) : (a, b) => compareKeys(keys[b], keys[a]));
}

function indices(n: number): Uint32Array {
  const all = new Uint32Array(n);
  for (let i = 0; i < n; i++) all[i] = i;
  return all;
}

/** The bits of the keys as unsigned words that stand in the keys' order: -0 is 0, NaN comes last. */
function orderedBits(of: readonly number[], ascending: boolean): { high: Uint32Array; low: Uint32Array } {
  const keys = new Float64Array(of);
  // Adding 0 makes -0 to 0; one NaN stands for all.
  for (let i = 0; i < keys.length; i++) keys[i] = Number.isNaN(keys[i]) ? Number.NaN : keys[i] + 0;
  const words = new Uint32Array(keys.buffer);
  const high = new Uint32Array(keys.length);
  const low = new Uint32Array(keys.length);
  const turn = ascending ? 0 : 0xffffffff;
  for (let i = 0; i < keys.length; i++) {
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

function byRadix(keys: readonly number[], ascending: boolean): Uint32Array {
  const { high, low } = orderedBits(keys, ascending);
  const { order: byLow } = byWord({ order: indices(keys.length), words: low });
  const words = new Uint32Array(keys.length);
  for (let k = 0; k < words.length; k++) words[k] = high[byLow[k]];
  return byWord({ order: byLow, words }).order;
}
