// How Spark's driver is started, with a stand-in for spark-submit: its settings and where they are, masters that lack something, its last words.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConnectOptions, connect } from '../../../cluster/connect';
import { errorOf } from '../../helpers/errors';

const test = suite('starting Spark');
let folder: string;
const before = { ...process.env };

test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'start-spark-'));
  program('jdk/bin/java', `echo "    java.home = ${folder}/jdk" >&2; echo "    java.specification.version = 17" >&2`);
  program('jdk/bin/javac', 'exit 0');
  // The archive that is asked for, behind --create --file.
  program('jdk/bin/jar', ': > "$3"');
  mkdirSync(join(folder, 'spark', 'jars'), { recursive: true });
  writeFileSync(join(folder, 'spark', 'jars', 'spark-core_2.13-4.3.0.jar'), '');
  const own = { XDG_CACHE_HOME: folder, JAVA_HOME: join(folder, 'jdk'), SPARK_HOME: join(folder, 'spark') };
  Object.assign(process.env, own);
  for (const name of ['SPARK_CONF_DIR', 'HADOOP_CONF_DIR', 'YARN_CONF_DIR']) delete process.env[name];
});

test.after.each(() => {
  rmSync(folder, { recursive: true, force: true });
  process.env = { ...before };
});

function program(name: string, text: string): void {
  const file = join(folder, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

const asked = () => join(folder, 'asked');

/** A spark-submit that leaves its arguments and its settings, says something, and ends with 1. */
const submit = (says = '') =>
  program(
    'spark/bin/spark-submit',
    `echo "$@" > ${asked()}; while [ $# -gt 0 ]; do [ "$1" = --properties-file ] && cp -p "$2" ${asked()}.conf; shift; done\n${says}\nexit 1`,
  );

/** What a job fails with on a master. */
async function failure(
  master: string,
  options: ConnectOptions['spark'] = {},
  code: 'NO_SPARK' | 'NO_EXECUTORS' = 'NO_EXECUTORS',
) {
  const sc = await connect(master, { spark: options });
  try {
    return await errorOf(code, () => sc.range(3).count());
  } finally {
    await sc.stop();
  }
}

/** The settings that Spark was given, by name; of a name that is set twice the last one. */
const given = () => {
  const lines = readFileSync(`${asked()}.conf`, 'utf8').split('\n');
  const pairs = lines.map((line) => /^\s*([^#\s=:]+)\s*[=:\s]\s*(.*)$/.exec(line));
  return Object.fromEntries(pairs.flatMap((found) => (found ? [[found[1], found[2]]] : [])));
};

test('settings: those of the command line above those of the site, these above ours', async () => {
  submit();
  mkdirSync(join(folder, 'spark', 'conf'));
  const site =
    '# of the site\nspark.driver.memory 3g\nspark.executor.cores=5\nspark.driver.extraJavaOptions  -Dmine=1\nspark.files /site.txt\n';
  writeFileSync(join(folder, 'spark', 'conf', 'spark-defaults.conf'), site);
  const conf = { 'spark.executor.cores': '2', 'spark.authenticate.secret': 'unseen', 'spark.millrace.node': '/opt/node' };
  await failure('spark-local[2]', { conf });
  const settings = given();
  assert.is(settings['spark.driver.memory'], '3g');
  assert.is(settings['spark.executor.cores'], '2');
  assert.is(settings['spark.task.maxFailures'], '4');
  assert.is(settings['spark.millrace.node'], '/opt/node');
  assert.match(settings['spark.driver.extraJavaOptions'], /^-Dlog4j2\.configurationFile=file:\S+ -Dmine=1$/);
  assert.not.match(readFileSync(asked(), 'utf8'), 'unseen');
  assert.match(readFileSync(asked(), 'utf8'), /--files \S+spark-worker\.js\S*,\/site\.txt /);
  await failure('spark-local[2]', { conf: { 'spark.files': '/mine.txt,/more.txt' } });
  assert.match(readFileSync(asked(), 'utf8'), /--files \S+spark-worker\.js\S*,\/mine\.txt,\/more\.txt /);
});

test('SPARK_CONF_DIR is where the settings of the site are', async () => {
  submit();
  mkdirSync(join(folder, 'conf'));
  writeFileSync(join(folder, 'conf', 'spark-defaults.conf'), 'spark.app.name: ours\n');
  process.env.SPARK_CONF_DIR = join(folder, 'conf');
  await failure('spark-local[2]');
  assert.is(given()['spark.app.name'], 'ours');
});

test('what Spark said before it ended is the reason', async () => {
  const said: Record<string, RegExp> = {
    'echo "WARNING: Using incubator modules" >&2; echo "Error: Master must be good" >&2':
      /Spark has ended: it exited with code 1: Master must be good/,
    'echo "Exception in thread \\"main\\" org.apache.spark.SparkException: No such pool" >&2; echo "	at a.b.C" >&2':
      /code 1: No such pool/,
    'kill -9 $$': /Spark has ended: it was killed by SIGKILL/,
  };
  for (const [says, message] of Object.entries(said)) {
    submit(says);
    assert.match((await failure('spark-local[2]')).message, message);
  }
});

test('YARN without its settings, and Kubernetes without an image, are named before Spark is started', async () => {
  submit();
  const open = { 'spark.authenticate': 'false' };
  const yarn = await failure('yarn', {}, 'NO_SPARK');
  assert.match(yarn.message, /HADOOP_CONF_DIR or YARN_CONF_DIR, and neither is set/);
  assert.match(yarn.remedy, /^Set HADOOP_CONF_DIR to the folder that has yarn-site\.xml/);
  const kubernetes = await failure('k8s://https://host:6443', {}, 'NO_SPARK');
  assert.match(kubernetes.message, /spark\.kubernetes\.container\.image is not set/);
  assert.not.ok(existsSync(asked()));
  process.env.HADOOP_CONF_DIR = folder;
  await failure('yarn', { conf: open });
  assert.match(readFileSync(asked(), 'utf8'), '--master yarn ');
  await failure('k8s://https://host:6443', { conf: { ...open, 'spark.kubernetes.container.image': 'spark-node:1' } });
  assert.match(readFileSync(asked(), 'utf8'), '--master k8s://https://host:6443 ');
});

test('weights of pools become whole numbers of the same ratios, that of jobs without a pool too', async () => {
  submit(`cp "$(sed -n 's/^spark.scheduler.allocation.file=file://p' ${asked()}.conf)" ${asked()}.pools`);
  const config = { schedulerMode: 'FAIR', pools: { small: { weight: 0.5 }, large: { weight: 1.25 } } } as const;
  const sc = await connect('spark-local[2]', { config });
  await errorOf('NO_EXECUTORS', () => sc.range(3).count());
  await sc.stop();
  const pools = [...readFileSync(`${asked()}.pools`, 'utf8').matchAll(/name="(\w+)".*<weight>(\d+)</g)];
  assert.equal(
    pools.map(([, name, weight]) => [name, weight]),
    [
      ['default', '4'],
      ['small', '2'],
      ['large', '5'],
    ],
  );
});

test.run();
