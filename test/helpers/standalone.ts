// A standalone cluster of Apache Spark on loopback: a master and workers, each a process of its own, ended by the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findJava, findSpark } from '../../cluster/spark/installed-spark';
import { within } from './within';

const startMs = 60_000;

export interface Standalone {
  /** `spark://127.0.0.1:PORT`. */
  readonly master: string;
  /** The processes of executors: the workers have started them. */
  executorPids(): number[];
  /** The Node processes in which executors run tasks. */
  workerPids(): number[];
  stop(): Promise<void>;
}

interface StandaloneOptions {
  /** Settings of master and workers. */
  readonly conf?: Readonly<Record<string, string>>;
  /** Where executors have their files. Default: a folder of the cluster. */
  readonly disk?: string;
}

/** Starts one with so many workers of so many cores. */
export async function startStandalone(workers: number, cores: number, options: StandaloneOptions = {}): Promise<Standalone> {
  const folder = mkdtempSync(join(tmpdir(), 'standalone-'));
  const processes: ChildProcess[] = [];
  const stop = async () => {
    for (const child of processes.reverse()) await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const settings = join(folder, 'cluster.conf');
    const lines = Object.entries(options.conf ?? {}).map((pair) => `${pair.join(' ')}\n`);
    writeFileSync(settings, lines.join(''), { mode: 0o600 });
    const words = ['--host', '127.0.0.1', '--webui-port', '0', '--properties-file', settings];
    const disk = options.disk ?? folder;
    const master = started(disk, ['org.apache.spark.deploy.master.Master', ...words, '--port', '0'], processes);
    const [, url] = await saying(master, /Starting Spark master at (spark:\/\/[\d.:]+)/);
    for (let i = 0; i < workers; i++) {
      const own = [...words, '--cores', String(cores), '--memory', '2g', '--work-dir', join(disk, String(i))];
      const worker = started(disk, ['org.apache.spark.deploy.worker.Worker', ...own, url], processes);
      await saying(worker, /Successfully registered with master/);
    }
    const machines = processes.slice(1).map(({ pid }) => pid!);
    const executorPids = () => machines.flatMap(childrenOf);
    return { master: url, executorPids, workerPids: () => executorPids().flatMap(childrenOf), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function childrenOf(parent: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]);
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

function started(disk: string, words: readonly string[], processes: ChildProcess[]): ChildProcess {
  const home = findSpark(undefined).home;
  const env = {
    ...process.env,
    SPARK_HOME: home,
    JAVA_HOME: findJava().home,
    SPARK_LOCAL_IP: '127.0.0.1',
    SPARK_LOCAL_DIRS: disk,
  };
  const child = spawn(join(home, 'bin', 'spark-class'), words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  processes.push(child);
  return child;
}

/** Waits until a process says something; goes on reading, so that it never waits for us. */
function saying(child: ChildProcess, what: RegExp): Promise<RegExpExecArray> {
  let text = '';
  const said = new Promise<RegExpExecArray>((resolve, reject) => {
    const hear = (bytes: Buffer) => {
      text = (text + bytes).slice(-20_000);
      const found = what.exec(text);
      if (found) resolve(found);
    };
    child.stdout!.on('data', hear);
    child.stderr!.on('data', hear);
    child.once('exit', () => reject(new Error(`it ended before ${what}: ${text}`)));
  });
  return within(startMs, said, String(what));
}

function ended(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return exit;
}
