// The settings of Spark's driver for a session, in a file that only its user reads: arguments of a process show to everybody on the machine.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Config } from '../../runtime/base/config';
import { loopback } from '../base/limits';
import { readMachine } from '../base/machine';
import { sparkWorkerProgram } from '../base/program-path';
import { type InstalledSpark, noSpark } from './installed-spark';
import { isHere, isLocal } from './spark-master';
import { programHash, writeSettings } from './worker-settings';

/** What a session asks of Spark's driver. */
export interface DriverSettings {
  /** Spark's own name of the master: `local[2]`, `spark://host:7077`. */
  readonly url: string;
  /** Settings of Spark, which win over those made here. */
  readonly conf?: Readonly<Record<string, string>>;
  /** `--spark-ship-node`. */
  readonly shipNode?: boolean;
  /** The session's folder. */
  readonly folder: string;
  readonly executionBytes: number;
  /** Heap of a worker in MiB. */
  readonly executorMemory: number;
}

type Settings = Readonly<Record<string, string>>;

/** Heap of a driver in MiB that has executors of its own beside it, and of one that holds all persisted partitions. */
const driverMb = 1024;
const mostLocalMb = 8192;

/** A worker holds decoded copies of persisted partitions in this part of its heap. */
const copiesShare = 4;

const authenticate = 'spark.authenticate';
const javaOptions = 'spark.driver.extraJavaOptions';

/** How long a barrier stage waits for slots, in seconds. */
const barrierPatienceS = 60;

/** Whether executors get the session's own Node: on this machine alone there is nothing to ship. */
export const shipsNode = ({ url, shipNode }: DriverSettings): boolean => shipNode === true && !isLocal(url);

/** Files that Spark reads and writes for a session. */
interface SparkFiles {
  readonly logFile: string;
  readonly poolsFile?: string;
}

/** Where the driver's log is, below the session's folder. */
export const driverLogOf = (folder: string): string => join(folder, 'spark.log');

/** The log of the driver goes to a file of the session: the terminal is the user's. */
const logging = (file: string): string => `rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = ${file}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1}: %m%n%ex
# Of executors that end before they join, Spark tells here alone.
logger.client.name = org.apache.spark.deploy.client
logger.client.level = info
`;

/** What is set beyond the defaults of the cluster: ours where these say nothing, and those of the session. */
function settingsOf(driver: DriverSettings, config: Config, { logFile, poolsFile }: SparkFiles, defaults: Settings): Settings {
  const { url, folder, executionBytes, executorMemory, conf = {} } = driver;
  const localMb = Math.min(mostLocalMb, Math.floor(readMachine().memoryBytes / 2 ** 20 / 4));
  const ours: Settings = {
    'spark.app.name': 'millrace',
    'spark.driver.memory': `${isLocal(url) ? Math.max(driverMb, localMb) : driverMb}m`,
    // Other users of this machine reach its loopback too: they are kept out by a secret that Spark makes, and its pages change nothing.
    ...(isLocal(url) && { [authenticate]: 'true' }),
    ...(isHere(url) && {
      'spark.driver.host': loopback,
      'spark.driver.bindAddress': loopback,
      'spark.ui.killEnabled': 'false',
    }),
    'spark.ui.showConsoleProgress': 'false',
    // A host that refuses is reported soon.
    'spark.hadoop.ipc.client.connect.max.retries': '3',
    'spark.driver.maxResultSize': '0',
    'spark.task.maxFailures': String(config.taskMaxFailures),
    'spark.stage.maxConsecutiveAttempts': String(config.stageMaxAttempts),
    'spark.locality.wait': `${config.localityWaitMs}ms`,
    'spark.scheduler.mode': config.schedulerMode,
    'spark.speculation': String(config.speculation),
    // A barrier stage that finds too few slots waits for executors that may be about to come up.
    'spark.scheduler.barrier.maxConcurrentTasksCheck.interval': '1s',
    'spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures': String(barrierPatienceS),
    ...(poolsFile !== undefined && { 'spark.scheduler.allocation.file': `file:${poolsFile}` }),
    'spark.millrace.node': process.execPath,
    ...(shipsNode(driver) && { 'spark.millrace.shippedNode': basename(process.execPath) }),
  };
  const log = `-Dlog4j2.configurationFile=file:${logFile}`;
  return {
    ...Object.fromEntries(Object.entries(ours).filter(([name]) => !Object.hasOwn(defaults, name))),
    ...conf,
    [javaOptions]: [log, conf[javaOptions] ?? defaults[javaOptions]].filter((text) => text !== undefined).join(' '),
    'spark.millrace.nodeFlags': `--max-semi-space-size=64 --max-old-space-size=${executorMemory}`,
    'spark.millrace.settings': writeSettings({
      folder,
      executionBytes,
      copyBytes: Math.floor((executorMemory * 2 ** 20) / copiesShare),
      maxResultBytes: config.maxResultBytes,
      program: programHash(sparkWorkerProgram()),
    }),
  };
}

/** The pools of FAIR scheduling as Spark reads them. */
function writePools(folder: string, { pools }: Config): string | undefined {
  if (Object.keys(pools).length === 0) return undefined;
  // Jobs without a pool are in that of this name.
  const all: Config['pools'] = { default: {}, ...pools };
  const names = Object.keys(all);
  const weights = wholeWeights(names.map((name) => all[name].weight ?? 1));
  const lines = names.map((name, i) => {
    const { schedulingMode = 'FIFO', minShare = 0 } = all[name];
    const parts = { schedulingMode, weight: weights[i], minShare };
    const inner = Object.entries(parts).map(([part, value]) => `<${part}>${value}</${part}>`);
    return `  <pool name="${inXml(name)}">${inner.join('')}</pool>`;
  });
  const file = join(folder, 'pools.xml');
  writeFileSync(file, `<?xml version="1.0"?>\n<allocations>\n${lines.join('\n')}\n</allocations>\n`);
  return file;
}

/** Weights of the same ratios in whole numbers, as far as a thousand times the given ones can have them. */
function wholeWeights(weights: readonly number[]): number[] {
  const isWhole = (factor: number) => weights.every((w) => Math.abs(w * factor - Math.round(w * factor)) < 1e-9 * factor);
  let factor = 1;
  while (factor < mostFactor && !isWhole(factor)) factor++;
  return weights.map((w) => Math.max(1, Math.round(w * factor)));
}

const mostFactor = 1000;

const inXml = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** The text of `spark-defaults.conf`, which Spark does not read where it is given another file. */
function defaultsOf({ home }: InstalledSpark): string {
  const file = join(process.env.SPARK_CONF_DIR || join(home, 'conf'), 'spark-defaults.conf');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** The settings of such a text: names and values apart by blanks, `=` or `:`. */
function settingsIn(text: string): Settings {
  const pairs = text.split(/\r?\n|\r/).map((line) => /^\s*([^#!\s=:]+)(?:[ \t\f]*[=:]|[ \t\f])\s*(.*?)\s*$/.exec(line));
  return Object.fromEntries(pairs.flatMap((found) => (found ? [[found[1], found[2]]] : [])));
}

/** Files that the user has executors get: those of ours are an argument, which would take their place. */
export function userFiles({ conf }: DriverSettings, spark: InstalledSpark): readonly string[] {
  const named = conf?.['spark.files'] ?? settingsIn(defaultsOf(spark))['spark.files'];
  return named === undefined || named === '' ? [] : [named];
}

/** Throws NO_SPARK where the driver would take connections from other machines and nobody has said who may. */
function checkAuthentication({ url, conf = {} }: DriverSettings, defaults: Settings): void {
  if (isHere(url) || Object.hasOwn(conf, authenticate) || Object.hasOwn(defaults, authenticate)) return;
  throw noSpark(
    `the driver of ${url} listens for other machines, and nothing says who may connect`,
    `Set ${authenticate} to true in spark-defaults.conf or by --spark-conf, with the ${authenticate}.secret of the cluster; or to false where its network is trusted.`,
  );
}

/** Throws NO_SPARK where a master asks for what is not said: Spark itself would end with a trace. */
function checkMaster({ url, conf }: DriverSettings, defaults: Settings): void {
  if (url === 'yarn' && !process.env.HADOOP_CONF_DIR && !process.env.YARN_CONF_DIR)
    throw noSpark(
      'a master of YARN is found by the files of HADOOP_CONF_DIR or YARN_CONF_DIR, and neither is set',
      'Set HADOOP_CONF_DIR to the folder that has yarn-site.xml and core-site.xml.',
    );
  const image = 'spark.kubernetes.container.image';
  const settings = { ...defaults, ...conf };
  if (url.startsWith('k8s://') && !settings[image] && !settings['spark.kubernetes.executor.container.image'])
    throw noSpark(
      `executors on Kubernetes are made from an image, and ${image} is not set`,
      `Give --spark-conf ${image}=NAME, an image that has Spark and Node.`,
    );
}

/** A setting as a line of a file of Java's properties. */
function lineOf([name, value]: readonly [string, string]): string {
  const escaped = value
    .replace(/\\/g, '\\\\')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/^[ \t\f]/, '\\$&');
  return `${name.replace(/[\\ =:#!\t\f]/g, '\\$&')}=${escaped.replace(/[^\x20-\x7e]/g, unicode)}`;
}

const unicode = (text: string): string =>
  Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');

/** Writes the settings below the session's folder, over the defaults of the cluster; answers the path. Throws NO_SPARK. */
export function writeDriverSettings(driver: DriverSettings, config: Config, spark: InstalledSpark): string {
  const text = defaultsOf(spark);
  const defaults = settingsIn(text);
  checkMaster(driver, defaults);
  checkAuthentication(driver, defaults);
  const logFile = join(driver.folder, 'log4j2.properties');
  writeFileSync(logFile, logging(driverLogOf(driver.folder)));
  const poolsFile = writePools(driver.folder, config);
  const own = Object.entries(settingsOf(driver, config, { logFile, poolsFile }, defaults)).map(lineOf);
  const path = join(driver.folder, 'spark.conf');
  writeFileSync(path, `${text}\n${own.join('\n')}\n`, { mode: 0o600 });
  return path;
}
