// Tells what a test file left behind: child processes, threads, descriptors, timers, listening sockets and temporary folders.
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './within';

/** Executors of a session that was killed may take this long to go. */
const settleMs = 3_000;

/** The processes whose parent is `pid`, by their command. */
export function childrenOf(pid: number): string[] {
  const found: string[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readOrNothing(`/proc/${name}/stat`);
    // The command is in parentheses and may hold any character; the state and the parent follow the last one.
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(parent) !== pid || state === 'Z') continue;
    found.push(`process ${name}: ${readOrNothing(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim().slice(0, 120)}`);
  }
  return found;
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process ended between the listing and the reading.
    return '';
  }
}

/** The files, sockets and pipes that this process holds open, by what they are and how often. */
function descriptors(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const fd of readdirSync('/proc/self/fd')) {
    let target: string;
    try {
      target = readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // The descriptor of the listing itself.
      continue;
    }
    // Libuv holds one for its loop, from its first stream on.
    if (target === '/dev/null') continue;
    const kind = target.replace(/:\[\d+\]$/, '');
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function newDescriptors(before: ReadonlyMap<string, number>): string[] {
  const grown = Array.from(descriptors()).filter(([kind, count]) => count > (before.get(kind) ?? 0));
  return grown.map(([kind, count]) => `descriptor ${kind}: ${count}, was ${before.get(kind) ?? 0}`);
}

/** Kinds of resources that keep Node's loop alive and that a test must not leave. */
const lasting = /^(Timeout|Immediate|TCPServerWrap|TCPSocketWrap|PipeWrap|ProcessWrap|MessagePort|FSEvent)/;

function newResources(before: readonly string[]): string[] {
  const left = [...before];
  const grown: string[] = [];
  for (const kind of process.getActiveResourcesInfo()) {
    const known = left.indexOf(kind);
    if (known >= 0) left.splice(known, 1);
    else if (lasting.test(kind)) grown.push(`resource ${kind}`);
  }
  return grown;
}

/** Threads of this process: none of Node's lists of resources has them, its diagnostic report does. */
const threads = (): number => (process.report.getReport() as { workers?: unknown[] }).workers?.length ?? 0;

export interface LeakWatch {
  /** Fails with a list of what is still there after the time that things may take to go. */
  check(ms?: number): Promise<void>;
}

/**
 * Takes stock of this process and gives it a temporary folder of its own (TMPDIR, inherited by children). Call it first in a test
 * file, before anything is opened, and `check` in the file's last test: `test('leaves nothing behind', () => leaks.check())`.
 */
export function watchLeaks(): LeakWatch {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  process.env.TMPDIR = folder;
  process.on('exit', () => removeIfEmpty(folder));
  // The first look at them opens them.
  void [process.stdout, process.stderr];
  const openBefore = descriptors();
  // uvu runs its tests from a timer, which is still told of here: it would hide one that is left.
  const resourcesBefore = process.getActiveResourcesInfo().filter((kind) => kind !== 'Timeout');
  const threadsBefore = threads();
  const left = () => [
    ...childrenOf(process.pid),
    ...Array.from({ length: Math.max(0, threads() - threadsBefore) }, () => 'thread'),
    ...newDescriptors(openBefore),
    // The timer of the wait itself is between two looks, so that it is not seen here.
    ...newResources(resourcesBefore),
    ...readdirSync(folder).map((name) => `temporary ${name}`),
  ];
  return {
    async check(ms = settleMs) {
      try {
        await until(ms, () => left().length === 0, 'clearing up');
      } catch {
        throw new Error(`left behind:\n  ${left().join('\n  ')}`);
      }
    },
  };
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not empty: the check has reported what is in it; it stays for inspection.
  }
}
