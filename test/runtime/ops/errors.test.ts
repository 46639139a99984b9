// What users do wrong: each time one error that says what, where and what to do; the session goes on.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { startBackend } from '../../../cluster/index';
import { errorCodes, assert as internalRule, MillraceError } from '../../../runtime/base/errors';
import { diskError } from '../../../runtime/base/files';
import { Context, StorageLevel } from '../../../runtime/index';
import type { TaskBackend, TaskListener } from '../../../runtime/scheduler/backend';
import { encode } from '../../../runtime/wire/codec';
import { NestedLoads } from '../../../shell/repl/nested-loads';
import { readScript } from '../../../shell/repl/run-text';
import { TypeServiceClient } from '../../../shell/types/client';
import { asPairs, ErrorSession } from '../../helpers/error-session';
import { errorOf } from '../../helpers/errors';
import { ownOnly } from '../../helpers/master';
import { within } from '../../helpers/within';

const test = suite('errors');
const session = new ErrorSession(test);
const { numbers } = session;
let sc: Context;
let folder: string;

test.before(() => {
  ({ sc, folder } = session);
});

// ---- files

test('a path where there is nothing', async () => {
  const error = await errorOf('NO_SUCH_PATH', () => sc.textFile('no/such.txt').count());
  assert.match(error.message, /no\/such\.txt/);
  assert.match(error.remedy, new RegExp(process.cwd()));
  await errorOf('NO_SUCH_PATH', () => sc.wholeTextFiles('no/such').keys().collect());
});

test('patterns that match nothing', async () => {
  await errorOf('NO_FILES', () => sc.textFile(`${folder}/*.none`).count());
  mkdirSync(`${folder}/marks`);
  writeFileSync(`${folder}/marks/_SUCCESS`, '');
  writeFileSync(`${folder}/marks/.hidden`, 'x');
  await errorOf('NO_FILES', () => sc.textFile(`${folder}/marks/*`).count());
});

test('a file that goes or is damaged', async () => {
  writeFileSync(`${folder}/goes.txt`, 'a\n');
  const lines = sc.textFile(`${folder}/goes.txt`);
  assert.is(await lines.count(), 1);
  rmSync(`${folder}/goes.txt`);
  const gone = await errorOf('UNREADABLE_FILE', () => lines.map((l) => l).collect());
  assert.match(gone.remedy, /still there/);
  writeFileSync(`${folder}/bad.gz`, 'this is not packed');
  for (const make of [() => sc.textFile(`${folder}/bad.gz`), () => sc.wholeTextFiles(`${folder}/bad.gz`)])
    assert.match((await errorOf('UNREADABLE_FILE', () => make().count())).remedy, /gzip -t/);
});

test('a script is a file or a pipe: a device has no end', async () => {
  for (const path of ['/dev/zero', '/']) await errorOf('UNREADABLE_FILE', () => readScript(path, path, '/'));
  await errorOf('NO_SUCH_PATH', () => readScript('/no/such.ts', 'such.ts', '/no'));
});

test('paths that are none', async () => {
  for (const path of ['', '  ', 5, undefined]) await errorOf('BAD_ARGUMENT', () => sc.textFile(path as string));
  await errorOf('BAD_ARGUMENT', () => numbers().saveAsTextFile('' as string));
});

test('an output folder that exists is left as it is', async () => {
  mkdirSync(`${folder}/out`);
  writeFileSync(`${folder}/out/mine`, 'x');
  await errorOf('OUTPUT_EXISTS', () => numbers().saveAsTextFile(`${folder}/out`));
  assert.equal(readdirSync(`${folder}/out`), ['mine']);
});

test('an output that cannot be written', async () => {
  writeFileSync(`${folder}/file`, '');
  const inFile = await errorOf('DISK', () => numbers().saveAsTextFile(`${folder}/file/out`));
  assert.match(inFile.remedy, /Something else has that name/);
  // No user may make a folder there, root included.
  const { remedy } = await errorOf('DISK', () => numbers().saveAsTextFile('/proc/out'));
  // Where no folder above can be made either.
  await errorOf('DISK', () => numbers().saveAsTextFile('/proc/nosuch/out'));
  await errorOf('DISK', () => numbers().saveAsObjectFile('/proc/nosuch/deep/out', { overwrite: true }));
  await errorOf('DISK', async () => sc.setCheckpointDir('/proc/nosuch/checkpoints'));
  assert.not.match(remedy, /space/);
  // A container may have no read-only file system to try.
  for (const [code, told] of [
    ['EROFS', /read-only/],
    ['EACCES', /may not write/],
    ['ENOSPC', /Free some space/],
  ] as const)
    assert.match((await errorOf('DISK', () => diskError('out', Object.assign(new Error(code), { code })))).remedy, told);
});

test('a save that fails leaves nothing', async () => {
  const failing = numbers().map((x) => {
    if (x === 2) throw new Error('no');
    return x;
  });
  await errorOf('TASK_FAILED', () => failing.saveAsTextFile(`${folder}/half`));
  assert.not(existsSync(`${folder}/half`));
});

// ---- arguments

test('numbers of partitions', async () => {
  for (const n of [0, -1, 1e9, 1.5, Number.NaN]) {
    for (const make of [
      () => sc.parallelize([1], n),
      () => sc.range(0, 1, 1, n),
      () => sc.textFile('x', n),
      () => numbers().repartition(n),
      () => numbers().coalesce(n),
      () => numbers().distinct(n),
      () =>
        numbers()
          .keyBy((x) => x)
          .groupByKey(n),
      () => numbers().sortBy((x) => x, true, n),
    ]) {
      const error = await errorOf('BAD_ARGUMENT', make);
      assert.match(error.message, /number of partitions is .* from 1 to 1000000/);
    }
  }
});

test('other arguments', async () => {
  const bad: (() => unknown)[] = [
    () => sc.range(0, 10, 0),
    () => sc.range(0, Number.POSITIVE_INFINITY),
    () => sc.range(0, 1e300),
    () => numbers().sample(false, 1.5),
    () => numbers().sample(true, -1),
    () => numbers().sample(false, 0.5, 'x' as never),
    () => numbers().takeSample(false, 5, Number.NaN),
    () => numbers().take(-1),
    () => numbers().take(1.5),
    () => numbers().top('2' as never),
    () => numbers().map('x' as never),
    () => numbers().filter(null as never),
    () => numbers().union([4] as never),
    () => sc.union(numbers(), undefined as never),
    () => asPairs(numbers()).join(null as never),
    () => asPairs(numbers()).groupByKey({} as never),
    () => numbers().persist('toString' as never),
    () => sc.longAccumulator().add('1' as never),
  ];
  for (const f of bad) await errorOf('BAD_ARGUMENT', f);
});

test('datasets of two contexts do not mix', async () => {
  const other = await connect('local');
  await errorOf('BAD_ARGUMENT', () => numbers().union(other.parallelize([1])));
  await other.stop();
  await errorOf('CONTEXT_STOPPED', () => other.parallelize([1]));
  await errorOf('CONTEXT_STOPPED', () => other.range(5).count());
});

test('options and masters', async () => {
  const error = await errorOf('BAD_OPTION', () => connect('local', { config: { taskMaxFailures: 0 } }));
  assert.match(error.message, /taskMaxFailures is 0, but must be a whole number of tries from 1/);
  const misspelt = await errorOf('UNKNOWN_OPTION', () => connect('local', { config: { taskMaxFailure: 2 } as object }));
  assert.match(misspelt.message, /no option taskMaxFailure\./);
  assert.match(misspelt.remedy, /^Did you mean taskMaxFailures\? There are defaultParallelism, .*excludeTimeoutMs\.$/);
  await errorOf('BAD_MASTER', () => connect('locale'));
});

test('parallelize of what is no list', async () => {
  await errorOf('BAD_ARGUMENT', () => sc.parallelize(5 as never));
  await errorOf('BAD_ARGUMENT', () => sc.parallelize(null as never));
  const { message } = await errorOf('BAD_ARGUMENT', () => sc.parallelize({ a: 1 } as never));
  assert.match(message, /^parallelize: its argument is \{"a":1\}/);
  assert.match((await errorOf('BAD_ARGUMENT', () => sc.setCheckpointDir(__filename))).message, /it is a file/);
});

test('a storage level that is set already', async () => {
  const kept = numbers().persist();
  await errorOf('LEVEL_CHANGED', () => kept.persist(StorageLevel.NONE));
  kept.unpersist();
});

// ---- what breaks around a job

test('a shuffle that can never be read', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'scratch-'));
  const { TMPDIR } = process.env;
  process.env.TMPDIR = scratch;
  const own = await connect('local');
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  const gone = own.parallelize([[1, 1]] as [number, number][], 1).partitionBy(2);
  const deleting = own
    .parallelize([[1, 1]] as [number, number][], 1)
    .partitionBy(2)
    .mapPartitions((rows) => {
      const all = [...rows];
      for (const name of readdirSync(scratch, { recursive: true }) as string[])
        if (/\/\d+\/\d+\.\d+$/.test(name)) rmSync(join(scratch, name));
      return all;
    }, true);
  const error = await errorOf('SHUFFLE_LOST', () => within(10_000, deleting.join(gone).collect(), 'the job'));
  assert.is(error.details.attempts, 4);
  await own.stop();
  rmSync(scratch, { recursive: true });
});

ownOnly(test)('an error whose code the user changed ends its job as an error of the user', async () => {
  for (const code of ['__proto__', 'CANCELLED', 'constructor']) {
    const changed = sc.parallelize([1], 1).map(() => {
      const error = new MillraceError('DISK', { path: 'a', reason: 'full' });
      throw Object.assign(error, { code });
    });
    const error = await errorOf('TASK_FAILED', () => within(10_000, changed.count(), 'the job'));
    assert.match(error.message, /Writing a failed/);
  }
});

test('an error that throws what a break throws ends its job after a few tries', async () => {
  const broken = sc.parallelize([1], 1).map((x) => {
    throw Object.assign(new Error(`${x}`), { code: 'ERR_SCRIPT_EXECUTION_INTERRUPTED' });
  });
  const error = await errorOf('JOB_CANCELLED', () => within(10_000, broken.count(), 'the job'));
  assert.match(error.message, /a task was interrupted 4 times/);
});

test('errors with texts of any size and kind arrive, cut', async () => {
  const failing = (make: () => unknown) =>
    sc.parallelize([1], 1).map(() => {
      throw make();
    });
  const long = await errorOf('TASK_FAILED', () => failing(() => new Error('x'.repeat(3e6), { cause: new Error('why') })).count());
  assert.ok(long.message.length < 1.1e6);
  assert.match(long.message.slice(-100), /caused by Error: why/);
  const odd = await errorOf('TASK_FAILED', () =>
    failing(() => Object.assign(new Error('odd'), { name: Symbol('n'), stack: 7 })).count(),
  );
  assert.match(odd.message, /Symbol\(n\): odd/);
  await errorOf('TASK_FAILED', () => failing(() => Object.assign(new Error('a'), { message: Object.create(null) })).count());
});

test('a result of a few bytes that claims four billion rows fails its job', async () => {
  let listener: TaskListener | undefined;
  const value = encode(new Array(4_000_000_000));
  const metrics = { runMs: 0, recordsRead: 0, shuffleBytesWritten: 0, shuffleBytesRead: 0 };
  const end = { kind: 'success', value, cached: [], evicted: [], accumulators: [], metrics } as const;
  const backend: TaskBackend = {
    start: async (to) => {
      listener = to;
      setImmediate(() => to.executorJoined({ id: 'rogue', host: 'here', slots: 1, outputsSurvive: true }));
    },
    launch: (id, { taskId }) => void setImmediate(() => listener!.taskEnded(id, taskId, end)),
    cancel: () => {},
    forget: () => {},
    stop: async () => {},
  };
  const own = new Context({ backend, slots: 1, master: 'local' });
  await own.start();
  const { message } = await errorOf('PROTOCOL', () => within(5000, own.range(0, 5, 1, 1).collect(), 'the job'));
  assert.match(message, /4000000000 rows in \d+ bytes/);
  await errorOf('PROTOCOL', () => within(5000, own.range(0, 5, 1, 1).take(3), 'the job'));
  await own.stop();
});

test('executors that cannot be started', async () => {
  const program = join(folder, 'ends.js');
  writeFileSync(program, 'process.exit(1);');
  const { backend, slots } = await startBackend('local[1]', { storageBytes: 1 << 20, program });
  const own = new Context({ backend, slots, master: 'local[1]' });
  await own.start();
  await errorOf('NO_EXECUTORS', () => within(60_000, own.range(5).count(), 'the job'));
  await own.stop();
});

test('a file that is loaded while it is being loaded', async () => {
  const loads = new NestedLoads();
  const again = () => loads.within('a.ts', '/', () => loads.within('./a.ts', '/', async () => 1));
  assert.match((await errorOf('NESTED_LOAD', again)).message, /\(a\.ts → \.\/a\.ts\)/);
  assert.is(await loads.within('a.ts', '/', async () => 1), 1);
});

test('a type service that was stopped', async () => {
  const client = new TypeServiceClient({ cwd: folder });
  await client.stop();
  await errorOf('TYPE_SERVICE', () => client.ready());
});

test('a rule of our own that is broken', async () => {
  await errorOf('INTERNAL', () => internalRule(false, 'a test wanted it'));
});

test('streams without receivers', async () => {
  const { backend, slots } = await startBackend('local', { storageBytes: 1e6 });
  const context = new Context({ backend, slots, master: 'local' });
  await errorOf('NO_RECEIVERS', () => context.receivers);
  await backend.stop();
});

// ---- the catalog

test('every declared error is raised by a test, under its code or with its sentence', () => {
  const root = join(__dirname, '../..');
  const texts = globSync('**/*.test.ts', { cwd: root, absolute: true }).map((file) => readFileSync(file, 'utf8'));
  const all = texts.join('\n');
  const longest = (sentence: string) =>
    sentence
      .split(/\{\w+\}/)
      .sort((a, b) => b.length - a.length)[0]
      .trim();
  const unraised = errorCodes.filter((code) => {
    const sentence = longest(new MillraceError(code).message).slice(0, 25);
    return !all.includes(`'${code}'`) && !(sentence.length > 8 && all.includes(sentence));
  });
  assert.equal(unraised, []);
});

test.run();
