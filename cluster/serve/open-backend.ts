// What runs the tasks of a master on this machine or on Apache Spark: executors with a share of the machine's memory.
import { getHeapStatistics } from 'node:v8';
import type { EngineMaker } from '../../runtime/context/options';
import type { TaskBackend } from '../../runtime/scheduler/backend';
import { executorHeapMb, executorsOf, readMachine, shortageOf } from '../base/machine';
import type { OutputListener } from '../base/output-lines';
import type { Master } from '../driver/master-url';
import { startBackend } from '../driver/start-backend';
import { type SparkConnectOptions, startSparkBackend } from '../spark/spark-backend';

/** Memory of executors, and what belongs to their process. */
export interface RunOptions {
  readonly storageBytes?: number;
  readonly executionBytes?: number;
  readonly executorMemory?: number;
  readonly onOutput: OutputListener;
  readonly holds: boolean;
  readonly spark?: SparkConnectOptions;
}

export interface OpenedBackend {
  readonly backend: TaskBackend | EngineMaker;
  readonly slots: number;
  /** The session's folder, which goes when the backend is stopped. */
  readonly folder: string;
  /** Why the machine is too small for the executors, in a sentence, if it is. */
  readonly shortage?: string;
}

/** Makes the backend of a master that is no server. Throws BAD_OPTION or NO_EXECUTORS. */
export async function openBackend(
  master: string,
  parsed: Exclude<Master, { readonly kind: 'served' }>,
  options: RunOptions,
): Promise<OpenedBackend> {
  const machine = readMachine();
  const executors =
    parsed.kind === 'pool' ? parsed.executors : parsed.kind === 'spark' ? (parsed.slots ?? executorsOf(machine)) : 1;
  const executorMemory = options.executorMemory ?? executorHeapMb(machine, executors);
  const heap = parsed.kind !== 'inProcess' ? executorMemory * 2 ** 20 : getHeapStatistics().heap_size_limit;
  const { executionBytes = Math.floor(heap / 5), storageBytes = Math.floor(heap / 2), onOutput, holds } = options;
  if (parsed.kind === 'spark')
    return startSparkBackend(parsed, { ...options.spark, executionBytes, executorMemory, onOutput, holds });
  const started = await startBackend(master, { storageBytes, executionBytes, executorMemory, onOutput, holds });
  const isTold = parsed.kind === 'pool' && options.executorMemory === undefined;
  return { ...started, shortage: isTold ? shortageOf(machine, executors) : undefined };
}
