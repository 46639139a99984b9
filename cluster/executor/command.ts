// Starts the command of a `pipe` on an executor and waits for its end.
import { spawnSync } from 'node:child_process';
import type { RunCommand } from '../../runtime/exec/files/pipe';
import { commandErrorBytes } from '../limits';

/**
 * The thread waits meanwhile: a task has nothing else to do, and a cancel that a command outlasts ends the executor with all that it
 * started. What the command says on stderr is shown, or told as the reason of its failure.
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
  const end = signal === null ? `it ended with status ${status}` : `it was ended by ${signal}`;
  return said === '' ? end : `${end}: ${said.slice(-1000)}`;
};
