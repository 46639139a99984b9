// Partitions through commands of the system.

import { checkOptions, refuseArgument } from '../base/arguments';
import { checkOnePath, type UserPath } from '../base/paths';
import type { Command } from '../plan/program';
import { SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';

/** Where and with what the command of a `pipe` runs. */
export interface PipeOptions {
  /** Variables on top of the executor's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** The command's folder; that of the executor if left out. */
  readonly cwd?: UserPath;
}

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * The lines that a command writes when it gets the elements of a partition as lines; rows that are no strings become JSON. The
     * command is a list of arguments, never the text of a shell, and is started once for each partition. Its lines pass on as they come;
     * a task that wants no more of them (`take`) ends it, with what it started.
     * Throws BAD_ARGUMENT, and COMMAND_FAILED in a job.
     * @example await sc.parallelize(['b', 'a'], 1).pipe(['sort']).collect() // ['a', 'b']
     */
    pipe(command: readonly string[], options?: PipeOptions): RDD<string>;
  }
}

const isText = (v: unknown): v is string => typeof v === 'string' && !v.includes('\0');

function refuse(argument: string, value: unknown, rule: string): never {
  return refuseArgument({ operation: 'pipe', argument, value, rule, remedy: "Write pipe(['grep', 'ERROR'])." });
}

function commandOf(args: unknown, { env = {}, cwd }: PipeOptions): Command {
  if (!Array.isArray(args) || args.length === 0 || !args.every(isText) || args[0].trim() === '')
    refuse('the command', args, 'a list of texts: a program and its arguments');
  const folder = cwd === undefined ? undefined : checkOnePath('pipe', 'the folder', cwd, 'the path of a folder', 'folder');
  if (env === null || typeof env !== 'object' || !Object.entries(env).flat().every(isText))
    refuse('the environment', env, 'an object of texts');
  return { args: [...args], cwd: folder, env: { ...env } };
}

RDD.prototype.pipe = function (command, options = {}) {
  checkOptions('pipe', options, "Write pipe(['grep', 'ERROR'], { cwd: 'folder' }).");
  const checked = commandOf(command, options);
  return new SteppedRDD<string>(this, {
    operation: 'pipe',
    plan: (input) => ({ op: 'pipe', command: checked, input }),
  });
};
