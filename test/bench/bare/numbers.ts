// The bare works on numbers: loops, gradients over columns, and a sort by radix.
import type { BareWork, Half } from './pair';

const looped = 20_000_000;

const pi: BareWork = {
  name: 'pi',
  steps: {
    inside: () => {
      let inside = 0;
      for (let i = 0; i < looped / 2; i++) {
        const x = Math.random() * 2 - 1;
        const y = Math.random() * 2 - 1;
        if (x * x + y * y < 1) inside++;
      }
      return inside;
    },
  },
  run: async (both) => {
    const [a, b] = await both('inside');
    return (4 * (a + b)) / looped;
  },
};

const sum: BareWork = {
  name: 'sum',
  steps: {
    sum: (half) => {
      let total = 0;
      for (let i = (looped / 2) * half; i < (looped / 2) * (half + 1); i++) {
        const x = i * 2;
        if (x % 3 === 0) total += x;
      }
      return total;
    },
  },
  run: async (both) => {
    const [a, b] = await both('sum');
    return a + b;
  },
};

// ---- logistic regression

const points = 1_000_000;
const dimensions = 10;
const rounds = 10;

/** The half of the points, one after the other, and their labels. */
let xs = new Float64Array(0);
let ys = new Float64Array(0);

const logreg: BareWork = {
  name: 'logreg',
  prepare: (half) => {
    xs = new Float64Array((points / 2) * dimensions);
    ys = new Float64Array(points / 2);
    for (let n = 0; n < points / 2; n++) {
      const i = (points / 2) * half + n;
      ys[n] = i % 2 === 0 ? -1 : 1;
      for (let j = 0; j < dimensions; j++) xs[n * dimensions + j] = ((i * 7919 + j * 104729) % 1000) / 1000 + ys[n] * 0.7;
    }
  },
  steps: {
    gradient: (_, w: Float64Array) => {
      const gradient = new Float64Array(dimensions);
      for (let n = 0; n < ys.length; n++) {
        const at = n * dimensions;
        let dot = 0;
        for (let j = 0; j < dimensions; j++) dot += w[j] * xs[at + j];
        const scale = (1 / (1 + Math.exp(-ys[n] * dot)) - 1) * ys[n];
        for (let j = 0; j < dimensions; j++) gradient[j] += scale * xs[at + j];
      }
      return gradient;
    },
  },
  run: async (both) => {
    let w = new Float64Array(dimensions).fill(0.1);
    for (let round = 0; round < rounds; round++) {
      const [a, b] = (await both('gradient', w, w)) as [Float64Array, Float64Array];
      w = w.map((v, j) => v - (a[j] + b[j]) / points);
    }
    return Number(w[0].toFixed(6));
  },
};

// ---- sort

const sorted = 2_000_000;
const radixBits = 11;

/** Sorts whole numbers of 32 bits, by three passes over eleven bits each. */
function radixSort(values: Uint32Array): Uint32Array {
  let from = values;
  let to: Uint32Array = new Uint32Array(values.length);
  const places = new Uint32Array(1 << radixBits);
  for (let shift = 0; shift < 32; shift += radixBits) {
    places.fill(0);
    for (let i = 0; i < from.length; i++) places[(from[i] >>> shift) & (places.length - 1)]++;
    for (let digit = 0, at = 0; digit < places.length; digit++) {
      const n = places[digit];
      places[digit] = at;
      at += n;
    }
    for (let i = 0; i < from.length; i++) to[places[(from[i] >>> shift) & (places.length - 1)]++] = from[i];
    [from, to] = [to, from];
  }
  return from;
}

const numbersOf = (half: Half): Uint32Array =>
  Uint32Array.from({ length: sorted / 2 }, (_, n) => {
    const i = (sorted / 2) * half + n;
    return (((i * 40503) % 65536) * 65536 + i * 31153) % 4294967296;
  });

const sort: BareWork = {
  name: 'sort',
  steps: {
    // By the highest bit, so that each process has a half of the order.
    split: (half) => {
      const values = numbersOf(half);
      const parts = [new Uint32Array(values.length), new Uint32Array(values.length)];
      const lengths = [0, 0];
      for (let i = 0; i < values.length; i++) {
        const part = values[i] >>> 31;
        parts[part][lengths[part]++] = values[i];
      }
      ownPart = parts[half].subarray(0, lengths[half]);
      return parts[1 - half].slice(0, lengths[1 - half]);
    },
    sort: (_, theirs: Uint32Array) => {
      const all = new Uint32Array(ownPart.length + theirs.length);
      all.set(ownPart);
      all.set(theirs, ownPart.length);
      ownPart = radixSort(all);
      return ownPart.length;
    },
    at: (_, index: number | undefined) => (index === undefined ? undefined : ownPart[index]),
  },
  run: async (both) => {
    const [toSecond, toFirst] = await both('split');
    const [low] = await both('sort', toFirst, toSecond);
    const middle = sorted / 2;
    const [inLow, inHigh] = await both('at', middle < low ? middle : undefined, middle < low ? undefined : middle - low);
    return inLow ?? inHigh;
  },
};

let ownPart: Uint32Array = new Uint32Array(0);

export const numberWorks: readonly BareWork[] = [pi, sum, logreg, sort];
