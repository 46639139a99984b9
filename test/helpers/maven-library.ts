// Jars of servers for tests: fetched from the Maven registry once, into the user's cache folder.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../../cluster/spark/installed-spark';

/** The folder of the jars that a pom asks for, by the name of what they are. */
export const libraryFolder = (name: string): string => join(cacheFolder(), '..', name);

/** A registry that does not answer is given up after this long. */
const fetchMs = 300_000;

/** Fetches what a pom asks for; answers why it cannot. */
export function missingLibrary(name: string, pom: string, ...more: readonly string[]): string | undefined {
  const library = libraryFolder(name);
  if (existsSync(library)) return undefined;
  const part = `${library}.${process.pid}`;
  mkdirSync(dirname(library), { recursive: true });
  const words = ['dependency:copy-dependencies', `-DoutputDirectory=${part}`, '-DincludeScope=runtime', ...more];
  const { status, error } = spawnSync('mvn', ['-q', '-B', '-f', pom, ...words], { stdio: 'ignore', timeout: fetchMs });
  try {
    if (status === 0) renameSync(part, library);
  } catch {
    // Another test file fetched them at the same time.
  }
  rmSync(part, { recursive: true, force: true });
  return existsSync(library) ? undefined : `its jars could not be fetched by mvn: ${error?.message ?? `it ended with ${status}`}`;
}
