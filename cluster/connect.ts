// Opens a context on a master: what a script or the shell begins with.
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { type Config, Context, type ContextOptions } from '../runtime/index';
import { parseMaster } from './driver/master-url';
import { printThrough, startBackend } from './driver/start-backend';
import type { OutputListener } from './process/output-lines';
import { receiverProgram } from './process/program-path';
import { Receivers } from './receivers/receivers';

/** Options of `connect`: memory of the executors, options of the context, and who is told what happens. */
export interface ConnectOptions {
  /** Options of jobs: parallelism, tries, sizes, scheduling. */
  readonly config?: Partial<Config>;
  /** Bytes of cached partitions that each executor keeps in memory. Default: half of its heap. */
  readonly storageBytes?: number;
  /** Bytes that the groups, tables and sorts of a task may take before they go to disk. Default: a fifth of its heap. */
  readonly executionBytes?: number;
  /** Heap of each executor in MiB. Default: three quarters of the machine's memory, shared by the executors. */
  readonly executorMemory?: number;
  /** Takes the lines that closures print on executors; left out, they go to stdout and stderr. */
  readonly onOutput?: OutputListener;
  /** Told of closures that change what they captured. Default: nobody is. */
  readonly onWarning?: ContextOptions['onWarning'];
  /** Told what no error says, such as that no executor can run a task. Default: nobody is. */
  readonly onNotice?: ContextOptions['onNotice'];
}

/**
 * A context whose jobs run on `master`: `local`, `local[N]` or `local[*]`. Executors come up behind it; stop() ends them.
 * Throws BAD_MASTER or BAD_OPTION.
 * @example const sc = await connect('local[2]')
 */
export async function connect(master: string, options: ConnectOptions = {}): Promise<Context> {
  const parsed = parseMaster(master);
  const executors = parsed.kind === 'pool' ? parsed.executors : 1;
  const executorMemory = options.executorMemory ?? Math.max(512, Math.floor((totalmem() * 0.75) / executors / 2 ** 20));
  const heap = parsed.kind === 'pool' ? executorMemory * 2 ** 20 : getHeapStatistics().heap_size_limit;
  const { backend, slots, folder } = await startBackend(master, {
    storageBytes: options.storageBytes ?? Math.floor(heap / 2),
    executionBytes: options.executionBytes ?? Math.floor(heap / 5),
    executorMemory,
    onOutput: options.onOutput,
  });
  const receivers = new Receivers({ program: receiverProgram, folder, onOutput: options.onOutput ?? printThrough });
  const { config, onWarning, onNotice } = options;
  const context = new Context({ backend, receivers, slots, master, config, onWarning, onNotice });
  await context.start();
  return context;
}
