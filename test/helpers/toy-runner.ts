// A TaskRunner for tests of the cluster alone: a task's program is JavaScript text in a blob, run as an async function.

import type { RunnerOptions, TaskRunner } from '../../runtime/exec/task-runner';
import type { TaskEnd } from '../../runtime/plan/end';
import type { TaskControl, TaskSpec } from '../../runtime/plan/task';
import { encode } from '../../runtime/wire/codec';

const noMetrics = { runMs: 0, recordsRead: 0, shuffleBytesWritten: 0, shuffleBytesRead: 0 };
const success = (value: unknown): TaskEnd => ({
  kind: 'success',
  value: encode(value),
  cached: [],
  evicted: [],
  accumulators: [],
  metrics: noMetrics,
});

/** The program sees `task`, `control`, `options`, `kept` (lives as long as the executor), `blobs` and `require`. */
export function createTaskRunner(options: RunnerOptions): TaskRunner {
  const blobs = new Map<string, Uint8Array>();
  const kept = {};
  return {
    addBlob: (id, bytes) => void blobs.set(id, bytes),
    forget: (what) => {
      if (what.kind === 'blob') blobs.delete(what.id);
    },
    run: async (task: TaskSpec, control: TaskControl): Promise<TaskEnd> => {
      const text = Buffer.from(blobs.get(task.programId) ?? []).toString();
      const program = new Function(
        'task',
        'control',
        'options',
        'kept',
        'blobs',
        'require',
        `return (async () => { ${text} })()`,
      );
      try {
        const value = await program(task, control, options, kept, blobs, require);
        return value?.end ?? success(value);
      } catch (error) {
        const { name, message, stack = '' } = error as Error;
        return { kind: 'userError', error: { name, message, stack, frames: [] } };
      }
    },
  };
}
