// A small Hadoop on loopback, HDFS and YARN in one process: its jars come from the Maven registry once, and the test ends it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { findJava, findSpark } from '../../cluster/spark/installed-spark';
import { libraryFolder, missingLibrary } from './maven-library';
import { within } from './within';

const startMs = 120_000;
const sources = join(__dirname, 'hadoop');
const libraryName = 'mini-hadoop-3.5.0';

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
export const missingForHadoop = (): string | undefined => fetched('pom.xml', libraryName);

/** Hadoop's client of S3 for the Spark that is found here: its jars, or why they cannot be had. */
export function hadoopAws(): { readonly jars: readonly string[]; readonly missing?: string } {
  const [client = ''] = globSync('hadoop-client-api-*.jar', { cwd: join(findSpark(undefined).home, 'jars') });
  const version = /-([\d.]+)\.jar$/.exec(client)?.[1];
  if (version === undefined) return { jars: [], missing: 'Spark has no jar of a Hadoop client' };
  const name = `hadoop-aws-${version}`;
  const missing = fetched('aws.xml', name, `-Dhadoop=${version}`);
  return { jars: missing === undefined ? globSync('*.jar', { cwd: libraryFolder(name), absolute: true }) : [], missing };
}

/** Fetches what a file of Maven names, once; why it cannot, where it cannot. */
function fetched(file: string, name: string, ...more: readonly string[]): string | undefined {
  const missing = missingLibrary(name, join(sources, file), ...more);
  return missing === undefined ? undefined : `No Hadoop: ${missing}`;
}

/** Starts it. `/open` is everybody's, `/closed` its owner's alone, `/full` has no room for a byte. */
export async function startHadoop(hasYarn: boolean): Promise<MiniHadoop> {
  const conf = mkdtempSync(join(tmpdir(), 'hadoop-'));
  const flags = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx512m', '-cp', join(libraryFolder(libraryName), '*')];
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
