// The part of Millrace inside Spark: a jar that is compiled once for each version of Spark and of its own sources.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asError } from '../../runtime/base/errors';
import { javaFolder } from '../base/program-path';
import { cacheFolder, compilerOf, type InstalledJava, type InstalledSpark, leastJava, noSpark } from './installed-spark';

const run = promisify(execFile);

/** The main class of the driver. */
export const driverClass = 'org.millrace.spark.Driver';

/** The jar for a Spark, compiled if it is not there yet. Throws NO_SPARK. */
export async function shimJar(spark: InstalledSpark, java: InstalledJava): Promise<string> {
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
    await run(compiler, [...options, ...sources], { maxBuffer: 1 << 24 });
    await run(join(compiler, '..', 'jar'), ['--create', '--file', join(work, 'shim.jar'), '-C', classes, '.']);
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
