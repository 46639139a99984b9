// Starts Spark's driver for a session: finds Spark and Java, compiles what runs inside it, and runs spark-submit.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../runtime/base/config';
import { loopback } from '../base/limits';
import { readMachine } from '../base/machine';
import type { OutputListener } from '../base/output-lines';
import { sparkWorkerProgram } from '../base/program-path';
import { findJava, findSpark } from './installed-spark';
import { checkReachable } from './reachable';
import { driverClass, shimJar } from './shim';
import type { StartSpark } from './spark-engine';
import { SparkProcess } from './spark-process';
import { writeSettings } from './worker-settings';

export interface SparkOptions {
  /** Spark's own name of the master: `local[2]`, `spark://host:7077`. */
  readonly url: string;
  /** `--spark-home`. */
  readonly home?: string;
  /** Settings of Spark, which win over those made here. */
  readonly conf?: Readonly<Record<string, string>>;
  /** The session's folder. */
  readonly folder: string;
  readonly executionBytes: number;
  /** Heap of a worker in MiB. */
  readonly executorMemory: number;
  readonly onOutput: OutputListener;
  readonly holds: boolean;
}

/** Heap of a driver in MiB that has executors of its own beside it, and of one that holds all persisted partitions. */
const driverMb = 1024;
const mostLocalMb = 8192;

/** Whether a master is on this machine: then nothing needs to be reached from others. */
const isHere = (url: string): boolean => /^(local\[|spark:\/\/(127\.\d+\.\d+\.\d+|localhost):)/.test(url);

const isLocal = (url: string): boolean => url.startsWith('local[');

/** The log of the driver goes to a file of the session: the terminal is the user's. */
const logging = (file: string): string => `rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = ${file}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1}: %m%n%ex
`;

function settingsOf(options: SparkOptions, config: Config, logFile: string): Record<string, string> {
  const { url, folder, executionBytes, executorMemory } = options;
  const localMb = Math.min(mostLocalMb, Math.floor(readMachine().memoryBytes / 2 ** 20 / 4));
  return {
    'spark.app.name': 'millrace',
    'spark.driver.memory': `${isLocal(url) ? Math.max(driverMb, localMb) : driverMb}m`,
    ...(isHere(url) && { 'spark.driver.host': loopback, 'spark.driver.bindAddress': loopback }),
    'spark.ui.showConsoleProgress': 'false',
    'spark.driver.maxResultSize': '0',
    'spark.task.maxFailures': String(config.taskMaxFailures),
    'spark.stage.maxConsecutiveAttempts': String(config.stageMaxAttempts),
    'spark.locality.wait': `${config.localityWaitMs}ms`,
    'spark.scheduler.mode': config.schedulerMode,
    'spark.speculation': String(config.speculation),
    'spark.driver.extraJavaOptions': `-Dlog4j2.configurationFile=file:${logFile}`,
    ...options.conf,
    'spark.millrace.node': process.execPath,
    'spark.millrace.nodeFlags': `--max-semi-space-size=64 --max-old-space-size=${executorMemory}`,
    'spark.millrace.settings': writeSettings({ folder, executionBytes, maxResultBytes: config.maxResultBytes }),
  };
}

export const startSpark =
  (options: SparkOptions, config: Config): StartSpark =>
  async ({ event, exit }) => {
    const spark = findSpark(options.home);
    const java = findJava();
    await checkReachable(options.url);
    const jar = await shimJar(spark, java);
    const logFile = join(options.folder, 'log4j2.properties');
    writeFileSync(logFile, logging(join(options.folder, 'spark.log')));
    const confs = Object.entries(settingsOf(options, config, logFile)).flatMap(([k, v]) => ['--conf', `${k}=${v}`]);
    // Spark itself tries a task once only on a local master, unless its name says more.
    const master = options.url.replace(/^local\[(\d+)\]$/, `local[$1,${config.taskMaxFailures}]`);
    const files = ['--files', sparkWorkerProgram()];
    const args = ['--class', driverClass, '--master', master, ...files, ...confs, jar];
    const env = {
      ...process.env,
      SPARK_HOME: spark.home,
      JAVA_HOME: java.home,
      ...(isHere(options.url) && { SPARK_LOCAL_IP: loopback }),
    };
    const command = { program: join(spark.home, 'bin', 'spark-submit'), args, env };
    const { onOutput, holds } = options;
    return new SparkProcess({ command, onEvent: event, onExit: exit, onOutput, holds });
  };
