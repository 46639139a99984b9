// Turns a master into the backend that runs its tasks.
import { MillraceError } from '../../runtime/base/errors';
import type { TaskBackend } from '../../runtime/scheduler/backend';
import type { OutputListener } from '../process/output-lines';
import { executorProgram } from '../process/program-path';
import { ExecutorPool } from './executor-pool';
import { SessionFolder } from './folder';
import { parseMaster } from './master-url';

/** Memory and program of the executors. */
export interface BackendOptions {
  /** Bytes of cached partitions that each executor keeps in memory. */
  readonly storageBytes: number;
  /** Bytes that the groups, tables and sorts of a task may take before they go to disk. Default: as much as for cached partitions. */
  readonly executionBytes?: number;
  /** Heap of each executor in MiB, at least 64; V8's own choice if left out. Without meaning for `local`. */
  readonly executorMemory?: number;
  /** Takes the lines that user code prints on executors; left out, they go to stdout and stderr of this process. */
  readonly onOutput?: OutputListener;
  /** The bundled program of an executor, where it is not that of this package. */
  readonly program?: string;
}

/** What a context is made on. */
export interface StartedBackend {
  readonly backend: TaskBackend;
  /** How many tasks can run at once. */
  readonly slots: number;
  /** The session's folder, removed when the backend is stopped. */
  readonly folder: string;
}

const leastMemoryMb = 64;

/** Lines of user code go where this process's own go. */
export const printThrough: OutputListener = (line, stream) => {
  process[stream].write(`${line}\n`);
};

/**
 * The backend of `master`: `local`, `local[N]` or `local[*]`. It is not started: the scheduler does that. Throws BAD_MASTER,
 * BAD_OPTION, NO_EXECUTORS.
 *
 *     const { backend, slots } = await startBackend('local[2]', { storageBytes: 256 * 2 ** 20 });
 */
export async function startBackend(master: string, options: BackendOptions): Promise<StartedBackend> {
  const parsed = parseMaster(master);
  check(options);
  const { storageBytes, executionBytes = storageBytes, executorMemory, onOutput = printThrough } = options;
  if (parsed.kind === 'inProcess') {
    // Loaded on demand: it brings everything that runs tasks, which a driver with executors does not need.
    const { LocalBackend }: typeof import('./local-backend') = require('./local-backend');
    const folder = SessionFolder.make();
    return { backend: new LocalBackend(folder, storageBytes, executionBytes), slots: 1, folder: folder.path };
  }
  const program = options.program ?? executorProgram();
  const folder = SessionFolder.make();
  const { executors } = parsed;
  const backend = new ExecutorPool({ executors, storageBytes, executionBytes, executorMemory, onOutput, program, folder });
  return { backend, slots: executors, folder: folder.path };
}

function check({ storageBytes, executionBytes = storageBytes, executorMemory }: BackendOptions): void {
  for (const [option, value] of Object.entries({ storageBytes, executionBytes })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new MillraceError('BAD_OPTION', { option, value, rule: 'a whole number of bytes, from 0' });
  }
  if (executorMemory !== undefined && !(Number.isSafeInteger(executorMemory) && executorMemory >= leastMemoryMb)) {
    throw new MillraceError('BAD_OPTION', {
      option: 'executorMemory',
      value: executorMemory,
      rule: `a whole number of MiB, from ${leastMemoryMb}`,
    });
  }
}
