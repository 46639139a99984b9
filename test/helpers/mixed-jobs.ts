// Jobs of several kinds with known answers, whose tasks take long enough to be hit: for tests that kill what runs them.
import type { Context } from '../../runtime/index';

/** Some work for each row, so that a task runs long enough to be hit. */
const stir = (x: number): number => {
  let h = x | 0;
  for (let i = 0; i < 60; i++) h = (Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) + i) | 0;
  return h >>> 0;
};

export interface Kind {
  readonly name: string;
  readonly run: (sc: Context, salt: number) => Promise<unknown>;
  /** The same result by loops over arrays. */
  readonly model: (salt: number) => unknown;
}

function sumsByKey(values: readonly number[], keyOf: (x: number) => number): [number, number][] {
  const sums = new Map<number, number>();
  for (const x of values) sums.set(keyOf(x), (sums.get(keyOf(x)) ?? 0) + (x % 1000));
  return [...sums].sort(([a], [b]) => a - b);
}

const byKey = (pairs: readonly (readonly [number, number])[]) => [...pairs].sort(([a], [b]) => a - b);

/** Jobs of five kinds, each over so many rows. */
export function mixedJobs(rows: number): readonly Kind[] {
  const numbers = (salt: number) => Array.from({ length: rows }, (_, i) => stir(i + salt));
  return [
    {
      name: 'reduceByKey',
      run: async (sc, salt) => {
        const stirred = sc.range(salt, salt + rows, 1, 9).map((x) => stir(x));
        const pairs = stirred.map((x) => [x % 97, x % 1000] as [number, number]);
        return byKey(await pairs.reduceByKey((a, b) => a + b, 5).collect());
      },
      model: (salt) => sumsByKey(numbers(salt), (x) => x % 97),
    },
    {
      name: 'accumulator',
      run: async (sc, salt) => {
        const odd = sc.longAccumulator();
        const count = await sc
          .range(salt, salt + rows, 1, 8)
          .filter((x) => {
            const isOdd = stir(x) % 2 === 1;
            if (isOdd) odd.add(1);
            return isOdd;
          })
          .count();
        return [count, odd.value];
      },
      model: (salt) => {
        const odd = numbers(salt).filter((x) => x % 2 === 1).length;
        return [odd, odd];
      },
    },
    {
      name: 'sortBy',
      run: (sc, salt) =>
        sc
          .range(salt, salt + rows, 1, 6)
          .map((x) => stir(x))
          .filter((x) => x % 16 === 0)
          .sortBy((x) => x, true, 4)
          .collect(),
      model: (salt) =>
        numbers(salt)
          .filter((x) => x % 16 === 0)
          .sort((a, b) => a - b),
    },
    {
      name: 'join',
      run: async (sc, salt) => {
        const left = sc.range(salt, salt + rows, 1, 6).map((x) => [stir(x) % 5003, 1] as [number, number]);
        const counts = left.reduceByKey((a, b) => a + b, 4);
        const right = sc.range(0, 5003, 1, 3).map((x) => [x, x * x] as [number, number]);
        const joined = await counts.join(right).collect();
        return joined.reduce((sum, [key, [count, square]]) => sum + (key + 1) * count + square, 0);
      },
      model: (salt) => {
        const counts = new Map<number, number>();
        for (const x of numbers(salt)) counts.set(x % 5003, (counts.get(x % 5003) ?? 0) + 1);
        return [...counts].reduce((sum, [key, count]) => sum + (key + 1) * count + key * key, 0);
      },
    },
    {
      name: 'cached twice',
      run: async (sc, salt) => {
        const persisted = sc
          .range(salt, salt + rows, 1, 7)
          .map((x) => stir(x) % 10_007)
          .cache();
        const answers = [await persisted.sum(), await persisted.max(), await persisted.filter((x) => x < 5).count()];
        persisted.unpersist();
        return answers;
      },
      model: (salt) => {
        const expected = numbers(salt).map((x) => x % 10_007);
        return [
          expected.reduce((a, b) => a + b, 0),
          expected.reduce((a, b) => Math.max(a, b)),
          expected.filter((x) => x < 5).length,
        ];
      },
    },
  ];
}
