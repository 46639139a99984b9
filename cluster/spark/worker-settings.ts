// What the session tells each worker at its start: a line with the executor's id, one with its folder, and the settings as JSON.
import { hash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { RunnerOptions } from '../../runtime/exec/task-runner';
import { Fields } from '../link/fields';

export interface WorkerSettings {
  /** The session's folder: that of the workers too where Spark runs in the session's own machine. */
  readonly folder: string;
  readonly executionBytes: number;
  /** What decoded copies of persisted partitions may take in a worker. */
  readonly copyBytes: number;
  readonly maxResultBytes: number;
  /** A hash of the program that the session has for its workers. */
  readonly program: string;
}

/** The least version of Node that runs a worker: that of the package. */
export const leastNode = '20.19';

/** A hash of a program of workers. */
export const programHash = (path: string): string => hash('sha1', readFileSync(path));

/** Why a worker cannot run tasks, and what to do, a line each; empty where it can. `version` is that of its Node. */
export function refusalOf(program: string, wanted: string, version: string): string {
  if (version.localeCompare(leastNode, 'en', { numeric: true }) < 0)
    return `its Node is ${version}\nInstall Node ${leastNode} or newer there, or start with --spark-ship-node.`;
  if (programHash(program) !== wanted)
    return `its worker is of another version of Millrace than the session\nTake ${basename(program)} out of spark.files, spark.archives and the image of the executors.`;
  return '';
}

export const writeSettings = (settings: WorkerSettings): string => JSON.stringify(settings);

export interface WorkerOptions extends Omit<RunnerOptions, 'startCommand'> {
  readonly maxResultBytes: number;
  readonly copyBytes: number;
  /** Where the files of the session lie that splits name. */
  readonly sessionFolder: string;
  readonly program: string;
}

/** The options of a runner, the largest result of a task, and the session's folder. Throws PROTOCOL. */
export function readSettings(text: string, pid: number): WorkerOptions {
  const [executor, own, json] = text.split('\n', 3);
  const fields = new Fields('settings', JSON.parse(json));
  const sessionFolder = fields.string('folder', 8192);
  const executionBytes = fields.integer('executionBytes');
  const copyBytes = fields.integer('copyBytes');
  const maxResultBytes = fields.integer('maxResultBytes');
  const program = fields.string('program', 64);
  fields.end();
  const folder = own || sessionFolder;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const known = { folder, sessionFolder, program };
  return { executorId: `spark-${executor}-${pid}`, ...known, executionBytes, copyBytes, maxResultBytes, storageBytes: 0 };
}
