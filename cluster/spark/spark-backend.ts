// What a context on a master of Apache Spark is made of.
import type { EngineMaker } from '../../runtime/context/options';
import { executorsOf, readMachine } from '../base/machine';
import { SessionFolder } from '../driver/session-folder';
import { isLocal } from './spark-master';
import type { SparkOptions } from './start-spark';

/** Options of Apache Spark: `connect('spark://host:7077', { spark: { home: '/opt/spark' } })`. */
export interface SparkConnectOptions {
  /** The folder of Spark. Default: SPARK_HOME, else what `millrace spark-setup` has installed. */
  readonly home?: string;
  /** Settings of Spark by their names; they win over those of `spark-defaults.conf`. */
  readonly conf?: Readonly<Record<string, string>>;
  /** Sends the session's own Node to the executors, which then need none. Default: false. */
  readonly shipNode?: boolean;
  /** Called when Spark is there, with its name and the address of its own pages. */
  readonly onReady?: (spark: { readonly name: string; readonly pages?: string }) => void;
}

type BackendOptions = SparkConnectOptions & Pick<SparkOptions, 'executionBytes' | 'executorMemory' | 'onOutput' | 'holds'>;

/** Where a master is, and the tasks that run at once as far as this is known. */
interface SparkMaster {
  readonly url: string;
  readonly slots?: number;
}

export function startSparkBackend(
  { url, slots = executorsOf(readMachine()) }: SparkMaster,
  options: BackendOptions,
): { backend: EngineMaker; slots: number; folder: string } {
  // Loaded on demand: most sessions run on executors of their own.
  const { SparkEngine }: typeof import('./spark-engine') = require('./spark-engine');
  const { DriverLog }: typeof import('./driver-log') = require('./driver-log');
  const { driverLogOf }: typeof import('./driver-settings') = require('./driver-settings');
  const { helperCommand, startSpark }: typeof import('./start-spark') = require('./start-spark');
  const folder = SessionFolder.make();
  const sharesFolder = isLocal(url);
  const backend: EngineMaker = (config, clock, hooks) => {
    const log = new DriverLog(driverLogOf(folder.path), url);
    const own = { folder: folder.path, log, sharesFolder, onStop: () => folder.remove(), onReady: options.onReady ?? (() => {}) };
    const driver = { ...options, url, folder: folder.path };
    return new SparkEngine(
      { ...own, startSpark: startSpark(driver, config), helperCommand: helperCommand(driver, config) },
      config,
      clock,
      hooks,
    );
  };
  return { backend, slots, folder: folder.path };
}
