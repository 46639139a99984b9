// Shuffles and groups larger than all executors' memory: exact, with executors near their heap. 2 GB, 20 M values, 256 MB with MILLRACE_LONG=1.
// time limit: 1800 s
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../cluster/index';
import { Context, type RDD } from '../../../runtime/index';
import { watchLeaks } from '../../helpers/leaks';
import { engineExecutor } from '../../helpers/pool';
import { processesOf } from '../../helpers/processes';
import { long, size } from '../../helpers/sizes';
import { until, within } from '../../helpers/within';

const test = suite('large shuffle');
const rows = size(300_000, 18_500_000);
const memoryMb = size(64, 256);
/** What an executor's process may take in addition to its heap: code, stacks, file buffers. */
const besideHeapMb = 256;
let leaks: ReturnType<typeof watchLeaks>;
let program: string;
let sc: Context;
let folder: string;

test.before(async () => {
  program = await engineExecutor();
  leaks = watchLeaks();
});

test.before.each(async () => {
  // A test that failed has not stopped its session.
  await sc?.stop();
  const heap = memoryMb * 2 ** 20;
  const budgets = { storageBytes: heap / 2, executionBytes: Math.floor(heap / 5) };
  const started = await startBackend('local[2]', { ...budgets, executorMemory: memoryMb, program });
  folder = started.folder;
  sc = new Context({ ...started, master: 'local[2]' });
  await sc.start();
});

/** Every value is different, so that none can be written once for all. */
const pairs = (): RDD<[number, string]> =>
  sc.range(0, rows, 1, 32).map((i) => [(i * 7919) % 1_000_003, `${i}`.padEnd(110, 'x')] as [number, string]);

function bytesOfShuffles(): number {
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => /^\d+\/\d+\.\d+$/.test(name));
  return files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** Runs a job and prints its time, the bytes that it wrote, and the peak memory of each executor. */
async function measured<T>(what: string, leastBytes: number, job: () => Promise<T>): Promise<T> {
  await until(20_000, () => sc.executors().length === 2, 'both executors');
  const before = processesOf(program);
  const started = performance.now();
  const answer = await within(1_500_000, job(), what);
  const seconds = (performance.now() - started) / 1000;
  const peaks = processesOf(program).map(
    (pid) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) >> 10,
  );
  const written = bytesOfShuffles();
  console.log(
    `${what}: ${seconds.toFixed(1)} s, ${(written / 1e9).toFixed(2)} GB of shuffle files, peaks ${peaks.join(' and ')} MB`,
  );
  assert.equal(processesOf(program), before, 'no executor died');
  assert.ok(written > leastBytes, `${written} bytes`);
  assert.is(peaks.length, 2);
  for (const peak of peaks) assert.ok(peak < memoryMb + besideHeapMb, `${peak} MB`);
  return answer;
}

const leastBytes = long ? 2e9 : 30e6;
const sumOfIds = (rows * (rows - 1)) / 2;

test('groups', async () => {
  const sums = await measured('groupByKey', leastBytes, () =>
    pairs()
      .groupByKey(16)
      .map(([, values]) => [values.length, values.reduce((sum, text) => sum + Number.parseInt(text, 10), 0)] as [number, number])
      .reduce((a, b) => [a[0] + b[0], a[1] + b[1]]),
  );
  assert.equal(sums, [rows, sumOfIds]);
});

test('sort', async () => {
  const parts = await measured('sortByKey', leastBytes, () =>
    pairs()
      .sortByKey(true, 16)
      .mapPartitions(function* (sorted) {
        let [count, sum, first, last, disorder] = [0, 0, Number.NaN, Number.NEGATIVE_INFINITY, 0];
        for (const [key, text] of sorted) {
          if (count === 0) first = key;
          if (key < last) disorder++;
          last = key;
          count++;
          sum += Number.parseInt(text, 10);
        }
        yield { count, sum, first, last, disorder };
      })
      .collect(),
  );
  assert.is(
    parts.reduce((n, { count }) => n + count, 0),
    rows,
  );
  assert.is(
    parts.reduce((n, { sum }) => n + sum, 0),
    sumOfIds,
  );
  parts.forEach(({ first, disorder }, i) => {
    assert.is(disorder, 0);
    if (i > 0) assert.ok(first >= parts[i - 1].last);
  });
});

test('one key has all values: its group is read from disk', async () => {
  const values = size(2_000_000, 20_000_000);
  const groups = await measured(`one key of ${values} values`, values * 4, () =>
    sc
      .range(0, values, 1, 32)
      .map((i): [string, number] => ['all', i])
      .groupByKey(16)
      .map(([key, group]) => {
        let [sum, ordered, last] = [0, true, -1];
        for (const value of group) {
          sum += value;
          ordered &&= value > last;
          last = value;
        }
        return { key, length: group.length, sum, ordered, end: group[group.length - 1] };
      })
      .collect(),
  );
  // In the order of the map tasks, as in memory.
  assert.equal(groups, [{ key: 'all', length: values, sum: (values * (values - 1)) / 2, ordered: true, end: values - 1 }]);
});

test('leaves nothing behind', async () => {
  // `before.each` opened one more session.
  await sc.stop();
  await leaks.check();
});

test.run();
