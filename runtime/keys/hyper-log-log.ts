// HyperLogLog (Flajolet et al., 2007): the number of distinct values in a few hundred bytes, whose merge is the sketch of the union.
// Estimated as Ertl (2017) does, without a bias at small counts and without tables.
import { keyText } from './key';

/** Register i holds the greatest rank of the values whose hash begins with i; there are 2^bits of them. */
export type Sketch = Uint8Array;

const rankBits = 32;

export const newSketch = (bits: number): Sketch => new Uint8Array(2 ** bits);

/** The bits of registers whose estimate deviates by `relativeSD`: 1.04 / √2^bits, but at least 16 registers. */
export function sketchBits(relativeSD: number): number {
  return Math.max(4, Math.ceil(2 * Math.log2(1.04 / relativeSD)));
}

/** Two independent hashes of 32 bits of a text (cyrb53's two lanes). */
function hashes(text: string): [number, number] {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    a = Math.imul(a ^ c, 2654435761);
    b = Math.imul(b ^ c, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return [a >>> 0, b >>> 0];
}

/** Adds a value, in place; values are equal as keys are. Throws BAD_KEY. */
export function addToSketch(sketch: Sketch, value: unknown): Sketch {
  const bits = 31 - Math.clz32(sketch.length);
  const [place, rest] = hashes(keyText(value));
  const register = place >>> (32 - bits);
  const rank = Math.clz32(rest) + 1;
  if (rank > sketch[register]) sketch[register] = rank;
  return sketch;
}

/** The sketch of both, in the first. */
export function mergeSketches(a: Sketch, b: Sketch): Sketch {
  for (let i = 0; i < a.length; i++) if (b[i] > a[i]) a[i] = b[i];
  return a;
}

/** σ(x) = x + Σ x^(2^k) 2^(k-1). */
function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  let power = x;
  let sum = x;
  for (let factor = 1; ; factor *= 2) {
    power *= power;
    const next = sum + power * factor;
    if (next === sum) return sum;
    sum = next;
  }
}

/** τ(x) = (1 - x - Σ (1 - x^(2^-k))² 2^-k) / 3. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let root = x;
  let sum = 1 - x;
  for (let factor = 0.5; ; factor /= 2) {
    root = Math.sqrt(root);
    const next = sum - (1 - root) ** 2 * factor;
    if (next === sum) return sum / 3;
    sum = next;
  }
}

/** About how many distinct values were added, rounded. */
export function sketchEstimate(sketch: Sketch): number {
  const m = sketch.length;
  const ranks = new Array<number>(rankBits + 2).fill(0);
  for (const rank of sketch) ranks[rank]++;
  let z = m * tau(1 - ranks[rankBits + 1] / m);
  for (let k = rankBits; k >= 1; k--) z = 0.5 * (z + ranks[k]);
  z += m * sigma(ranks[0] / m);
  return Math.round((m * m) / (2 * Math.LN2 * z));
}
