// Opens a context on a master. Scripts and the shell begin with it.
import { accessSync, constants } from 'node:fs';
import { basename } from 'node:path';
import { makeConfig } from '../runtime/base/config';
import { installRemoteFiles } from '../runtime/base/remote/remote-files';
import { type Config, Context, type ContextOptions } from '../runtime/index';
import './connectors/cassandra/operators';
import './connectors/kafka/operators';
import './connectors/sql/operators';
import { executorHeapMb, machineText, readMachine } from './base/machine';
import type { OutputListener } from './base/output-lines';
import { receiverProgram, sqlProgram } from './base/program-path';
import { parseMaster } from './driver/master-url';
import { printThrough } from './driver/start-backend';
import { FetchingFiles } from './files/fetching-files';
import { variablesOf } from './files/s3-account';
import { Receivers } from './receivers/receiver-pool';
import { type OpenedBackend, openBackend } from './serve/open-backend';
import { placeOfMaster } from './serve/place';
import { attachBackend } from './serve/served-backend';
import type { SparkConnectOptions } from './spark/spark-backend';
import { SqlProcess } from './sql/sql-process';

/** Options of `connect`: memory of the executors, options of the context, and callbacks for output and notices. */
export interface ConnectOptions {
  /** Options of jobs: parallelism, retries, sizes, scheduling. */
  readonly config?: Partial<Config>;
  /** Bytes of persisted partitions that each executor holds in memory. Default: half of its heap. */
  readonly storageBytes?: number;
  /** Bytes that the groups, tables and sorts of a task may take before they spill to disk. Default: a fifth of its heap. */
  readonly executionBytes?: number;
  /** Heap of each executor in MiB. Default: a share of the memory of the machine, or of what its control group (a container) allows. */
  readonly executorMemory?: number;
  /** Takes the lines that closures print on executors. Default: stdout and stderr. */
  readonly onOutput?: OutputListener;
  /** Called with a warning for each closure that changes what it captured. Default: no warnings. */
  readonly onWarning?: ContextOptions['onWarning'];
  /** Called with notices that are not errors, such as that no executor can run a task. Default: no notices. */
  readonly onNotice?: ContextOptions['onNotice'];
  /** What only the masters of Apache Spark take: where Spark is, and its own settings. */
  readonly spark?: SparkConnectOptions;
  /** How a session that attaches to a server is called in `.sessions`. Default: the name of the program. */
  readonly name?: string;
  /** With `false`, this process may end before stop(): only running jobs keep it alive. Default: true. */
  readonly holds?: boolean;
}

/** A backend, and what only a server's session has beside it. */
type Opened = OpenedBackend & {
  readonly config?: Partial<Config>;
  readonly firstId?: number;
  readonly datasets?: string;
};

function isOpen(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What this process runs, for `.sessions`. */
const programName = (): string => basename(process.argv[1] ?? '') || 'program';

const longestMs = 2 ** 31 - 1;

/**
 * Opens a context whose jobs run on `master`: `local`, `local[N]` or `local[*]`, with Apache Spark on `spark-local[N]`,
 * `spark://host:port`, `yarn` or `k8s://host:port`, or with the server of `millrace serve` on `serve`, `serve:SOCKET` or
 * `millrace://host:port`. Its executors
 * start in the background; stop() ends them. Throws BAD_MASTER, BAD_OPTION, NO_EXECUTORS, NO_SERVER or SERVER_REFUSED; where Spark cannot
 * start, jobs fail with NO_SPARK.
 * @example const sc = await connect('local[2]')
 */
export async function connect(master: string, options: ConnectOptions = {}): Promise<Context> {
  const parsed = parseMaster(master);
  const { onOutput = printThrough, holds = true, onWarning, onNotice } = options;
  const run = { ...options, onOutput, holds };
  const opened: Opened =
    parsed.kind === 'served'
      ? await attachBackend(placeOfMaster(parsed), options.config ?? {}, { name: options.name ?? programName(), holds, onOutput })
      : await openBackend(master, parsed, run);
  const { backend, slots, folder, firstId, config = options.config, shortage } = opened;
  const receivers = new Receivers({ program: receiverProgram, folder, onOutput });
  const { sqlMemoryMb: memoryMb } = makeConfig(slots, config);
  const threads = Math.ceil(readMachine().processors);
  // Executors of a server write and read what queries do in its folder, which its owner alone can enter.
  const { datasets = folder } = opened;
  const queries = isOpen(datasets)
    ? new SqlProcess({ program: sqlProgram, onOutput, folder, datasets, memoryMb, threads })
    : undefined;
  installRemoteFiles(new FetchingFiles(variablesOf(process.env)));
  const own = { backend, receivers, queries, slots, folder, firstId };
  const context = new Context({ ...own, master, config, onWarning, onNotice });
  try {
    await context.start();
  } catch (e) {
    await context.engine.stop();
    throw e;
  }
  if (options.holds === false) holdForJobs(context);
  if (shortage !== undefined) onNotice?.(shortage);
  return context;
}

/** A timer that never comes keeps this process alive while jobs run. */
function holdForJobs(context: Context): void {
  const timer = setInterval(() => {}, longestMs).unref();
  const running = new Set<number>();
  context.addListener({
    onJobStart: ({ jobId }) => {
      running.add(jobId);
      timer.ref();
    },
    onJobEnd: ({ jobId }) => {
      running.delete(jobId);
      if (running.size === 0) timer.unref();
    },
  });
}

/** What was found of the machine, and the heap that executors of a master get of it. Throws BAD_MASTER. */
export function resourcesText(master: string, executorMemory?: number): string {
  const parsed = parseMaster(master);
  const machine = readMachine();
  if (parsed.kind !== 'pool') return machineText(machine);
  return `${machineText(machine)}\nheap of each executor: ${executorMemory ?? executorHeapMb(machine, parsed.executors)} MiB`;
}
