// Makes the backend that runs the tasks of a master.
import { MillraceError } from '../../runtime/base/errors';
import type { TaskBackend } from '../../runtime/scheduler/backend';
import { leastExecutorMb } from '../base/limits';
import type { OutputListener } from '../base/output-lines';
import { executorProgram } from '../base/program-path';
import { ExecutorPool } from './executor-pool';
import { badMaster, parseMaster } from './master-url';
import { SessionFolder } from './session-folder';

/** Memory and program of the executors. */
export interface BackendOptions {
  /** Bytes of persisted partitions that each executor holds in memory. */
  readonly storageBytes: number;
  /** Bytes that the groups, tables and sorts of a task may take before they spill to disk. Default: `storageBytes`. */
  readonly executionBytes?: number;
  /** Heap of each executor in MiB, at least 64. Default: V8's own choice. Ignored for `local`. */
  readonly executorMemory?: number;
  /** Takes the lines that user code prints on executors. Default: stdout and stderr of this process. */
  readonly onOutput?: OutputListener;
  /** False: executors and their connections do not keep this process alive. Default: true. */
  readonly holds?: boolean;
  /** The bundled program of an executor. Default: that of this package. */
  readonly program?: string;
}

/** A backend and what a context needs to use it. */
export interface StartedBackend {
  readonly backend: TaskBackend;
  /** How many tasks can run at once. */
  readonly slots: number;
  /** The session's folder, removed when the backend is stopped. */
  readonly folder: string;
}

/** Prints lines of user code to stdout and stderr of this process. */
export const printThrough: OutputListener = (line, stream) => {
  process[stream].write(`${line}\n`);
};

/**
 * Makes the backend for `master`: `local`, `local[N]` or `local[*]`. The scheduler starts it later. Throws BAD_MASTER, BAD_OPTION or
 * NO_EXECUTORS.
 *
 *     const { backend, slots } = await startBackend('local[2]', { storageBytes: 256 * 2 ** 20 });
 */
export async function startBackend(master: string, options: BackendOptions): Promise<StartedBackend> {
  const parsed = parseMaster(master);
  check(options);
  const { storageBytes, executionBytes = storageBytes, executorMemory, onOutput = printThrough } = options;
  if (parsed.kind === 'inProcess') {
    // Loaded on demand: it loads all code that runs tasks, which a driver with executors does not need.
    const { LocalBackend }: typeof import('./local-backend') = require('./local-backend');
    const folder = SessionFolder.make();
    return { backend: new LocalBackend(folder, storageBytes, executionBytes), slots: 1, folder: folder.path };
  }
  if (parsed.kind !== 'pool') throw badMaster(master);
  const program = options.program ?? executorProgram();
  const folder = SessionFolder.make();
  const { executors } = parsed;
  const { holds = true } = options;
  const backend = new ExecutorPool({ executors, storageBytes, executionBytes, executorMemory, onOutput, program, folder, holds });
  return { backend, slots: executors, folder: folder.path };
}

function check({ storageBytes, executionBytes = storageBytes, executorMemory }: BackendOptions): void {
  for (const [option, value] of Object.entries({ storageBytes, executionBytes })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new MillraceError('BAD_OPTION', { option, value, rule: 'a whole number of bytes, from 0' });
  }
  if (executorMemory !== undefined && !(Number.isSafeInteger(executorMemory) && executorMemory >= leastExecutorMb)) {
    throw new MillraceError('BAD_OPTION', {
      option: 'executorMemory',
      value: executorMemory,
      rule: `a whole number of MiB, from ${leastExecutorMb}`,
    });
  }
}
