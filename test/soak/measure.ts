// What a long run holds, sampled: memory, descriptors and files; flat if the last third holds no more than the first.
import { readdirSync, readFileSync } from 'node:fs';

export interface Sample {
  readonly heapMb: number;
  readonly residentMb: number;
  /** Of all executors together. */
  readonly executorsMb: number;
  readonly descriptors: number;
  /** In the session's folder, whatever job made them. */
  readonly files: number;
}

/** What the last third may hold more than the first: a share of it, and so much besides. */
const slack: Readonly<Record<keyof Sample, number>> = {
  heapMb: 15,
  residentMb: 60,
  executorsMb: 150,
  descriptors: 30,
  files: 150,
};
const share = 1.2;

/** From the end of garbage until what it held was removed. */
const settleMs = 500;

export async function sample(executors: readonly number[], folder: string): Promise<Sample> {
  // Garbage is no growth, nor are the files of datasets that nobody refers to: run.ts lets it be collected.
  (globalThis as { gc?: () => void }).gc?.();
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  const { heapUsed, rss } = process.memoryUsage();
  return {
    heapMb: heapUsed / 2 ** 20,
    residentMb: rss / 2 ** 20,
    executorsMb: executors.reduce((sum, pid) => sum + residentMb(pid), 0),
    descriptors: readdirSync('/proc/self/fd').length,
    files: namesIn(folder).length,
  };
}

function residentMb(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true }) as string[];
  } catch {
    // A folder went while it was listed.
    return [];
  }
}

/** How many files of which kind a folder has, most first: `N/N.N: 12`; numbers stand for each other. */
export function kindsOfFiles(folder: string): string[] {
  const kinds = new Map<string, number>();
  for (const name of namesIn(folder)) {
    const kind = name.replace(/\d+/g, 'N');
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return [...kinds].sort(([, a], [, b]) => b - a).map(([kind, n]) => `${kind}: ${n}`);
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/** One line for each measure, and those that have grown. */
export function flatness(samples: readonly Sample[]): { readonly lines: string[]; readonly grown: string[] } {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const grown: string[] = [];
  const lines = (Object.keys(slack) as (keyof Sample)[]).map((name) => {
    const of = (part: readonly Sample[]) => median(part.map((s) => s[name]));
    const [first, last] = [of(samples.slice(0, third)), of(samples.slice(-third))];
    const isFlat = last <= first * share + slack[name];
    if (!isFlat) grown.push(name);
    return `${name}: ${first.toFixed(1)} in the first third, ${last.toFixed(1)} in the last${isFlat ? '' : ', NOT FLAT'}`;
  });
  return { lines, grown };
}
