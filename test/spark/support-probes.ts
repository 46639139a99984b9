// What the table of support asks beside the examples of docstrings: each operation whose example runs no job, as one with a known answer.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as api from '../../runtime/index';
import { type Context, HashPartitioner, type RDD, StorageLevel } from '../../runtime/index';
import { iterate, mapReduce, pregel } from '../../runtime/models';
import { until } from '../helpers/within';
import { onStreams, type Probe } from './stream-probes';

// A variable is captured by its value; executors have classes of their own by these names.
const { BarrierTaskContext, CustomRDD, SparkFiles, TaskContext } = api;

const ordered = async (rdd: RDD<number>) => (await rdd.collect()).sort((a, b) => a - b);
const twice = async (rdd: RDD<number>) => [await rdd.count(), await rdd.sum()];
const pairs = (sc: Context) =>
  sc.parallelize<[string, number]>(
    [
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ],
    2,
  );

class Squares extends CustomRDD<number, [number, number]> {
  getPartitions(): [number, number][] {
    return [
      [0, 2],
      [2, 4],
    ];
  }
  compute = ([from, to]: [number, number]) => Array.from({ length: to - from }, (_, i) => (from + i) ** 2);
}

class Longest {
  value = '';
  reset() {
    this.value = '';
  }
  add(word: string) {
    if (word.length > this.value.length) this.value = word;
  }
  merge(other: Longest) {
    this.add(other.value);
  }
}

/** A job that ends only by being cancelled. On `local` its tasks are in this process, which must not outlive its tests for them. */
const endless = (sc: Context) =>
  sc.range(0, 2, 1, 2).foreachPartition(async () => {
    const task = TaskContext.get();
    while (!task.isInterrupted()) await new Promise((resolve) => setTimeout(resolve, 5));
  });

/** What becomes of an endless job when something cancels it, once it runs. */
async function cancelled(sc: Context, cancel: () => unknown): Promise<string> {
  let runs = false;
  const listener = { onTaskStart: () => (runs = true) };
  sc.addListener(listener);
  const job = endless(sc).then(
    () => 'it ended',
    (error) => String(error.code),
  );
  await until(30_000, () => runs, 'a task');
  sc.removeListener(listener);
  cancel();
  return job;
}

const levels = Object.entries(StorageLevel).filter(([, level]) => level instanceof StorageLevel && level.isKept);

const onDatasets: Record<string, Probe> = {
  'RDD.coalesce': async ({ sc }) => [
    await sc.range(0, 4, 1, 4).coalesce(2).glom().collect(),
    [
      [0, 1],
      [2, 3],
    ],
  ],
  'RDD.repartition': async ({ sc }) => [await ordered(sc.range(0, 6, 1, 2).repartition(3)), [0, 1, 2, 3, 4, 5]],
  'RDD.sample': async ({ sc }) => [await sc.range(100).sample(false, 1, 42).count(), 100],
  'RDD.sampleByKeyExact': async ({ sc }) => [
    await pairs(sc)
      .sampleByKeyExact(
        false,
        new Map([
          ['a', 0.5],
          ['b', 1],
        ]),
        42,
      )
      .count(),
    2,
  ],
  'RDD.partitionBy': async ({ sc }) => [(await pairs(sc).partitionBy(new HashPartitioner(2)).collect()).length, 3],
  'RDD.cache': async ({ sc }) => [await twice(sc.range(0, 4, 1, 2).cache()), [4, 6]],
  'RDD.unpersist': async ({ sc }) => {
    const kept = sc.range(0, 4, 1, 2).cache();
    await kept.count();
    return [await twice(kept.unpersist()), [4, 6]];
  },
  'RDD.checkpoint': async ({ sc, folder }) => {
    sc.setCheckpointDir(`${folder}/checkpoints`);
    const rdd = sc.range(0, 4, 1, 2).map((x) => x + 1);
    rdd.checkpoint();
    return [
      [...(await twice(rdd)), rdd.isCheckpointed],
      [4, 10, true],
    ];
  },
  'RDD.localCheckpoint': async ({ sc }) => [
    await twice(
      sc
        .range(0, 4, 1, 2)
        .map((x) => x + 1)
        .localCheckpoint(),
    ),
    [4, 10],
  ],
  'RDD.toLocalIterator': async ({ sc }) => {
    const seen: number[] = [];
    for await (const x of sc.range(0, 4, 1, 2).toLocalIterator()) seen.push(x);
    return [seen, [0, 1, 2, 3]];
  },
  'RDD.pipe': async ({ sc }) => [await sc.parallelize(['b', 'a'], 1).pipe(['sort']).collect(), ['a', 'b']],
  'RDD.markIndeterminate': async ({ sc }) => [
    await ordered(
      sc
        .range(4)
        .map((x) => x)
        .markIndeterminate()
        .repartition(2),
    ),
    [0, 1, 2, 3],
  ],
  'RDD.barrier': async ({ sc }) => {
    // All its tasks run at once: on `local` there is one slot.
    const tasks = sc.master === 'local' ? 1 : 2;
    const stage = sc
      .range(0, tasks, 1, tasks)
      .barrier()
      .mapPartitions(() => BarrierTaskContext.get().allGather('here'));
    return [await stage.collect(), Array.from({ length: tasks * tasks }, () => 'here')];
  },
  'RDD.saveAsTextFile': async ({ sc, folder }) => {
    await sc.range(0, 4, 1, 2).saveAsTextFile(`${folder}/texts`);
    return [readdirSync(`${folder}/texts`).sort(), ['_SUCCESS', 'part-00000', 'part-00001']];
  },
  'RDD.saveAsObjectFile': async ({ sc, folder }) => {
    await sc.range(0, 4, 1, 2).saveAsObjectFile(`${folder}/objects`);
    return [readdirSync(`${folder}/objects`).sort(), ['_SUCCESS', 'part-00000', 'part-00001']];
  },
  'RDD.foreachAsync': async ({ sc }) => {
    const seen = sc.longAccumulator();
    await sc.range(4).foreachAsync((x) => seen.add(x));
    return [seen.value, 6];
  },
  'RDD.foreachPartitionAsync': async ({ sc }) => {
    const seen = sc.longAccumulator();
    await sc.range(0, 4, 1, 2).foreachPartitionAsync(() => seen.add(1));
    return [seen.value, 2];
  },
  'RDD.preview': async ({ sc }) => [(await sc.range(0, 6, 1, 3).preview(2, 60_000)).rows, [0, 1]],
};

const onContexts: Record<string, Probe> = {
  'Context.textFile': async ({ sc, folder }) => {
    writeFileSync(`${folder}/lines.txt`, 'one\ntwo\n');
    return [await sc.textFile(`${folder}/lines.txt`).collect(), ['one', 'two']];
  },
  'Context.wholeTextFiles': async ({ sc, folder }) => {
    mkdirSync(`${folder}/whole`);
    writeFileSync(`${folder}/whole/a`, 'one\n');
    return [await sc.wholeTextFiles(`${folder}/whole`).values().collect(), ['one\n']];
  },
  'Context.objectFile': async ({ sc, folder }) => {
    await sc.range(0, 4, 1, 2).saveAsObjectFile(`${folder}/saved`);
    return [await sc.objectFile<number>(`${folder}/saved`).collect(), [0, 1, 2, 3]];
  },
  'Context.csv': async ({ sc }) => [
    await sc.csv('samples/flights.csv').count(),
    readFileSync('samples/flights.csv', 'utf8').trim().split('\n').length - 1,
  ],
  'Context.jsonLines': async ({ sc, folder }) => {
    writeFileSync(`${folder}/rows.jsonl`, '{"n": 1}\n{"n": 2}\n');
    return [await sc.jsonLines(`${folder}/rows.jsonl`).collect(), [{ n: 1 }, { n: 2 }]];
  },
  'Context.addFile': async ({ sc, folder }) => {
    writeFileSync(`${folder}/stop.txt`, 'the');
    sc.addFile(`${folder}/stop.txt`);
    return [
      await sc
        .range(0, 2, 1, 2)
        .map(() => readFileSync(SparkFiles.get('stop.txt'), 'utf8'))
        .collect(),
      ['the', 'the'],
    ];
  },
  'Context.broadcast': async ({ sc }) => {
    const table = sc.broadcast(new Map([[1, 'one']]));
    return [
      await sc
        .range(0, 2, 1, 2)
        .map((x) => table.value.get(x))
        .collect(),
      [undefined, 'one'],
    ];
  },
  'Context.register': async ({ sc }) => {
    const longest = sc.register(new Longest());
    await sc.parallelize(['a', 'abc', 'ab'], 2).foreach((word) => longest.add(word));
    return [longest.value, 'abc'];
  },
  'Context.setLocalProperty': async ({ sc }) => {
    sc.setLocalProperty('colour', 'blue');
    const seen = await sc
      .range(1)
      .map(() => TaskContext.get().getLocalProperty('colour'))
      .collect();
    sc.setLocalProperty('colour', undefined);
    return [seen, ['blue']];
  },
  'Context.setJobGroup': async ({ sc }) => {
    sc.setJobGroup('asked', 'by the table');
    await sc.range(3).count();
    sc.clearJobGroup();
    return [sc.jobs().at(-1)?.group, 'asked'];
  },
  'Context.cancelJobGroup': async ({ sc }) => {
    sc.setJobGroup('slow');
    try {
      return [await cancelled(sc, () => sc.cancelJobGroup('slow')), 'JOB_CANCELLED'];
    } finally {
      sc.clearJobGroup();
    }
  },
  'Context.cancelJobsWithTag': async ({ sc }) => {
    sc.addJobTag('slow');
    try {
      return [await cancelled(sc, () => sc.cancelJobsWithTag('slow')), 'JOB_CANCELLED'];
    } finally {
      sc.removeJobTag('slow');
    }
  },
  'Context.cancelJob': async ({ sc }) => [await cancelled(sc, () => sc.cancelJob(sc.jobs().at(-1)!.jobId)), 'JOB_CANCELLED'],
  'Context.cancelAllJobs': async ({ sc }) => [await cancelled(sc, () => sc.cancelAllJobs()), 'JOB_CANCELLED'],
  'Context.addListener': async ({ sc }) => {
    const told: string[] = [];
    const note = (name: string) => () => void told.push(name);
    const listener = { onJobStart: note('job'), onStageSubmitted: note('stage'), onTaskEnd: note('task'), onJobEnd: note('end') };
    sc.addListener(listener);
    await sc.range(0, 2, 1, 2).count();
    sc.removeListener(listener);
    return [told, ['job', 'stage', 'task', 'task', 'end']];
  },
  'Context.sql': async ({ sc }) => {
    const visits = sc.parallelize([{ n: 1 }, { n: 2 }]);
    return [await sc.sql`select sum(n)::int as total from ${visits}`.collect(), [{ total: 3 }]];
  },
  'class … extends CustomRDD': async ({ sc }) => [await new Squares(sc).collect(), [0, 1, 4, 9]],
  'TaskContext.get': async ({ sc }) => [
    await sc
      .range(0, 3, 1, 3)
      .map(() => TaskContext.get().partitionId())
      .collect(),
    [0, 1, 2],
  ],
  mapReduce: async ({ sc }) => {
    const counted = mapReduce(pairs(sc), {
      map: (key, value) => [[key, value] as [string, number]],
      reduce: (key, values) => [[key, [...values].reduce((a, b) => a + b, 0)] as [string, number]],
      numReducers: 1,
    });
    return [
      await counted.collect(),
      [
        ['a', 4],
        ['b', 2],
      ],
    ];
  },
  iterate: async ({ sc }) => {
    const doubled = await iterate(
      pairs(sc).reduceByKey((a, b) => a + b),
      { body: (state) => state.mapValues((x) => x * 2), maxIterations: 3 },
    );
    return [await doubled.state.lookup('a'), [32]];
  },
  pregel: async ({ sc }) => {
    const result = await pregel(
      sc.parallelize<[number, number]>(
        [
          [0, 0],
          [1, 9],
        ],
        2,
      ),
      sc.parallelize<[number, number, number]>([[1, 0, 1]], 1),
      {
        compute(vertex, messages: readonly number[]) {
          vertex.value = Math.max(vertex.value, ...messages);
          if (vertex.superstep === 0) vertex.sendToAll(vertex.value);
          vertex.voteToHalt();
        },
      },
    );
    return [await result.vertices.lookup(0), [9]];
  },
};

const persisted: Record<string, Probe> = {
  'RDD.persist': async ({ sc }) => {
    const answers = new Map<string, number[]>();
    for (const [name, level] of levels) answers.set(name, await twice(sc.range(0, 4, 1, 2).persist(level)));
    return [answers, new Map(levels.map(([name]) => [name, [4, 6]]))];
  },
};

/** What an accumulator holds behind a job that adds each of 0 to 3. */
async function added<A extends { add(x: number): unknown; readonly value: unknown }>(sc: Context, accumulator: A) {
  await sc.range(0, 4, 1, 2).foreach((x) => void accumulator.add(x));
  return accumulator.value;
}

const onAccumulators: Record<string, Probe> = {
  'Context.longAccumulator': async ({ sc }) => [await added(sc, sc.longAccumulator()), 6],
  'Context.doubleAccumulator': async ({ sc }) => [await added(sc, sc.doubleAccumulator()), 6],
  'Context.collectionAccumulator': async ({ sc }) => [
    ((await added(sc, sc.collectionAccumulator<number>())) as number[]).sort(),
    [0, 1, 2, 3],
  ],
  'Context.accumulator': async ({ sc }) => [
    await added(
      sc,
      sc.accumulator(0, (a, b) => Math.max(a, b)),
    ),
    3,
  ],
};

const table = [
  { n: 1, word: 'one' },
  { n: 2, word: 'two' },
];
/** Rows that are saved in a form and read back. */
const saved =
  (form: 'Csv' | 'JsonLines' | 'Parquet' | 'Arrow', read: 'csv' | 'jsonLines' | 'parquet' | 'arrow'): Probe =>
  async ({ sc, folder }) => {
    await sc.parallelize(table, 1)[`saveAs${form}`](`${folder}/table`);
    return [await sc[read](`${folder}/table`).collect(), table];
  };

const onTables: Record<string, Probe> = {
  'RDD.saveAsCsv': saved('Csv', 'csv'),
  'RDD.saveAsJsonLines': saved('JsonLines', 'jsonLines'),
  'RDD.saveAsParquet': saved('Parquet', 'parquet'),
  'RDD.saveAsArrow': saved('Arrow', 'arrow'),
  'Context.parquet': saved('Parquet', 'parquet'),
  'Context.arrow': saved('Arrow', 'arrow'),
  'Context.json': async ({ sc, folder }) => {
    writeFileSync(`${folder}/rows.json`, JSON.stringify(table));
    return [await sc.json(`${folder}/rows.json`).collect(), table];
  },
};

/** What sessions of a server share; none of these masters is one. */
const onServers: Record<string, Probe> = {
  'RDD.publish': async ({ sc }) => [await sc.range(3).cache().publish('numbers'), undefined],
  'Context.dataset': async ({ sc }) => [await sc.dataset<number>('numbers').count(), 3],
  'Context.unpublish': async ({ sc }) => [await sc.unpublish('numbers'), undefined],
};

/** By the member that they are about. */
export const probes: Readonly<Record<string, Probe>> = {
  ...onDatasets,
  ...onContexts,
  ...onAccumulators,
  ...onTables,
  ...onServers,
  ...persisted,
  ...onStreams,
};
