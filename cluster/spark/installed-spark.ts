// Finds Spark and Java on this machine, and says plainly what is missing.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { asError, MillraceError } from '../../runtime/base/errors';
import { knownReleases, knownSpark } from './versions';

/** A Spark that can be used. */
export interface InstalledSpark {
  readonly home: string;
  readonly version: string;
}

/** A Java that can run Spark; `compiler` is its javac, which a plain runtime lacks. */
export interface InstalledJava {
  readonly home: string;
  readonly major: number;
  readonly compiler?: string;
}

export const leastJava = 17;

const setup = 'millrace spark-setup says what is needed';

export function noSpark(reason: string, remedy: string): MillraceError {
  return new MillraceError('NO_SPARK', { reason, remedy });
}

/** The folder of the user in which Spark and what belongs to it are installed. */
export const cacheFolder = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'millrace', 'spark');

/** Where the packages of a virtual environment of Python have Spark. */
export function homeInVenv(venv: string): string | undefined {
  const lib = join(venv, 'lib');
  const found = existsSync(lib) ? readdirSync(lib).map((python) => join(lib, python, 'site-packages', 'pyspark')) : [];
  return found.find((home) => existsSync(join(home, 'bin', 'spark-submit')));
}

/** Those that `spark-setup --pyspark` has installed, newest first. */
function ownSparks(): string[] {
  const folder = cacheFolder();
  if (!existsSync(folder)) return [];
  const versions = readdirSync(folder).filter((name) => /^\d+\.\d+\.\d+$/.test(name));
  versions.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return versions.flatMap((version) => homeInVenv(join(folder, version)) ?? []);
}

/** `--spark-home`, else SPARK_HOME, else what `spark-setup` has installed. Throws NO_SPARK. */
export function findSpark(given: string | undefined): InstalledSpark {
  const home = given ?? (process.env.SPARK_HOME || ownSparks()[0]);
  if (home === undefined)
    throw noSpark(
      'no Spark was found',
      'Set SPARK_HOME or --spark-home, or run millrace spark-setup --pyspark, which installs one for this user.',
    );
  const version = versionOf(home);
  if (version === undefined)
    throw noSpark(`${home} has no Spark: jars/spark-core_*.jar is not there`, 'Give the folder that has bin/ and jars/.');
  if (!knownSpark(version))
    throw noSpark(`Spark ${version} at ${home} is not known to this version of Millrace`, `Use one of ${knownReleases}.`);
  return { home: realpathSync(home), version };
}

function versionOf(home: string): string | undefined {
  const jars = join(home, 'jars');
  if (!existsSync(jars)) return undefined;
  for (const name of readdirSync(jars)) {
    const version = /^spark-core_[\d.]+-(\d+\.\d+\.\d+)[\w.-]*\.jar$/.exec(name)?.[1];
    if (version !== undefined) return version;
  }
  return undefined;
}

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** JAVA_HOME, else the java of the path. Throws NO_SPARK where there is none, or an old one. */
export function findJava(): InstalledJava {
  const home = process.env.JAVA_HOME;
  const java = home ? join(home, 'bin', 'java') : onPath('java');
  const install = `Install a JDK ${leastJava} or newer, and set JAVA_HOME if it is not on the path.`;
  if (java === undefined || !existsSync(java))
    throw noSpark(home ? `JAVA_HOME is ${home}, which has no bin/java` : 'there is no Java on the path', install);
  const properties = propertiesOf(java, install);
  const major = Number(/java\.specification\.version = (?:1\.)?(\d+)/.exec(properties)?.[1]);
  if (!(major >= leastJava)) throw noSpark(`${java} is Java ${major || 'of an unknown version'}`, install);
  const found = /java\.home = (.+)/.exec(properties)?.[1].trim() ?? join(realpathSync(java), '..', '..');
  const compiler = [join(found, 'bin', 'javac'), onPath('javac')].find((path) => path !== undefined && existsSync(path));
  return { home: found, major, compiler };
}

function propertiesOf(java: string, install: string): string {
  try {
    const text = execFileSync(java, ['-XshowSettings:properties', '-version'], { stdio: ['ignore', 'pipe', 'pipe'] });
    return text.toString() || settingsOf(java);
  } catch (e) {
    throw noSpark(`${java} cannot be run: ${asError(e).message}`, install);
  }
}

/** Java prints its settings where errors go. */
function settingsOf(java: string): string {
  return execFileSync('/bin/sh', ['-c', '"$0" -XshowSettings:properties -version 2>&1', java]).toString();
}

/** The compiler. Throws NO_SPARK where only a runtime is there. */
export function compilerOf({ home, compiler }: InstalledJava): string {
  if (compiler !== undefined) return compiler;
  throw noSpark(
    `the Java at ${home} is a runtime without javac, which compiles the part of Millrace inside Spark`,
    `Install a JDK ${leastJava} or newer; ${setup}.`,
  );
}
