// What samples/cluster has for deploying does what it says: the master and workers of its cloud-init, and the steps of its Dockerfile.
// time limit: 300 s
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { findJava, findSpark } from '../../cluster/spark/installed-spark';
import { knownSparks } from '../../cluster/spark/versions';
import { until } from '../helpers/within';

const test = suite('deploying');
const samples = join(__dirname, '..', '..', 'samples', 'cluster');
const cloudInit = readFileSync(join(samples, 'cloud-init.yaml'), 'utf8');
const dockerfile = readFileSync(join(samples, 'Dockerfile'), 'utf8');
const startMs = 60_000;
let folder: string;

test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'deploy-'));
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

/** The content of a file that cloud-init writes. */
function written(path: string): string {
  const [, after] = cloudInit.split(`- path: ${path}\n`);
  const [, block] = /content: \|\n((?: {6}.*\n|\n)+)/.exec(after)!;
  return block.replace(/^ {6}/gm, '').trimEnd();
}

test('the variables that the service sets are those that its script reads', () => {
  const set = [...written('/etc/default/spark-node').matchAll(/^(\w+)=/gm)].map(([, name]) => name);
  const script = written('/usr/local/bin/spark-node');
  assert.equal(set, ['ROLE', 'MASTER', 'SPARK_HOME', 'SECRET']);
  for (const name of set) assert.match(script, new RegExp(`\\$\\{?${name}\\b`));
  const service = written('/etc/systemd/system/spark-node.service');
  for (const path of [...service.matchAll(/=(\/[\w/-]+)/g)].map(([, path]) => path)) assert.match(cloudInit, `path: ${path}\n`);
});

test('the versions are some that are known', () => {
  const versions = [...`${cloudInit}${dockerfile}`.matchAll(/(?:pyspark==|apache\/spark:)(\d+\.\d+)/g)].map(
    ([, release]) => release,
  );
  assert.is(versions.length, 2);
  for (const version of versions)
    assert.ok(
      knownSparks.some(({ release }) => release === version),
      version,
    );
});

test('a master and two workers come up by the script, and only who has the secret runs jobs', async () => {
  const script = join(folder, 'spark-node');
  writeFileSync(script, written('/usr/local/bin/spark-node'));
  const processes: ChildProcess[] = [];
  const started = (role: string, more: NodeJS.ProcessEnv, says: RegExp) => {
    const own = { ROLE: role, ADDRESS: '127.0.0.1', UI_PORT: '0', SECRET: 'for the test', ...more };
    const env = { ...process.env, SPARK_HOME: findSpark(undefined).home, JAVA_HOME: findJava().home, ...own };
    const child = spawn('sh', [script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    processes.push(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (text += bytes));
    return until(startMs, () => says.exec(text) ?? undefined, `${says} of the ${role}`) as Promise<RegExpExecArray>;
  };
  try {
    const [, port] = await started('master', { PORT: '0' }, /Starting Spark master at spark:\/\/127\.0\.0\.1:(\d+)/);
    for (const name of ['a', 'b'])
      await started('worker', { PORT: port, MASTER: '127.0.0.1', WORK_DIR: join(folder, name) }, /Successfully registered/);
    const secret = { 'spark.authenticate': 'true', 'spark.authenticate.secret': 'for the test' };
    const conf = { ...secret, 'spark.executor.memory': '512m', 'spark.cores.max': '2', 'spark.executor.cores': '1' };
    const sc = await connect(`spark://127.0.0.1:${port}`, { spark: { conf } });
    try {
      assert.is(
        await sc
          .range(0, 1000, 1, 4)
          .filter((x) => x % 2 === 0)
          .count(),
        500,
      );
    } finally {
      await sc.stop();
    }
  } finally {
    for (const child of processes.reverse()) {
      child.kill('SIGTERM');
      await new Promise((resolve) =>
        child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve(0),
      );
    }
  }
});

test('a role that is none is refused', () => {
  const script = join(folder, 'role');
  writeFileSync(script, written('/usr/local/bin/spark-node'));
  const env = { ...process.env, ROLE: 'driver', ADDRESS: '127.0.0.1', SECRET: 'x', SPARK_HOME: '/', MASTER: 'x' };
  assert.throws(() => execFileSync('sh', [script], { env, stdio: 'pipe' }), /ROLE is 'driver', but must be master or worker/);
});

/** Instructions with their arguments. */
const steps = [...dockerfile.matchAll(/^([A-Z]+) (.+)$/gm)].map(([, name, text]) => ({ name, text }));

test('the Dockerfile names exact versions, and its last user is not root', () => {
  for (const { text } of steps.filter(({ name }) => name === 'FROM')) assert.match(text, /^[\w/-]+:\d+\.\d+[\w.-]*( AS \w+)?$/);
  assert.not.match(steps.filter(({ name }) => name === 'USER').at(-1)!.text, /root/);
});

test('the steps of the Dockerfile run here, with the Node and the Spark of this machine', () => {
  const run = steps.filter(({ name }) => name === 'RUN');
  assert.ok(run.length >= 2);
  const env = {
    ...process.env,
    SPARK_HOME: findSpark(undefined).home,
    PATH: `${join(process.execPath, '..')}:${process.env.PATH}`,
  };
  for (const { text } of run) execFileSync('sh', ['-c', text], { env, stdio: 'pipe' });
});

test.run();
