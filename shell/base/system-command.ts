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
  /** Gets what the command writes, which then has no input; by default both are those of this process. */
  readonly output?: (text: string, stream: 'out' | 'err') => void;
}

/** 130: a shell says in this way that Ctrl-C ended what it ran. */
export const endedByCtrlC = (end: SystemEnd): boolean =>
  'signal' in end ? end.signal === 'SIGINT' : 'status' in end && end.status === 130;

const plainShell = '/bin/sh';
/** How long what a command has written may take to arrive after its end. */
const drainMs = 200;

/** Starts a command. */
export function startSystem(command: string, { folder, alone = false, output }: SystemOptions): SystemCommand {
  const held = heldTerminal();
  // The keys of that terminal reach the command by themselves.
  if (held) return { ended: held.run(process.env['SHELL'] || plainShell, ['-c', command], folder), interrupt: () => {} };
  const start = (shell: string) => {
    const own = ['-c', command];
    const child = spawn(shell, own, { cwd: folder, stdio: output ? ['ignore', 'pipe', 'pipe'] : 'inherit', detached: alone });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => output?.(text, 'out'));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => output?.(text, 'err'));
    return child;
  };
  let child: ChildProcess;
  let presses = 0;
  const own = process.env['SHELL'] || plainShell;
  const run = async (shell: string): Promise<SystemEnd> => {
    child = start(shell);
    const end = await endOf(child, output !== undefined);
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

function endOf(child: ChildProcess, isRead: boolean): Promise<SystemEnd> {
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve({ message }));
    // Not 'close' alone: what it leaves in the background keeps its output open.
    child.once('exit', (status, signal) => {
      const end = signal === null ? { status: status ?? 1 } : { signal };
      if (!isRead) return resolve(end);
      child.once('close', () => resolve(end));
      setTimeout(() => resolve(end), drainMs).unref();
    });
  });
}
