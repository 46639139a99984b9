// Mixed jobs with known answers: each makes its data from a number, runs on executors, and compares with loops over arrays.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Random } from '../../runtime/base/time';
import * as api from '../../runtime/index';
import { type Context, MillraceError, type RDD, StorageLevel } from '../../runtime/index';

/** A name of its own: closures ship it by that, and not by its module. */
const { TaskContext } = api;

/** One job or a few: rejects where an answer is not the known one. */
export interface Work {
  readonly name: string;
  readonly run: (sc: Context, random: Random) => Promise<void>;
  /** Executors end in it by what its closures do. */
  readonly faults?: true;
}

const rows = 20_000;
const kept = [StorageLevel.MEMORY_ONLY, StorageLevel.MEMORY_AND_DISK, StorageLevel.MEMORY_ONLY_SER, StorageLevel.DISK_ONLY];

/** Some work for each row, so that tasks run long enough to be hit. */
const stir = (x: number): number => {
  let h = x | 0;
  for (let i = 0; i < 40; i++) h = (Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) + i) | 0;
  return h >>> 0;
};

const stirred = (salt: number) => Array.from({ length: rows }, (_, i) => stir(i + salt));
const sumOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const byKey = <V>(pairs: Iterable<readonly [number, V]>) => [...pairs].sort(([a], [b]) => a - b);

function grouped(values: readonly number[], keys: number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const x of values) {
    const group = groups.get(x % keys) ?? [];
    group.push(x);
    groups.set(x % keys, group);
  }
  return groups;
}

const dataset = (sc: Context, salt: number, partitions: number): RDD<number> =>
  sc.range(salt, salt + rows, 1, partitions).map((x) => stir(x));

/** A folder that is gone at the end. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'soak-job-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const works: readonly Work[] = [
  {
    name: 'sums by key',
    async run(sc, random) {
      const salt = random.below(1e6);
      const pairs = dataset(sc, salt, 6).map((x) => [x % 97, x % 1000] as [number, number]);
      const sums = [...grouped(stirred(salt), 97)].map(([k, xs]) => [k, sumOf(xs.map((x) => x % 1000))] as [number, number]);
      assert.equal(byKey(await pairs.reduceByKey((a, b) => a + b, 4).collect()), byKey(sums));
    },
  },
  {
    name: 'groups that spill',
    async run(sc, random) {
      const salt = random.below(1e6);
      const groups = dataset(sc, salt, 5)
        .map((x) => [x % 11, { x, text: 'x'.repeat(60) }] as [number, { x: number; text: string }])
        .groupByKey(3)
        .mapValues((all) => {
          let sum = 0;
          for (const { x } of all) sum += x;
          return [all.length, sum];
        });
      const expected = [...grouped(stirred(salt), 11)].map(([k, xs]) => [k, [xs.length, sumOf(xs)]] as [number, number[]]);
      assert.equal(byKey(await groups.collect()), byKey(expected));
    },
  },
  {
    name: 'sort',
    async run(sc, random) {
      const salt = random.below(1e6);
      const sorted = await dataset(sc, salt, 6)
        .sortBy((x) => x, true, 4)
        .collect();
      assert.equal(
        sorted,
        stirred(salt).sort((a, b) => a - b),
      );
    },
  },
  {
    name: 'join',
    async run(sc, random) {
      const salt = random.below(1e6);
      const counts = dataset(sc, salt, 6)
        .map((x) => [x % 503, 1] as [number, number])
        .reduceByKey((a, b) => a + b, 4);
      const squares = sc.range(0, 503, 1, 3).map((x) => [x, x * x] as [number, number]);
      const joined = await counts.join(squares).collect();
      const expected = [...grouped(stirred(salt), 503)].map(([k, xs]) => [k, [xs.length, k * k]] as [number, number[]]);
      assert.equal(byKey(joined), byKey(expected));
    },
  },
  {
    name: 'accumulators and a persisted dataset',
    async run(sc, random) {
      const salt = random.below(1e6);
      const [seen, odd] = [sc.longAccumulator(), sc.longAccumulator()];
      const persisted = dataset(sc, salt, 8).map((x) => {
        seen.add(1);
        if (x % 2 === 1) odd.add(x % 7);
        return x;
      });
      persisted.persist(kept[random.below(kept.length)]);
      const shaky = persisted.map((x) => {
        const context = TaskContext.get()!;
        if (context.attemptNumber() === 0 && context.partitionId() % 3 === 1) throw new Error('a first try');
        return x;
      });
      const all = stirred(salt);
      assert.is(await shaky.sum(), sumOf(all));
      assert.is(
        seen.value + odd.value,
        all.length + sumOf(all.filter((x) => x % 2 === 1).map((x) => x % 7)),
        'what was added to accumulators',
      );
      assert.is(await persisted.filter((x) => x % 3 === 0).count(), all.filter((x) => x % 3 === 0).length);
      persisted.unpersist();
    },
  },
  {
    name: 'text in and out',
    run: (sc, random) =>
      inFolder(async (folder) => {
        const salt = random.below(1e6);
        const lines = stirred(salt).map((x) => `${x % 13} ${x % 101}`);
        writeFileSync(join(folder, 'in.txt'), `${lines.join('\n')}\n`);
        const counts = sc
          .textFile(join(folder, 'in.txt'), 4)
          .flatMap((line) => line.split(' '))
          .map((word) => [word, 1] as [string, number])
          .reduceByKey((a, b) => a + b);
        await counts.saveAsTextFile(join(folder, 'out'));
        const saved = await sc.textFile(join(folder, 'out')).collect();
        const expected = new Map<string, number>();
        for (const word of lines.flatMap((line) => line.split(' '))) expected.set(word, (expected.get(word) ?? 0) + 1);
        const texts = [...expected].map((pair) => JSON.stringify(pair));
        assert.equal(saved.sort(), texts.sort());
      }),
  },
  {
    name: 'broadcast',
    async run(sc, random) {
      const names = sc.broadcast(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [i, `n${i % 9}`])));
      const salt = random.below(1e6);
      const counts = await dataset(sc, salt, 4)
        .map((x) => names.value[x % 500])
        .countByValue();
      const expected = new Map<string, number>();
      for (const x of stirred(salt)) expected.set(`n${(x % 500) % 9}`, (expected.get(`n${(x % 500) % 9}`) ?? 0) + 1);
      assert.equal([...counts].sort(), [...expected].sort());
      names.destroy();
    },
  },
  {
    name: 'distinct, subtract, cogroup',
    async run(sc, random) {
      const salt = random.below(1e6);
      const few = dataset(sc, salt, 5).map((x) => x % 401);
      const expected = new Set(stirred(salt).map((x) => x % 401));
      assert.is(await few.distinct(3).count(), expected.size);
      const left = await few
        .distinct()
        .subtract(sc.range(0, 200, 1, 2))
        .collect();
      assert.equal(
        left.sort((a, b) => a - b),
        [...expected].filter((x) => x >= 200).sort((a, b) => a - b),
      );
    },
  },
  {
    name: 'local checkpoint',
    async run(sc, random) {
      const salt = random.below(1e6);
      const marked = dataset(sc, salt, 4).map((x) => x % 1009);
      marked.localCheckpoint();
      const expected = stirred(salt).map((x) => x % 1009);
      assert.is(await marked.sum(), sumOf(expected));
      assert.is(await marked.max(), Math.max(...expected));
    },
  },
  {
    name: 'a job that is cancelled',
    async run(sc) {
      const endless = sc.range(0, 3, 1, 3).map((x) => {
        while (x >= 0);
        return x;
      });
      const job = endless.countAsync();
      setTimeout(() => job.cancel(), 200);
      await endsWith(['JOB_CANCELLED'], job);
    },
  },
  {
    name: 'an error of the user',
    async run(sc, random) {
      const bad = random.below(1000);
      const failing = sc.range(0, 1000, 1, 4).map((x) => {
        if (x === bad) throw new Error(`no ${x}`);
        return x;
      });
      // Faults may take all tries of a task before the user's error does.
      await endsWith(['TASK_FAILED', 'EXECUTORS_LOST'], failing.count());
    },
  },
  {
    name: 'executors that end themselves',
    faults: true,
    async run(sc, random) {
      const salt = random.below(1e6);
      const ending = dataset(sc, salt, 6).mapPartitions((all) => {
        const context = TaskContext.get()!;
        if (context.attemptNumber() === 0 && context.partitionId() === 2) process.exit(3);
        return all;
      });
      assert.is(await ending.sum(), sumOf(stirred(salt)));
    },
  },
  {
    name: 'an executor without memory',
    faults: true,
    async run(sc) {
      const greedy = sc.range(0, 300, 1, 3).mapPartitions((all) => {
        const context = TaskContext.get()!;
        const taken: unknown[] = [];
        while (context.attemptNumber() === 0 && context.partitionId() === 1) taken.push({ n: taken.length });
        return all;
      });
      assert.is(await greedy.sum(), 44_850);
    },
  },
  {
    name: 'an executor without descriptors',
    faults: true,
    async run(sc) {
      const leaking = sc.range(0, 300, 1, 3).mapPartitions((all) => {
        const context = TaskContext.get()!;
        const { openSync } = process.getBuiltinModule('node:fs');
        if (context.attemptNumber() === 0 && context.partitionId() === 1) for (;;) openSync('/dev/null', 'r');
        return all;
      });
      assert.is(await leaking.sum(), 44_850);
    },
  },
];

async function endsWith(codes: readonly string[], job: Promise<unknown>): Promise<void> {
  const error = await job.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof MillraceError) || !codes.includes(error.code))
    throw new Error(`ended with ${error} in place of ${codes}`);
}
