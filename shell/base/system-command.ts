// A command of the system, run by the user's own shell: at the prompt and in scripts.
import { type ChildProcess, spawn } from 'node:child_process';
import type { SystemEnd } from '../contract/commands';
import { heldTerminal } from './held-terminal';

export interface SystemCommand {
  readonly ended: Promise<SystemEnd>;
  /** Ctrl-C, for a command that the terminal's keys do not reach; the second one kills it. */
  interrupt(): void;
}

export interface SystemOptions {
  readonly folder: string;
  /** The command leads a group of its own: Ctrl-C does not reach it by itself. */
  readonly alone?: boolean;
}

/** 130: a shell says in this way that Ctrl-C ended what it ran. */
export const endedByCtrlC = (end: SystemEnd): boolean =>
  'signal' in end ? end.signal === 'SIGINT' : 'status' in end && end.status === 130;

const plainShell = '/bin/sh';

/** Starts a command; its input and output are those of this process. */
export function startSystem(command: string, { folder, alone = false }: SystemOptions): SystemCommand {
  const held = heldTerminal();
  // The keys of that terminal reach the command by themselves.
  if (held) return { ended: held.run(process.env['SHELL'] || plainShell, ['-c', command], folder), interrupt: () => {} };
  const start = (shell: string) => spawn(shell, ['-c', command], { cwd: folder, stdio: 'inherit', detached: alone });
  let child: ChildProcess;
  let presses = 0;
  const own = process.env['SHELL'] || plainShell;
  const run = async (shell: string): Promise<SystemEnd> => {
    child = start(shell);
    const end = await endOf(child);
    return 'message' in end && shell !== plainShell ? run(plainShell) : end;
  };
  const kill = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(alone ? -child.pid : child.pid, signal);
    } catch {
      // It has ended already.
    }
  };
  const onExit = () => kill(alone ? 'SIGKILL' : 'SIGHUP');
  process.once('exit', onExit);
  return {
    ended: run(own).finally(() => process.off('exit', onExit)),
    interrupt: () => kill(presses++ === 0 ? 'SIGINT' : 'SIGKILL'),
  };
}

function endOf(child: ChildProcess): Promise<SystemEnd> {
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve({ message }));
    // Not 'close': what it leaves in the background keeps the terminal open.
    child.once('exit', (status, signal) => resolve(signal === null ? { status: status ?? 1 } : { signal }));
  });
}
