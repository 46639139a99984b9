// Runs the command of a `pipe` on an executor and waits until it ends.
import { spawnSync } from 'node:child_process';
import type { RunCommand } from '../../runtime/exec/files/pipe';
import { commandErrorBytes } from '../base/limits';

/**
 * Blocks the thread meanwhile: the task has nothing else to do, and if the command outlasts a cancel, the executor is killed with all its
 * children. The stderr of the command is printed, or becomes the reason of its failure.
 */
export const runCommand: RunCommand = ({ args: [file, ...args], cwd, env }, input, output) => {
  const { error, status, signal, stderr } = spawnSync(file, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: [input, output, 'pipe'],
    maxBuffer: commandErrorBytes,
  });
  const said = stderr?.toString('utf8').trimEnd() ?? '';
  if (error) return error.message;
  if (status === 0) {
    if (said !== '') process.stderr.write(`${said}\n`);
    return undefined;
  }
  const end = signal === null ? `it ended with status ${status}` : `it was killed by ${signal}`;
  return said === '' ? end : `${end}: ${said.slice(-1000)}`;
};
