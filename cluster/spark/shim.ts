// The part of Millrace inside Spark: a jar that is compiled once for each version of Spark and of its own sources.
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asError } from '../../runtime/base/errors';
import { javaFolder } from '../base/program-path';
import { cacheFolder, compilerOf, type InstalledJava, type InstalledSpark, leastJava, noSpark } from './installed-spark';

const run = promisify(execFile);

/** The main classes: of the driver, and of what answers a request about files of Hadoop before there is one. */
export const driverClass = 'org.millrace.spark.Driver';
export const requestClass = 'org.millrace.spark.HadoopRequests';

/** A program with its arguments. */
type Step = readonly [program: string, ...args: string[]];

/** The jar for a Spark, compiled if it is not there yet. Throws NO_SPARK. */
export async function shimJar(spark: InstalledSpark, java: InstalledJava): Promise<string> {
  const making = jarMaking(spark, java);
  let next = making.next();
  while (!next.done) {
    const [program, ...args] = next.value;
    next = await run(program, args, { maxBuffer: 1 << 24 }).then(
      () => making.next(),
      (e) => making.throw(e),
    );
  }
  return next.value;
}

/** The same while the thread waits. */
export function shimJarNow(spark: InstalledSpark, java: InstalledJava): string {
  const making = jarMaking(spark, java);
  let next = making.next();
  while (!next.done) {
    const [program, ...args] = next.value;
    const { status, stderr } = spawnSync(program, args, { maxBuffer: 1 << 24 });
    next = status === 0 ? making.next() : making.throw(new Error(String(stderr)));
  }
  return next.value;
}

/** What must be run to make the jar; answers its path. */
function* jarMaking(spark: InstalledSpark, java: InstalledJava): Generator<Step, string, void> {
  const sources = readdirSync(javaFolder()).map((name) => join(javaFolder(), name));
  const hash = createHash('sha256');
  for (const source of sources) hash.update(readFileSync(source));
  const folder = join(cacheFolder(), 'shim');
  const jar = join(folder, `millrace-${spark.version}-${hash.digest('hex').slice(0, 16)}.jar`);
  if (existsSync(jar)) return jar;
  const compiler = compilerOf(java);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const work = mkdtempSync(join(folder, 'compile-'));
  try {
    const classes = join(work, 'classes');
    const options = [
      '-nowarn',
      '-proc:none',
      '--release',
      String(leastJava),
      '-cp',
      join(spark.home, 'jars', '*'),
      '-d',
      classes,
    ];
    yield [compiler, ...options, ...sources];
    yield [join(compiler, '..', 'jar'), '--create', '--file', join(work, 'shim.jar'), '-C', classes, '.'];
    renameSync(join(work, 'shim.jar'), jar);
  } catch (e) {
    throw noSpark(
      `its part of Millrace could not be compiled for Spark ${spark.version}: ${asError(e).message.slice(0, 2000)}`,
      'If this Spark is an unchanged release, report it.',
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return jar;
}
