// Starts Spark's driver for a session: finds Spark and Java, compiles what runs inside it, and runs spark-submit.
import { join } from 'node:path';
import type { Config } from '../../runtime/base/config';
import { loopback } from '../base/limits';
import type { OutputListener } from '../base/output-lines';
import { fetchThreadProgram, sparkWorkerProgram } from '../base/program-path';
import { type DriverSettings, shipsNode, userFiles, writeDriverSettings } from './driver-settings';
import { findJava, findSpark } from './installed-spark';
import { checkReachable } from './reachable';
import { driverClass, requestClass, shimJar, shimJarNow } from './shim';
import type { StartSpark } from './spark-engine';
import { isHere } from './spark-master';
import { type SparkCommand, SparkProcess } from './spark-process';

export interface SparkOptions extends DriverSettings {
  /** `--spark-home`. */
  readonly home?: string;
  readonly onOutput: OutputListener;
  readonly holds: boolean;
}

/** Runs what answers requests about files of Hadoop, with the settings of the session. Throws NO_SPARK. */
export const helperCommand = (options: SparkOptions, config: Config) => (): SparkCommand => {
  const spark = findSpark(options.home);
  const java = findJava();
  const jar = shimJarNow(spark, java);
  const settings = writeDriverSettings(options, config, spark);
  const env = { ...process.env, SPARK_HOME: spark.home, JAVA_HOME: java.home, SPARK_LOCAL_IP: loopback };
  const args = ['--class', requestClass, '--master', 'local', '--properties-file', settings, jar];
  return { program: join(spark.home, 'bin', 'spark-submit'), args, env };
};

export const startSpark =
  (options: SparkOptions, config: Config): StartSpark =>
  async ({ event, exit }) => {
    const spark = findSpark(options.home);
    const java = findJava();
    await checkReachable(options.url);
    const jar = await shimJar(spark, java);
    const settings = writeDriverSettings(options, config, spark);
    // Spark itself tries a task once only on a local master, unless its name says more.
    const master = options.url.replace(/^local\[(\d+)\]$/, `local[$1,${config.taskMaxFailures}]`);
    const files = [
      '--files',
      [
        sparkWorkerProgram(),
        fetchThreadProgram(),
        ...(shipsNode(options) ? [process.execPath] : []),
        ...userFiles(options, spark),
      ].join(),
    ];
    const args = ['--class', driverClass, '--master', master, '--properties-file', settings, ...files, jar];
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
