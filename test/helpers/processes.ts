// What /proc says about processes: for tests of what is left behind and of what others can see.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/** Ids of the living processes whose command line (arguments joined by NUL) contains `text`. */
export function processesOf(text: string): number[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.filter((id) => read(`/proc/${id}/cmdline`).includes(text)).map(Number);
}

/** All that other users of the machine may read about a process's start. */
export const visibleText = (pid: number): string => read(`/proc/${pid}/cmdline`) + read(`/proc/${pid}/environ`);

export function isAlive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
}

/** The process that started another one; 0 where that has ended. */
export function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

/** Inodes of the sockets that a process holds. */
function socketsOf(pid: number): Set<string> {
  const inodes = new Set<string>();
  for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
    let target = '';
    try {
      target = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
    } catch {
      continue;
    }
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  return inodes;
}

export interface BoundSocket {
  readonly address: string;
  readonly listens: boolean;
}

/** The local addresses of all internet sockets of a process, in the hexadecimal of /proc/net. */
export function boundAddresses(pid: number): BoundSocket[] {
  const own = socketsOf(pid);
  const tables = ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) => read(`/proc/${pid}/net/${table}`).split('\n').slice(1));
  const rows = tables.map((line) => line.trim().split(/\s+/)).filter((row) => own.has(row[9]));
  return rows.map((row) => ({ address: row[1].split(':')[0], listens: row[3] === '0A' }));
}
