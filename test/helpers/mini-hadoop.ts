// A small Hadoop on loopback, HDFS and YARN in one process: its jars come from the Maven registry once, and the test ends it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheFolder, findJava } from '../../cluster/spark/installed-spark';
import { within } from './within';

const startMs = 120_000;
const sources = join(__dirname, 'hadoop');
const library = join(cacheFolder(), '..', 'mini-hadoop-3.5.0');

export interface MiniHadoop {
  /** `hdfs://localhost:PORT`. */
  readonly hdfs: string;
  /** The host and port of its WebHDFS. */
  readonly web: string;
  /** The folder with core-site.xml, and yarn-site.xml if there is a YARN. */
  readonly conf: string;
  stop(): Promise<void>;
}

/** Why it cannot be started on this machine; undefined where it can. */
export function missingForHadoop(): string | undefined {
  if (existsSync(library)) return undefined;
  const part = `${library}.${process.pid}`;
  mkdirSync(dirname(library), { recursive: true });
  const words = ['dependency:copy-dependencies', `-DoutputDirectory=${part}`, '-DincludeScope=runtime'];
  const { status, error } = spawnSync('mvn', ['-q', '-B', '-f', join(sources, 'pom.xml'), ...words], { stdio: 'ignore' });
  if (status === 0) renameSync(part, library);
  rmSync(part, { recursive: true, force: true });
  return status === 0 ? undefined : `Hadoop's jars could not be fetched by mvn: ${error?.message ?? `it ended with ${status}`}`;
}

/** Starts it. `/open` is everybody's, `/closed` its owner's alone. */
export async function startHadoop(hasYarn: boolean): Promise<MiniHadoop> {
  const conf = mkdtempSync(join(tmpdir(), 'hadoop-'));
  const flags = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx512m', '-cp', join(library, '*')];
  const words = [...flags, join(sources, 'MiniHadoop.java'), conf, ...(hasYarn ? ['yarn'] : [])];
  const env = { ...process.env, JAVA_HOME: findJava().home };
  const child = spawn(join(findJava().home, 'bin', 'java'), words, { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const exit = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.stdin.end();
    await exit;
    rmSync(conf, { recursive: true, force: true });
  };
  let said = '';
  const ready = new Promise<RegExpExecArray>((resolve, reject) => {
    child.stdout.on('data', (bytes: Buffer) => {
      said += bytes;
      const found = /^READY (\S+) http:\/\/(\S+)$/m.exec(said);
      if (found) resolve(found);
    });
    child.once('exit', () => reject(new Error(`Hadoop ended: ${said}`)));
  });
  try {
    const [, hdfs, web] = await within(startMs, ready, 'Hadoop');
    return { hdfs, web, conf, stop };
  } catch (error) {
    child.kill('SIGKILL');
    await stop();
    throw error;
  }
}
