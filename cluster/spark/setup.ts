// `millrace spark-setup`: says what Apache Spark needs on this machine and what is missing; with `--pyspark` it installs Spark for the user.
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../runtime/base/errors';
import { cacheFolder, compilerOf, findJava, findSpark, homeInVenv, noSpark } from './installed-spark';
import { shimJar } from './shim';
import { knownReleases, knownSpark, knownSparks, newestSpark } from './versions';

const usage = `millrace spark-setup [--pyspark [VERSION]] [--spark-home FOLDER]

Looks for what the masters of Apache Spark need: a JDK 17 or newer, and Spark ${knownReleases}. Compiles the part of Millrace
that runs inside Spark. --pyspark installs Spark ${newestSpark.tried}, or VERSION, from the Python registry for this user, about 450 MB.`;

interface Wanted {
  /** The version to install. */
  readonly pyspark?: string;
  readonly home?: string;
}

/** Undefined where the arguments are not understood. */
function readArguments(args: readonly string[]): Wanted | undefined {
  let wanted: Wanted = {};
  for (let i = 0; i < args.length; i++) {
    const value = args[i + 1]?.startsWith('-') === false ? args[++i] : undefined;
    const option = args[i - (value === undefined ? 0 : 1)];
    if (option === '--pyspark') wanted = { ...wanted, pyspark: value ?? newestSpark.tried };
    else if (option === '--spark-home' && value !== undefined) wanted = { ...wanted, home: value };
    else return undefined;
  }
  return wanted;
}

/** Answers the exit status. */
export async function sparkSetup(args: readonly string[], print: (line: string) => void): Promise<number> {
  const wanted = readArguments(args);
  if (wanted === undefined) {
    print(usage);
    return args.includes('--help') || args.includes('-h') ? 0 : 2;
  }
  try {
    const java = findJava();
    print(`Java ${java.major}: ${java.home}`);
    compilerOf(java);
    const home = wanted.pyspark === undefined ? wanted.home : installPyspark(wanted.pyspark, print);
    const spark = findSpark(home);
    print(`Spark ${spark.version}: ${spark.home}`);
    await shimJar(spark, java);
    print("Ready: millrace --master 'spark-local[2]' runs jobs with it.");
    return 0;
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    print(`${error.message}\n${error.remedy}`);
    return 1;
  }
}

/** Makes a virtual environment with Spark in the user's cache folder, unless it is there; answers Spark's folder. Throws NO_SPARK. */
function installPyspark(asked: string, print: (line: string) => void): string {
  const version = knownSparks.find(({ release }) => release === asked)?.tried ?? asked;
  if (!/^\d+\.\d+\.\d+$/.test(version) || !knownSpark(version))
    throw noSpark(`Spark ${asked} is not known to this version of Millrace`, `Use one of ${knownReleases}.`);
  const venv = join(cacheFolder(), version);
  const there = homeInVenv(venv);
  if (there !== undefined) return there;
  print(`Installing Spark ${version} from the Python registry into ${venv} …`);
  const work = `${venv}.${process.pid}`;
  mkdirSync(cacheFolder(), { recursive: true, mode: 0o700 });
  try {
    run('python3', ['-m', 'venv', work], 'Install Python 3 with its venv module (python3-venv on Debian).');
    run(
      join(work, 'bin', 'python'),
      ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', `pyspark==${version}`],
      'See what pip says above.',
    );
    rmSync(venv, { recursive: true, force: true });
    renameSync(work, venv);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const home = homeInVenv(venv);
  if (home === undefined) throw noSpark(`pip left no Spark in ${venv}`, 'Set SPARK_HOME to a Spark of your own.');
  return home;
}

function run(program: string, args: readonly string[], remedy: string): void {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) throw noSpark(`${program} cannot be run: ${error.message}`, remedy);
  if (status !== 0) throw noSpark(`${program} ${args.slice(0, 3).join(' ')} ended with ${status}`, remedy);
}
