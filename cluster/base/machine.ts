// What a session may use of its machine: the memory and processors of the host, or less where a container or a control group limits them.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bytesText } from '../../runtime/base/units';
import { executorBaseMb, leastExecutorMb, sessionMb, typeServiceMb } from './limits';

export interface Machine {
  /** Bytes that all processes of the session may take together. */
  readonly memoryBytes: number;
  readonly isMemoryLimited: boolean;
  /** Processors, as a fraction where a quota grants one. */
  readonly processors: number;
  readonly areProcessorsLimited: boolean;
}

/** Where the facts come from; tests give their own. */
export interface MachineFacts {
  readonly totalBytes: number;
  /** What Node says: 0, undefined or more than there is where nothing limits it. */
  readonly constrainedBytes: number | undefined;
  readonly processors: number;
  /** The text of a file, or undefined where it cannot be read. */
  read(path: string): string | undefined;
}

const groupsFile = '/proc/self/cgroup';
const groupsRoot = '/sys/fs/cgroup';

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

const systemFacts = (): MachineFacts => ({
  totalBytes: os.totalmem(),
  constrainedBytes: process.constrainedMemory?.(),
  processors: os.availableParallelism(),
  read: readText,
});

/** Reads what there is. The limit of a group holds for all groups within it, so each of them is looked at. */
export function readMachine(facts: MachineFacts = systemFacts()): Machine {
  const { totalBytes, constrainedBytes } = facts;
  const limits = [constrainedBytes ?? 0, ...memoryLimits(facts)].filter((bytes) => bytes > 0 && bytes < totalBytes);
  const quotas = processorQuotas(facts).filter((share) => share > 0 && share < facts.processors);
  return {
    memoryBytes: Math.min(totalBytes, ...limits),
    isMemoryLimited: limits.length > 0,
    processors: Math.min(facts.processors, ...quotas),
    areProcessorsLimited: quotas.length > 0,
  };
}

/** How many executors `local[*]` starts: one for each processor, and one for the rest of a fraction. */
export const executorsOf = ({ processors }: Machine): number => Math.max(1, Math.ceil(processors));

/**
 * The heap of each executor in MiB, where the user gives none: three quarters of what session, type service and the executors' own memory
 * leave. The rest is for what lies outside of heaps.
 */
export function executorHeapMb({ memoryBytes }: Machine, executors: number): number {
  const left = memoryBytes / 2 ** 20 - sessionMb - typeServiceMb - executors * executorBaseMb;
  return Math.max(leastExecutorMb, Math.floor((left * 0.75) / executors));
}

/** Says that the memory is too small for so many executors; undefined where it is not. */
export function shortageOf(machine: Machine, executors: number): string | undefined {
  const needed = sessionMb + typeServiceMb + executors * (executorBaseMb + leastExecutorMb / 0.75);
  if (machine.memoryBytes >= needed * 2 ** 20) return undefined;
  const fewer = executors > 1 ? 'Use fewer executors (--master local[N]), or allow more memory.' : 'Allow more memory.';
  const have = `${bytesText(machine.memoryBytes)}${machine.isMemoryLimited ? ' that its control group allows' : ''}`;
  return `This session may run out of memory: ${executors} ${executors === 1 ? 'executor needs' : 'executors need'} ${bytesText(needed * 2 ** 20)} with the session, of ${have}. ${fewer}`;
}

/** What was found, for people. */
export function machineText({ memoryBytes, isMemoryLimited, processors, areProcessorsLimited }: Machine): string {
  const limited = (isLimited: boolean) => (isLimited ? ' (limited by its control group)' : '');
  const share = `${Math.round(processors * 100) / 100} ${processors === 1 ? 'processor' : 'processors'}`;
  return `${share}${limited(areProcessorsLimited)}, ${bytesText(memoryBytes)} of memory${limited(isMemoryLimited)}`;
}

/** The folders of the groups of this process that may hold files of a controller, from the innermost to the root. */
function groupFolders(facts: MachineFacts, controller: string): string[] {
  const lines = (facts.read(groupsFile) ?? '').split('\n').map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line));
  return lines.flatMap((line) => {
    if (line === null) return [];
    const [, controllers, group] = line;
    // One hierarchy of all controllers (version 2) has no names; in version 1 each has its own.
    const isOurs = controllers === '' || controllers.split(',').includes(controller);
    const roots = controllers === '' ? ['', 'unified'] : [controllers, controller];
    return isOurs ? roots.flatMap((root) => above(group).map((folder) => path.join(groupsRoot, root, folder))) : [];
  });
}

function above(group: string): string[] {
  const folders = [group];
  for (let folder = group; folder !== '/'; ) {
    folder = path.dirname(folder);
    folders.push(folder);
  }
  return folders;
}

function memoryLimits(facts: MachineFacts): number[] {
  const names = ['memory.max', 'memory.high', 'memory.limit_in_bytes'];
  const files = groupFolders(facts, 'memory').flatMap((folder) => names.map((name) => path.join(folder, name)));
  return files.map((file) => numberIn(facts.read(file)));
}

function processorQuotas(facts: MachineFacts): number[] {
  return groupFolders(facts, 'cpu').flatMap((folder) => {
    const [quota, period] = (facts.read(path.join(folder, 'cpu.max')) ?? '').split(' ');
    const old = (name: string) => numberIn(facts.read(path.join(folder, `cpu.cfs_${name}_us`)));
    return [numberIn(quota) / numberIn(period), old('quota') / old('period')];
  });
}

/** A number in a file of a group; NaN for `max`, and for a file that is not there. */
const numberIn = (text: string | undefined): number => (text === undefined ? Number.NaN : Number.parseInt(text, 10));
