// What the session tells each worker at its start: a line with the executor's id, and the settings as JSON.
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { RunnerOptions } from '../../runtime/exec/task-runner';
import { Fields } from '../link/fields';

export interface WorkerSettings {
  /** The session's folder: used where workers see it too. */
  readonly folder: string;
  readonly executionBytes: number;
  readonly maxResultBytes: number;
}

export const writeSettings = (settings: WorkerSettings): string => JSON.stringify(settings);

/** The options of a runner, and the largest result of a task. Throws PROTOCOL. */
export function readSettings(text: string, pid: number): Omit<RunnerOptions, 'startCommand'> & { maxResultBytes: number } {
  const [executor, json] = text.split('\n', 2);
  const fields = new Fields('settings', JSON.parse(json));
  const wanted = fields.string('folder', 8192);
  const executionBytes = fields.integer('executionBytes');
  const maxResultBytes = fields.integer('maxResultBytes');
  fields.end();
  // On another machine: Spark's folder for the executor, which goes with the application. Nobody else can make one of this name before.
  const folder = existsSync(wanted) ? wanted : mkdtempSync(join(process.cwd(), 'millrace-worker-'));
  return { executorId: `spark-${executor}-${pid}`, folder, executionBytes, maxResultBytes, storageBytes: 0 };
}
