// Connectors by the public interfaces: what executors read and are asked for, what a sink hears, and what goes wrong.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { dealt } from '../../../runtime/connect/source-rdd';
import type { Context, MillraceError, Sink, SinkJob, Source } from '../../../runtime/index';
import { masterOf } from '../../helpers/master';

const test = suite('connectors');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

test.after(() => sc.stop());

type Range = [from: number, to: number];

const ranges: Range[] = [
  [0, 3],
  [3, 3],
  [3, 7],
];

const numbers: Source<number, Range> = {
  name: 'numbers',
  partitions: () => ranges.map((data) => ({ data, bytes: data[1] - data[0] })),
  async *read([from, to]) {
    for (let i = from; i < to; i += 2) yield Array.from({ length: Math.min(2, to - i) }, (_, k) => i + k);
  },
};

/** What was thrown, with what to do about it. */
async function errorOf(f: () => unknown): Promise<string> {
  try {
    await f();
  } catch (e) {
    const { message, remedy = '' } = e as Error & { remedy?: string };
    return `${message} ${remedy}`;
  }
  return 'nothing was thrown';
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

test('each part is a partition; the rows come in the order of the parts', async () => {
  const rows = sc.source(numbers);
  assert.is(rows.numPartitions, 3);
  assert.equal(await rows.collect(), upTo(7));
  assert.equal(await rows.glom().collect(), [[0, 1, 2], [], [3, 4, 5, 6]]);
  assert.is(await rows.map((x) => x * 2).reduce((a, b) => a + b), 42);
  assert.equal(await rows.take(2), [0, 1]);
  assert.match(String(rows), /^numbers \(source\)/);
});

test('parts that are known late are dealt to as many partitions as there are cores, or as it says', async () => {
  const late: Source<number, Range> = { ...numbers, partitions: async () => numbers.partitions() };
  assert.is(sc.source(late).numPartitions, sc.defaultParallelism);
  assert.equal(await sc.source(late).collect(), upTo(7));
  const two = sc.source({ ...late, numPartitions: 2 });
  assert.equal(
    (await two.glom().collect()).map((rows) => rows.length),
    [3, 4],
  );
  const counts = await sc
    .source({ ...late, numPartitions: 2 })
    .map((x) => [x % 2, 1])
    .reduceByKey((a, b) => a + b)
    .collect();
  assert.equal(
    new Map(counts as [number, number][]),
    new Map([
      [0, 4],
      [1, 3],
    ]),
  );
});

test('neighbours are dealt by their sizes, and every part to one group', () => {
  const parts = [1, 1, 1, 97, 1, 1].map((bytes, data) => ({ data, bytes }));
  assert.equal(
    dealt(parts, 2).map((group) => group.map(({ data }) => data)),
    [
      [0, 1, 2],
      [3, 4, 5],
    ],
  );
  for (let n = 1; n < 9; n++) assert.equal(dealt(parts, n).flat(), parts);
});

test('plain iterables of arrays and promises of them are read as well', async () => {
  const one = { name: 'one', partitions: () => [{ data: 0 }] };
  assert.equal(await sc.source({ ...one, read: () => [[1], [], [2, 3]] }).collect(), [1, 2, 3]);
  assert.equal(await sc.source({ ...one, read: async () => [[1, 2]] }).collect(), [1, 2]);
});

interface Row {
  id: number;
  name: string;
  asked: string;
}

const table: Source<Row, null> = {
  name: 'table',
  partitions: () => [{ data: null, hosts: ['h1'], bytes: 5 }],
  read: (_, asked) => [[1, 2, 3].map((id) => ({ id, name: `n${id}`, asked: JSON.stringify(asked) }))],
};

test('what the steps read of the rows reaches the source', async () => {
  const named = sc.source(table).filter((row) => row.id > 1);
  const [asked] = await named.map((row) => row.asked).collect();
  assert.equal(JSON.parse(asked), {
    wanted: ['asked', 'id'],
    where: { kind: 'compare', field: 'id', by: '>', value: 1 },
  });
  assert.is((await sc.source(table).collect())[0].asked, '{}');
  assert.match(named.map((row) => row.name).explain(), /reads name, id; asks for id > 1/);
  assert.equal(sc.source(table).preferredLocations(0), ['h1']);
});

test('a source that is none, and one that gives no arrays, are told', async () => {
  const refused = async (source: unknown, text: RegExp) =>
    assert.match(await errorOf(async () => sc.source(source as never).collect()), text);
  await refused(null, /its argument is null, but must be a source/);
  await refused({ name: 'a' }, /partitions of the source is undefined, but must be a function/);
  await refused({ ...numbers, name: '' }, /the name of the source/);
  await refused({ ...numbers, partitions: () => [1] }, /the answer of partitions\(\) is \[1\]/);
  await refused({ ...numbers, read: () => [1] }, /what read gives is 1, but must be an array of rows/);
  await refused({ ...numbers, read: () => 1 }, /what read answers is 1/);
  await refused(
    {
      ...numbers,
      partitions: async () => {
        throw new Error('nobody there');
      },
    },
    /nobody there/,
  );
});

test('what read throws names the step', async () => {
  const read = () => {
    throw new Error('no route');
  };
  const failed = sc.source({ ...numbers, read }).count();
  const error = (await failed.catch((e: unknown) => e)) as MillraceError;
  assert.is(error.code, 'TASK_FAILED');
  assert.match(error.message, /no route/);
  assert.is((error.details.remote as { operator: string }).operator, 'source');
});

test('a client that is not installed is named, with the command that installs it', async () => {
  const read = async () => [[await import('no-such-client' as string)]];
  const error = await errorOf(() => sc.source({ ...numbers, read }).count());
  assert.match(error, /npm install no-such-client/);
});

// ---- sinks

interface Heard {
  readonly jobs: SinkJob[];
  readonly told: string[];
}

const recording = (heard: Heard, more: Partial<Sink<number, number>> = {}): Sink<number, number> => ({
  name: 'the record',
  begin: (job) => {
    heard.jobs.push(job);
    heard.told.push('begin');
  },
  write: (rows) => [...rows].reduce((a, b) => a + b, 0),
  commit: (answers) => void heard.told.push(`commit ${answers.join()}`),
  abort: () => void heard.told.push('abort'),
  ...more,
});

const fresh = (): Heard => ({ jobs: [], told: [] });

test('a sink writes each partition and commits once, with the answers in order', async () => {
  const heard = fresh();
  await sc.range(0, 6, 1, 3).saveTo(recording(heard));
  await sc.emptyRDD<number>().saveTo(recording(heard));
  assert.equal(heard.told, ['begin', 'commit 1,5,9', 'begin', 'commit ']);
  assert.equal(
    heard.jobs.map(({ partitions }) => partitions),
    [3, 0],
  );
  assert.is(new Set(heard.jobs.map(({ id }) => id)).size, 2);
});

test('a task that failed is tried again, and counts once', async () => {
  const heard = fresh();
  const tries = sc.longAccumulator();
  await sc.range(0, 4, 1, 2).saveTo(
    recording(heard, {
      write: (rows, { partition }) => {
        tries.add(1);
        return partition * 100 + [...rows].length;
      },
    }),
  );
  assert.equal(heard.told, ['begin', 'commit 2,102']);
  assert.is(tries.value, 2);
});

test('a job that fails is aborted, and so is one whose commit fails', async () => {
  const heard = fresh();
  const broken = recording(heard, {
    write: () => {
      throw new Error('disk full');
    },
  });
  assert.match(await errorOf(() => sc.range(2).saveTo(broken)), /disk full/);
  const unwilling = recording(heard, {
    commit: () => {
      throw new Error('conflict');
    },
  });
  assert.match(await errorOf(() => sc.range(2).saveTo(unwilling)), /conflict/);
  assert.equal(heard.told, ['begin', 'abort', 'begin', 'abort']);
  assert.match(await errorOf(() => sc.range(2).saveTo({} as never)), /a sink with name and write/);
});

test('a job that was committed before is not written again', async () => {
  const heard = fresh();
  await sc.range(2).saveTo(recording(heard, { isCommitted: () => true }));
  assert.equal(heard.told, []);
});

test.run();
