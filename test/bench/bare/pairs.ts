// The bare works on pairs: a join and a group by integer keys in open addressing, PageRank over arrays of links, and tiny jobs.
import type { BareWork, Half } from './pair';

/** Pairs of whole numbers, as two columns. */
interface Columns {
  readonly keys: Int32Array;
  readonly values: Int32Array;
}

/** Pairs by the lowest bit of their keys: each process keeps the ones with its own number and sends the others. */
function splitByParity({ keys, values }: Columns): [Columns, Columns] {
  const parts = [0, 1].map(() => ({ keys: new Int32Array(keys.length), values: new Int32Array(keys.length), n: 0 }));
  for (let i = 0; i < keys.length; i++) {
    const part = parts[keys[i] & 1];
    part.keys[part.n] = keys[i];
    part.values[part.n++] = values[i];
  }
  return parts.map((part) => ({ keys: part.keys.slice(0, part.n), values: part.values.slice(0, part.n) })) as [Columns, Columns];
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  const all = new Int32Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

const together = (a: Columns, b: Columns): Columns => ({ keys: joined(a.keys, b.keys), values: joined(a.values, b.values) });

// ---- join

const rows = 1_000_000;
const modulus = 1_000_003;

/** `factor * i` by its remainder, with `i`. */
function side(half: Half, factor: number): Columns {
  const keys = new Int32Array(rows / 2);
  const values = new Int32Array(rows / 2);
  for (let n = 0; n < keys.length; n++) {
    const i = (rows / 2) * half + n;
    keys[n] = (i * factor) % modulus;
    values[n] = i;
  }
  return { keys, values };
}

let ownSides: readonly Columns[] = [];

/** How many pairs of equal keys there are: a chain of the places of each key in an open table, and a walk along it. */
function matches(build: Columns, probe: Columns): number {
  const mask = (1 << 21) - 1;
  const heads = new Int32Array(mask + 1);
  const next = new Int32Array(build.keys.length);
  const placeOf = (key: number) => {
    let at = Math.imul(key, 0x9e3779b1) & mask;
    while (heads[at] !== 0 && build.keys[heads[at] - 1] !== key) at = (at + 1) & mask;
    return at;
  };
  for (let i = 0; i < build.keys.length; i++) {
    const at = placeOf(build.keys[i]);
    next[i] = heads[at];
    heads[at] = i + 1;
  }
  let n = 0;
  for (let i = 0; i < probe.keys.length; i++) for (let m = heads[placeOf(probe.keys[i])]; m !== 0; m = next[m - 1]) n++;
  return n;
}

const join: BareWork = {
  name: 'join',
  steps: {
    split: (half) => {
      const sides = [7, 13].map((factor) => splitByParity(side(half, factor)));
      ownSides = sides.map((parts) => parts[half]);
      return sides.map((parts) => parts[1 - half]);
    },
    join: (_, theirs: readonly Columns[]) => matches(together(ownSides[0], theirs[0]), together(ownSides[1], theirs[1])),
  },
  run: async (both) => {
    const [toSecond, toFirst] = await both('split');
    const [a, b] = await both('join', toFirst, toSecond);
    return a + b;
  },
};

// ---- group

const grouped = 2_000_000;
const groups = 10_000;

/** The values of each key one after the other, and where each key's begin. */
function groupByKey({ keys, values }: Columns): { starts: Int32Array; values: Int32Array } {
  const starts = new Int32Array(groups + 1);
  for (let i = 0; i < keys.length; i++) starts[keys[i] + 1]++;
  for (let key = 0; key < groups; key++) starts[key + 1] += starts[key];
  const places = starts.slice();
  const sorted = new Int32Array(values.length);
  for (let i = 0; i < keys.length; i++) sorted[places[keys[i]]++] = values[i];
  return { starts, values: sorted };
}

const group: BareWork = {
  name: 'group',
  steps: {
    split: (half) => {
      const keys = new Int32Array(grouped / 2);
      const values = new Int32Array(grouped / 2);
      for (let n = 0; n < keys.length; n++) {
        values[n] = (grouped / 2) * half + n;
        keys[n] = values[n] % groups;
      }
      const parts = splitByParity({ keys, values });
      ownSides = [parts[half]];
      return parts[1 - half];
    },
    group: (_, theirs: Columns) => {
      const { starts, values } = groupByKey(together(ownSides[0], theirs));
      let n = 0;
      const sums = new Float64Array(groups);
      for (let key = 0; key < groups; key++) {
        if (starts[key] === starts[key + 1]) continue;
        n++;
        for (let i = starts[key]; i < starts[key + 1]; i++) sums[key] += values[i];
      }
      return n;
    },
  },
  run: async (both) => {
    const [toSecond, toFirst] = await both('split');
    const [a, b] = await both('group', toFirst, toSecond);
    return a + b;
  },
};

// ---- PageRank

const pages = 200_000;
const linksOfPage = 4;

/** The links of the pages of a process's parity, four each, and the ranks of those pages. */
let links = new Int32Array(0);
let ranks = new Float64Array(0);
let ownSums = new Float64Array(0);

const pagerank: BareWork = {
  name: 'pagerank',
  prepare: (half) => {
    links = new Int32Array((pages / 2) * linksOfPage);
    for (let n = 0; n < pages / 2; n++) {
      const i = n * 2 + half;
      links.set([(i * 31 + 7) % pages, (i * 17 + 3) % pages, (i * 7 + 1) % pages, Math.floor(i / 2)], n * linksOfPage);
    }
  },
  steps: {
    begin: () => {
      ranks = new Float64Array(pages / 2).fill(1);
    },
    /** Sums of what the pages give, by the parity of who gets it. NaN is a page that no link leads to: it has no rank any more. */
    give: (half) => {
      const sums = [new Float64Array(pages / 2).fill(Number.NaN), new Float64Array(pages / 2).fill(Number.NaN)];
      for (let n = 0; n < ranks.length; n++) {
        if (Number.isNaN(ranks[n])) continue;
        const share = ranks[n] / linksOfPage;
        for (let i = n * linksOfPage; i < (n + 1) * linksOfPage; i++) {
          const page = links[i];
          const of = sums[page & 1];
          const before = of[page >> 1];
          of[page >> 1] = Number.isNaN(before) ? share : before + share;
        }
      }
      ownSums = sums[half];
      return sums[1 - half];
    },
    take: (_, theirs: Float64Array) => {
      let total = 0;
      for (let n = 0; n < ranks.length; n++) {
        const [a, b] = [ownSums[n], theirs[n]];
        ranks[n] = 0.15 + 0.85 * (Number.isNaN(a) ? b : Number.isNaN(b) ? a : a + b);
        if (!Number.isNaN(ranks[n])) total += ranks[n];
      }
      return total;
    },
  },
  run: async (both) => {
    await both('begin');
    let total = 0;
    for (let iteration = 0; iteration < 5; iteration++) {
      const [toSecond, toFirst] = await both('give');
      const [a, b] = await both('take', toFirst, toSecond);
      total = a + b;
    }
    return Number(total.toFixed(3));
  },
};

const tinyJobs: BareWork = {
  name: 'tinyjobs',
  steps: { count: (_, values: readonly number[]) => values.length },
  run: async (both) => {
    let n = 0;
    for (let job = 0; job < 50; job++) {
      const [a, b] = await both('count', [1, 2, 3, 4, 5], [6, 7, 8, 9, 10]);
      n += a + b;
    }
    return n;
  },
};

export const pairWorks: readonly BareWork[] = [join, group, pagerank, tinyJobs];
