// How executors end: the exit codes of ours, and the reason in words for any end.

/** Exit codes of an executor, from those of sysexits, so that they differ from what user code usually gives. */
export const exitCodes = { internal: 70, noHandover: 71 } as const;

const outOfMemory = /heap out of memory|allocation failed|OOM/i;

const byCode: Record<number, string> = {
  [exitCodes.internal]: 'it failed in its own code',
  [exitCodes.noHandover]: 'it got no instructions from the driver',
};

/** The reason for an executor's end, in words; `lastWords` are the last lines of its stderr. */
export function exitReason(code: number | null, signal: string | null, lastWords: readonly string[]): string {
  if (lastWords.some((line) => outOfMemory.test(line)))
    return 'it ran out of memory; raise executorMemory or use more partitions';
  if (signal !== null) return `it was ended by ${signal}`;
  const known = code === null ? undefined : byCode[code];
  return known ?? `it exited with code ${code}, as by process.exit in a function`;
}
