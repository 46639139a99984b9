// Mixed jobs that read and write files in every way there is, each with an answer that can be compared.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Context, type RDD, StorageLevel } from '../../runtime/index';
import type { levelNames } from '../../runtime/plan/storage-level';
import { canonical, unordered, unorderedGroups } from './model';

/** A job over `sc`, with files that are there in `input` and a folder of its own for what it writes. */
export type DiskJob = (sc: Context, input: string, output: string) => Promise<unknown>;

const text = 'x'.repeat(30);

const pairs = (sc: Context, n = 240): RDD<[string, number]> =>
  sc.range(0, n, 1, 2).map((x) => [`${text}${(x * 7) % 150}`, x] as [string, number]);

function persisted(name: (typeof levelNames)[number]): DiskJob {
  return async (sc) => {
    const level = StorageLevel[name];
    const rdd = sc.range(0, 90, 1, 2).map((x) => ({ x, text: `row ${x}` }));
    rdd.persist(level);
    const first = await rdd.map(({ x }) => x).sum();
    const second = await rdd.collect();
    rdd.unpersist();
    return [first, canonical(second)];
  };
}

const saved =
  (options?: { compression: 'gzip' }): DiskJob =>
  async (sc, _, output) => {
    await sc
      .range(0, 50, 1, 2)
      .map((x) => `line ${x}`)
      .saveAsTextFile(output, options);
    return sc.textFile(output).collect();
  };

/** Groups, sorts, tables and joins spill where the budget of a task is some 10 kB. */
export const diskJobs: Record<string, DiskJob> = {
  shuffle: async (sc) => unordered(await pairs(sc).partitionBy(2).collect()),
  group: async (sc) => unorderedGroups(await pairs(sc).groupByKey(2).collect()),
  sort: async (sc) => await pairs(sc).sortByKey(false, 2).collect(),
  combine: async (sc) =>
    unordered(
      await pairs(sc)
        .reduceByKey((a, b) => a + b, 2)
        .collect(),
    ),
  join: async (sc) =>
    unordered(
      await pairs(sc)
        .join(
          pairs(sc, 40).mapValues((x) => `v${x}`),
          2,
        )
        .collect(),
    ),
  memoryAndDisk: persisted('MEMORY_AND_DISK'),
  diskOnly: persisted('DISK_ONLY'),
  twoReplicas: persisted('MEMORY_ONLY_2'),
  checkpoint: async (sc, _, output) => {
    sc.setCheckpointDir(output);
    const rdd = sc.range(0, 60, 1, 2).map((x) => [x % 5, x] as [number, number]);
    rdd.checkpoint();
    const count = await rdd.count();
    return [count, await rdd.collect()];
  },
  localCheckpoint: async (sc) => {
    const rdd = sc
      .range(0, 60, 1, 2)
      .map((x) => x * 2)
      .localCheckpoint();
    return [await rdd.count(), await rdd.collect()];
  },
  saveText: saved(),
  saveGzip: saved({ compression: 'gzip' }),
  objects: async (sc, _, output) => {
    await sc
      .range(0, 50, 1, 2)
      .map((x) => ({ x, when: new Date(x) }))
      .saveAsObjectFile(output);
    return canonical(await sc.objectFile(output).collect());
  },
  text: async (sc, input) => [await sc.textFile(join(input, 'text')).collect(), await sc.textFile(join(input, 'text')).count()],
  gzip: async (sc, input) => await sc.textFile(join(input, 'packed.gz')).collect(),
  readOnce: async (sc) => await sc.textFile('/proc/version').collect(),
  wholeFiles: async (sc, input) =>
    await sc
      .wholeTextFiles(join(input, '*'))
      .map(([path, content]) => [path.length, content.length])
      .collect(),
};

/** What `text`, `gzip` and `wholeFiles` read. */
export function writeInput(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const lines = Array.from({ length: 300 }, (_, i) => `input ${i} é`).join('\n');
  writeFileSync(join(folder, 'text'), lines);
  writeFileSync(join(folder, 'packed.gz'), gzipSync(lines));
}

/** Files of a session, and of an output folder, that only a task in the middle of its work may have. */
export function temporaryFiles(session: string, output: string): string[] {
  const below = (folder: string) => (existsSync(folder) ? (readdirSync(folder, { recursive: true }) as string[]) : []);
  return [
    ...below(session).filter((name) => name.endsWith('.tmp') || /^spill\/[^/]+\//.test(name)),
    ...below(output).filter((name) => name.endsWith('.tmp') || name.startsWith('_temporary')),
  ];
}
