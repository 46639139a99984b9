// Which process owns a folder, and whether it still lives. A process id is valid in one namespace only, and is reused.
import { readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';

/** The process that made something, as plain data. */
export interface ProcessOwner {
  readonly pid: number;
  readonly namespace: string;
  /** When the process started, in clock ticks since the machine booted. */
  readonly started: string;
}

export const ownerOf = (pid: number): ProcessOwner => ({
  pid,
  namespace: processNamespace(),
  started: stateOf(pid)?.started ?? '',
});

/** The machine and the space of process ids in which `pid` means something. */
export function processNamespace(): string {
  try {
    return `${os.hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return os.hostname();
  }
}

/** Whether a process has certainly ended: one of this namespace; of others nothing is known here. */
export const hasEnded = ({ pid, namespace, started }: ProcessOwner): boolean =>
  namespace === processNamespace() && !isAlive(pid, started);

interface ProcessState {
  readonly started: string;
  /** It has ended, but its parent has not read its exit status. */
  readonly isZombie: boolean;
}

/** Reads fields 3 and 22 of /proc/PID/stat. Field 2, the name, may contain anything, so we split after its last bracket. */
function stateOf(pid: number): ProcessState | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { started: fields[19], isZombie: fields[0] === 'Z' };
  } catch {
    return undefined;
  }
}

/** Whether a process of this namespace lives; `started` tells it from a later one of the same id, where it is known. */
export function isAlive(pid: number, started = ''): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  const state = stateOf(pid);
  if (!state) return true;
  return !state.isZombie && (started === '' || state.started === started);
}
