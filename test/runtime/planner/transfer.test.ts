// Jobs from plain data: datasets and jobs are encoded, sent through a file, and run by an engine in another process that has no dataset.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, HashPartitioner, type RDD, StorageLevel } from '../../../runtime/index';
import type { Job } from '../../../runtime/plan/job';
import type { DatasetNode } from '../../../runtime/plan/node';
import { decodeDatasets, decodeJob, encodeDatasets, encodeJob } from '../../../runtime/plan/transfer';
import { describe } from '../../../runtime/rdd/description';
import { FunctionTable } from '../../../runtime/rdd/function-table';
import type { SinkMaker } from '../../../runtime/rdd/host';
import { decode, encode } from '../../../runtime/wire/codec';
import type { Answer, Handover } from '../../helpers/engine-driver';
import { errorOf } from '../../helpers/errors';
import { typescript } from '../../helpers/preload';

const test = suite('transfer');
const run = promisify(execFile);
let sc: Context;
let folder: string;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'transfer-'));
  sc = await connect('local');
});

test.after(async () => {
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
});

const collect: SinkMaker = () => ({ kind: 'collect' });

/** What a session says of datasets and of jobs on them; nothing runs here but what must be prepared. */
class Session {
  readonly #nodes = new Map<number, DatasetNode>();
  readonly #jobs: Uint8Array[] = [];
  readonly blobs = new Map<string, Uint8Array>();

  async add(rdd: RDD<any>, sink: SinkMaker = collect): Promise<this> {
    await rdd.prepareLineage();
    this.#define(rdd);
    const functions = new FunctionTable();
    const made = sink(functions);
    for (const { blobs } of functions.shipped) for (const [id, make] of blobs) this.blobs.set(id, make(0));
    const partitions = Array.from({ length: rdd.numPartitions }, (_, i) => i);
    const job = { root: rdd.id, sink: made, functions: functions.nodes, partitions, title: 'a job', properties: {}, files: {} };
    this.#jobs.push(encodeJob(job));
    return this;
  }

  #define(rdd: RDD<any>): void {
    if (this.#nodes.has(rdd.id)) return;
    for (const { rdd: parent } of rdd.lineage) this.#define(parent);
    const { node, blobs } = describe(rdd);
    this.#nodes.set(rdd.id, node);
    for (const [id, make] of blobs) {
      if (id !== rdd.blobName) this.blobs.set(id, make(0));
      else for (let i = 0; i < node.partitions; i++) this.blobs.set(`${id}.${i}`, make(i));
    }
  }

  /** The last job once more. */
  repeat(): void {
    this.#jobs.push(this.#jobs.at(-1)!);
  }

  get datasets(): Uint8Array {
    return encodeDatasets([...this.#nodes.values()]);
  }

  /** The answers of an engine in another process, which learns all it knows from a file. */
  async elsewhere(
    master: string,
    { released = [], missing = [] }: Partial<Pick<Handover, 'released' | 'missing'>> = {},
  ): Promise<readonly Answer[]> {
    const [from, to] = [join(folder, 'handover'), join(folder, 'answers')];
    const handover: Handover = { master, datasets: this.datasets, jobs: this.#jobs, blobs: this.blobs, missing, released };
    writeFileSync(from, encode(handover));
    const driver = join(__dirname, '../../helpers/engine-driver.ts');
    await run(process.execPath, [...typescript, driver, from, to]);
    return decode(readFileSync(to)) as Answer[];
  }
}

function rowsOf({ answers, failure }: Answer): unknown[] {
  assert.ok(answers, failure?.message);
  return answers!.flat(1);
}

for (const master of ['local', 'local[2]'])
  test(`shuffles, joins, sorts, sources of all kinds and tasks that are tried again, on ${master}`, async () => {
    const words = ['a', 'b', 'a', 'c', 'b', 'a'];
    const path = join(folder, 'lines');
    writeFileSync(path, 'one two\nthree two\n');
    const offset = 10;
    const counts = sc
      .parallelize(words, 3)
      .map((w): [string, number] => [w, 1])
      .reduceByKey((a, b) => a + b);
    const lengths = sc
      .parallelize(words, 2)
      .map((w): [string, number] => [w, w.length + offset])
      .distinct();
    const tries = join(folder, `tries on ${master}`);
    mkdirSync(tries);
    const flaky = sc.range(0, 8, 1, 2).map((x) => {
      const fs: typeof import('node:fs') = require('node:fs');
      const mark = `${tries}/${x}`;
      // The first try of each partition fails.
      if (x % 4 === 0 && !fs.existsSync(mark)) {
        fs.writeFileSync(mark, '');
        throw new Error('the first try');
      }
      return x * 2;
    });
    const texts = sc
      .textFile(path)
      .flatMap((line) => line.split(' '))
      .union(sc.parallelize(['four'], 1));
    const spread = sc
      .range(0, 9, 1, 3)
      .map((x): [number, number] => [x, x])
      .partitionBy(new HashPartitioner(2));
    const session = new Session();
    for (const rdd of [counts.join(lengths), flaky, texts, counts.sortByKey(false), spread.coalesce(1).zipWithIndex()])
      await session.add(rdd);
    const [joined, tried, lines, sorted, numbered] = await session.elsewhere(master);
    assert.equal(
      new Map(rowsOf(joined) as [string, unknown][]),
      new Map([
        ['a', [3, 11]],
        ['b', [2, 11]],
        ['c', [1, 11]],
      ]),
    );
    assert.equal(rowsOf(tried), [0, 2, 4, 6, 8, 10, 12, 14]);
    assert.equal(rowsOf(lines), ['one', 'two', 'three', 'two', 'four']);
    assert.equal(rowsOf(sorted), [
      ['c', 1],
      ['b', 2],
      ['a', 3],
    ]);
    assert.is(rowsOf(numbered).length, 9);
    assert.equal(joined.loaded, []);
  });

test('a persisted dataset is computed once for the jobs that read it', async () => {
  const seen = join(folder, 'seen');
  writeFileSync(seen, '');
  const persisted = sc
    .range(0, 6, 1, 2)
    .map((x) => {
      require('node:fs').appendFileSync(seen, 'x');
      return x;
    })
    .persist(StorageLevel.MEMORY_ONLY);
  const session = await new Session().add(persisted.map((x) => x + 1));
  await session.add(persisted.map((x): [number, number] => [x % 2, x]).reduceByKey((a, b) => a + b));
  const [first, second] = await session.elsewhere('local');
  assert.equal(rowsOf(first), [1, 2, 3, 4, 5, 6]);
  assert.equal(
    new Map(rowsOf(second) as [number, number][]),
    new Map([
      [0, 6],
      [1, 9],
    ]),
  );
  assert.is(second.stored, 2);
  assert.is(readFileSync(seen, 'utf8'), 'xxxxxx');
});

test('a dataset that was let go, or never defined, and a blob that is not there fail the job by name', async () => {
  const base = sc.parallelize([1, 2], 1);
  const session = await new Session().add(base.map((x) => x));
  const [orphan] = await session.elsewhere('local', { released: [base.id] });
  assert.is(orphan.failure?.code, 'UNKNOWN_DATASET');
  assert.match(orphan.failure!.message, String(base.id));
  const missing = [...session.blobs.keys()];
  assert.ok(missing.length >= 2);
  for (let i = 1; i < missing.length; i++) session.repeat();
  const answers = await session.elsewhere('local', { missing });
  assert.equal(
    answers.map(({ failure }) => failure?.code),
    missing.map(() => 'MISSING_BLOB'),
  );
});

test('each field of a dataset and of a job that is missing or of another kind is named', async () => {
  const rdd = sc
    .parallelize([1], 1)
    .map((x): [number, number] => [x, x])
    .reduceByKey((a, b) => a + b)
    .persist(StorageLevel.DISK_ONLY);
  const session = await new Session().add(rdd);
  const nodes = decodeDatasets(session.datasets);
  for (const [i, node] of nodes.entries()) {
    for (const field of ['id', 'operation', 'dependencies', 'partitions', 'splits', 'fragment', 'functions'] as const) {
      for (const wrong of [undefined, null, -1, 'wrong', [{}]] as unknown[]) {
        if (field === 'operation' && wrong === 'wrong') continue;
        const changed = nodes.with(i, { ...node, [field]: wrong } as DatasetNode);
        const { message } = await errorOf('BAD_NODE', () => decodeDatasets(encode({ format: 1, datasets: changed })));
        assert.match(message, `dataset`);
        assert.match(message, field);
      }
    }
  }
  const loose: DatasetNode = { ...nodes[1], functions: [] };
  await errorOf('BAD_NODE', () => decodeDatasets(encodeDatasets([nodes[0], loose])));
  const job: Job = {
    root: rdd.id,
    sink: { kind: 'collect' },
    functions: [],
    partitions: [0],
    title: '',
    properties: {},
    files: {},
  };
  for (const field of Object.keys(job)) {
    const { message } = await errorOf('BAD_NODE', () => decodeJob(encodeJob({ ...job, [field]: undefined } as never)));
    assert.match(message, field);
  }
});

test('bytes that are cut, changed or of another version are refused', async () => {
  const session = await new Session().add(sc.parallelize([1], 1));
  const bytes = session.datasets;
  for (const length of [0, 1, bytes.length >> 1, bytes.length - 1])
    await errorOf('BAD_NODE', () => decodeDatasets(bytes.subarray(0, length)));
  const { message } = await errorOf('BAD_NODE', () => decodeDatasets(encode({ format: 2, datasets: [] })));
  assert.match(message, /format is 2 instead of 1/);
  await errorOf('BAD_NODE', () => decodeJob(bytes));
});

test.run();
