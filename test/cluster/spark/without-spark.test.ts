// What is known of Spark without one: its versions, what is missing on a machine, messages, the words of a failure.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { packEnd } from '../../../cluster/link/task-end';
import { writeDriverSettings } from '../../../cluster/spark/driver-settings';
import { MessageReader, MessageWriter } from '../../../cluster/spark/message';
import { CountedReports } from '../../../cluster/spark/reports';
import { sparkSetup } from '../../../cluster/spark/setup';
import { jobError } from '../../../cluster/spark/task-failure';
import { makeConfig } from '../../../runtime/base/config';
import { errorOf } from '../../helpers/errors';

const test = suite('Spark that is not there');
let folder: string;
const before = { ...process.env };

test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'no-spark-'));
  Object.assign(process.env, { XDG_CACHE_HOME: folder, JAVA_HOME: join(folder, 'jdk') });
  delete process.env.SPARK_HOME;
});

test.after.each(() => {
  rmSync(folder, { recursive: true, force: true });
  process.env = { ...before };
});

/** A Java that only says which one it is. */
function java(version: string): void {
  const bin = join(folder, 'jdk', 'bin');
  mkdirSync(bin, { recursive: true });
  const text = `#!/bin/sh\necho "    java.home = ${join(folder, 'jdk')}" >&2\necho "    java.specification.version = ${version}" >&2\n`;
  for (const [name, says] of [
    ['java', text],
    ['javac', '#!/bin/sh\necho "error: no symbols" >&2\nexit 1\n'],
  ]) {
    writeFileSync(join(bin, name), says);
    chmodSync(join(bin, name), 0o755);
  }
}

/** A Spark of which only the version is there. */
function spark(version: string): string {
  const jars = join(folder, 'spark', 'jars');
  mkdirSync(jars, { recursive: true });
  writeFileSync(join(jars, `spark-core_2.13-${version}.jar`), '');
  return join(folder, 'spark');
}

async function setup(...args: string[]): Promise<{ status: number; text: string }> {
  const lines: string[] = [];
  const status = await sparkSetup(args, (line) => lines.push(line));
  return { status, text: lines.join('\n') };
}

test('spark-setup names what is missing, and the remedy', async () => {
  assert.match((await setup()).text, /JAVA_HOME is .* which has no bin\/java.*\nInstall a JDK 17/);
  java('11');
  assert.match((await setup()).text, /is Java 11\.\nInstall a JDK 17/);
  java('1.8');
  assert.match((await setup()).text, /is Java 8\./);
  java('17');
  const none = await setup();
  assert.is(none.status, 1);
  assert.match(none.text, /no Spark was found\.\n.*spark-setup --pyspark/);
  assert.match((await setup('--spark-home', folder)).text, /jars\/spark-core_\*\.jar is not there/);
  assert.match(
    (await setup('--spark-home', spark('3.4.2'))).text,
    /Spark 3\.4\.2 .* is not known .*\nUse one of 3\.5, 4\.0, 4\.3\./,
  );
  assert.match((await setup('--pyspark', '2.4')).text, /Spark 2\.4 is not known/);
  const { status, text } = await setup('--colour');
  assert.is(status, 2);
  assert.match(text, 'millrace spark-setup [--pyspark');
});

test('a compiler that fails is told with its words', async () => {
  java('17');
  const { status, text } = await setup('--spark-home', spark('4.3.0'));
  assert.is(status, 1);
  assert.match(text, /could not be compiled for Spark 4\.3\.0: [\s\S]*no symbols/);
});

test('a session without Spark starts, and its jobs say why they cannot run', async () => {
  java('17');
  const notices: string[] = [];
  const sc = await connect('spark-local[2]', { onNotice: (text) => notices.push(text) });
  await errorOf('NO_SPARK', () => sc.range(3).count());
  await errorOf('NO_SPARK', () => sc.range(3).count());
  assert.is(notices.length, 1);
  assert.match(notices[0], /no Spark was found.*No job can run/);
  await sc.stop();
});

test('a master that does not answer is named at once', async () => {
  java('17');
  process.env.SPARK_HOME = spark('4.3.0');
  const sc = await connect('spark://127.0.0.1:1');
  const { message, remedy } = await errorOf('NO_SPARK', () => sc.range(3).count());
  assert.match(message, 'no master answers (127.0.0.1:1: connect ECONNREFUSED');
  assert.match(remedy, 'Check the address');
  await sc.stop();
});

/** The file of settings for a driver of `url`, over the defaults of a cluster. */
function settingsFor(
  url: string,
  conf: Record<string, string> = {},
  defaults = '',
): { readonly text: string; readonly mode: number } {
  const home = join(folder, 'home');
  mkdirSync(join(home, 'conf'), { recursive: true });
  writeFileSync(join(home, 'conf', 'spark-defaults.conf'), defaults);
  const session = { folder, executionBytes: 1, executorMemory: 1 };
  const path = writeDriverSettings({ url, conf, ...session }, makeConfig(2), { home, version: '4.3.0' });
  return { text: readFileSync(path, 'utf8'), mode: statSync(path).mode & 0o777 };
}

test('a driver that other machines reach starts only once somebody has said who may connect', async () => {
  for (const url of ['spark://192.0.2.1:7077', 'spark://192.0.2.1:7077,192.0.2.2:7077']) {
    const { message, remedy } = await errorOf('NO_SPARK', () => settingsFor(url));
    assert.match(message, `the driver of ${url} listens for other machines`);
    assert.match(remedy, 'Set spark.authenticate to true in spark-defaults.conf or by --spark-conf');
    for (const said of ['true', 'false'])
      assert.match(settingsFor(url, { 'spark.authenticate': said }).text, `authenticate=${said}`);
    for (const line of ['spark.authenticate true', ' spark.authenticate = false', 'spark.authenticate:true'])
      assert.match(settingsFor(url, {}, `# ours\n${line}\n`).text, line);
    for (const line of ['#spark.authenticate true', 'spark.authenticate.secret x', 'spark.authenticated true'])
      await errorOf('NO_SPARK', () => settingsFor(url, {}, `${line}\n`));
  }
});

test('a driver of this machine listens on its loopback, with a secret of its own where Spark can make one', () => {
  for (const url of ['local[2]', 'local[2,4]', 'spark://127.0.0.1:7077', 'spark://localhost:7077']) {
    const { text } = settingsFor(url);
    assert.match(text, 'spark.driver.bindAddress=127.0.0.1');
    assert.match(text, 'spark.ui.killEnabled=false');
    assert.is(/^spark\.authenticate=true$/m.test(text), url.startsWith('local['));
  }
});

test('settings lie in a file of their user, over the defaults of the cluster, with every character', () => {
  const { text, mode } = settingsFor('local[2]', { 'spark.a b': ' x=\\y\nz é😀 ' }, 'spark.app.name theirs');
  assert.is(mode, 0o600);
  assert.ok(text.startsWith('spark.app.name theirs\n') && !text.includes('spark.app.name=millrace'), 'ours would count');
  assert.ok(text.includes('spark.a\\ b=\\ x=\\\\y\\nz \\u00e9\\ud83d\\ude00 \n'), text);
});

test('messages are read as they were written, and cut ones are refused', () => {
  const bytes = new MessageWriter().byte(7).flag(true).int(-5).double(0.5).text('é').texts(['a', '']).ints([1, -1]).end();
  const read = (from: Buffer) => {
    const m = new MessageReader(from);
    return [m.byte(), m.flag(), m.int(), m.double(), m.text(), m.texts(), m.ints()];
  };
  assert.equal(read(bytes), [7, true, -5, 0.5, 'é', ['a', ''], [1, -1]]);
  for (let length = 0; length < bytes.length; length++) assert.throws(() => read(bytes.subarray(0, length)));
});

test('a failure is what its last record says, else the first sentence of Spark', () => {
  const { end, tail } = packEnd({ kind: 'tooBig', bytes: 2048, limit: 1024 });
  const what = Buffer.concat([new MessageWriter().text(JSON.stringify(end)).end(), tail]);
  const record = (kind: number, bytes: Uint8Array) =>
    `<millrace ${new MessageWriter().byte(kind).text('program-1').int(4).int(1).int(3).bytes(bytes).end().toString('base64')}>`;
  const widest = { title: 'mapPartitions', partitions: 4 };
  const failed = (text: string) => jobError(text, { widest, slots: 2, definitionOf: () => undefined });
  assert.is(failed(`Job aborted: ${record(0, what)}\n\tat x`).code, 'RESULT_TOO_BIG');
  const broken = packEnd({ kind: 'cancelled' });
  const interrupted = failed(record(0, Buffer.concat([new MessageWriter().text(JSON.stringify(broken.end)).end(), broken.tail])));
  assert.match(interrupted.message, /^The job was cancelled.*a task was interrupted 4 times/);
  const lost = failed(`${record(0, what)} ${record(1, Buffer.from('it was killed by signal 9'))}`);
  assert.is(lost.code, 'EXECUTORS_LOST');
  assert.equal([lost.details.stage, lost.details.partition, lost.details.attempts], [4, 1, 4]);
  const other = failed('org.apache.spark.SparkException: Job aborted: no space left\n\tat a.b.C\nDriver stacktrace:');
  assert.is(other.code, 'SPARK_FAILED');
  assert.match(other.message, 'Job aborted: no space left');
  assert.not.match(other.message, 'a.b.C');
});

test('a report counts once in a job or shuffle, and the computation of a persisted partition once in each', () => {
  const counted = new CountedReports();
  const report = (within: string, dataset: number, partition: number) =>
    counted.count({ within, dataset, partition, jobId: 0, taskId: 0, records: 0, updates: new Uint8Array() });
  assert.equal([report('job 1', -1, 0), report('job 1', -1, 0), report('job 1', -1, 1)], [true, false, true]);
  assert.equal([report('shuffle 1', -1, 0), report('shuffle 1', 7, 0), report('shuffle 1', 7, 0)], [true, true, false]);
  assert.ok(report('job 1', 7, 0));
  counted.forget('job 1');
  counted.forgetDataset(7);
  // Persisted partitions that were made of dataset 7 tell of its computations again, whenever they are read.
  assert.equal([report('job 1', -1, 0), report('shuffle 1', 7, 0)], [true, false]);
  for (let dataset = 8; dataset < 5_000; dataset++) counted.forgetDataset(dataset);
  assert.ok(report('shuffle 1', 7, 0), 'what was let go long ago is remembered no longer');
});

test('what was added while a version of a state was made counts once, whichever task tells of it', () => {
  const counted = new CountedReports();
  const block = (within: string) => ({ rddId: 7, partition: 1, within });
  const told = (within: string) => [
    { id: 'a', value: 1, block: block(within) },
    { id: 'b', value: 2, block: block(within) },
    { id: 'a', value: 3 },
  ];
  const ids = (within: string) => counted.uncounted(told(within)).map(({ id, value }) => `${id}${value}`);
  assert.equal([ids('version 1'), ids('version 1'), ids('version 2')], [['a1', 'b2', 'a3'], ['a3'], ['a1', 'b2', 'a3']]);
  counted.forgetDataset(7);
  assert.equal(ids('version 2'), ['a3']);
});

test('a barrier stage that finds too few slots in the cluster is told by its step', () => {
  const widest = { title: 'mapPartitions', partitions: 4 };
  const error = jobError('[SPARK-24819]: Barrier execution mode does not allow', {
    widest,
    slots: 2,
    definitionOf: () => undefined,
  });
  assert.match(error.message, /Stage mapPartitions has a barrier and 4 partitions.*only 2 slots/);
});

test.run();
