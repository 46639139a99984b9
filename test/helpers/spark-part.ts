// The part of the tests that Apache Spark runs: which suites, on which masters, and what is missing for it on this machine.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findJava, findSpark } from '../../cluster/spark/installed-spark';
import { MillraceError } from '../../runtime/base/errors';
import { type Standalone, startStandalone } from './standalone';

/** Suites that any master must pass. */
const shared = [
  'runtime/ops/(actions|awaited|bad-input|errors|job-control|left-out|numeric|operators|outside|pairs|placement|row-errors|sampling|several)',
  'runtime/(formats/|models/(models|pregel)|rdd/(custom-rdd|inputs)|tables/)',
  'runtime/streaming/',
  'runtime/(closure/(changes|frozen)|exec/(collected-rows|persisted-updates|text))',
  'cluster/(jobs/closures|receivers/receivers(-custom)?.)',
  'property/(models|programs|restarts|session-windows|slack|streams)',
];
const onAnyMaster = new RegExp(`^test/(${shared.join('|')})`);
/** The tests of that engine itself; those of a cluster start their own. */
const own = /^test\/spark\//;

/** What `npm run test:spark -- --short` runs of it, and so `.ci/run`: what tells most for its time. */
const short =
  /^test\/(spark\/(barrier|jobs|standalone|streams)|runtime\/(ops\/(actions|operators|pairs|several)|streaming\/(state-restart|stream-(state|windows)))|cluster\/jobs\/closures|property\/programs)/;

export interface SparkFile {
  readonly file: string;
  /** The master for suites that any must pass; those of `test/spark` have their own. */
  readonly master?: string;
}

/** Set by the runner after this module has been loaded. */
export const isLong = (): boolean => process.env.MILLRACE_LONG === '1';

export const isOwn = (file: string): boolean => own.test(file);

/** The files of `all` that run on a master of Spark; with `whole` all of them, else those of the short size. */
export function sparkFiles(all: readonly string[], master: string, whole: boolean): SparkFile[] {
  return all.flatMap((file): SparkFile[] => {
    if (!whole && !short.test(file)) return [];
    if (own.test(file)) return [{ file }];
    return onAnyMaster.test(file) ? [{ file, master }] : [];
  });
}

/** What Spark needs and this machine lacks, in words; undefined if it can run. */
export function missingForSpark(): string | undefined {
  try {
    findJava();
    findSpark(undefined);
    return undefined;
  } catch (error) {
    if (error instanceof MillraceError) return `${error.message} ${error.remedy}`;
    throw error;
  }
}

/** A cluster of two workers for suites one after the other; its sessions take one core of each. */
export async function startSharedCluster(): Promise<Standalone> {
  const folder = mkdtempSync(join(tmpdir(), 'spark-conf-'));
  const settings = { 'spark.cores.max': '2', 'spark.executor.cores': '1', 'spark.executor.memory': '512m' };
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}\n`);
  writeFileSync(join(folder, 'spark-defaults.conf'), lines.join(''));
  // Read by the sessions of all files.
  process.env.SPARK_CONF_DIR = folder;
  const cluster = await startStandalone(2, 4);
  const stop = async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...cluster, stop };
}
