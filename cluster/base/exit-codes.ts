// How child processes end: our own exit codes, and a sentence for every exit code and signal.

/** Our exit codes of an executor, taken from sysexits so that they differ from the usual codes of user code. */
export const exitCodes = { internal: 70, noHandover: 71 } as const;

const outOfMemory = /heap out of memory|allocation failed|OOM/i;

const byCode: Record<number, string> = {
  [exitCodes.internal]: 'it failed in the code of Millrace',
  [exitCodes.noHandover]: 'it got no instructions from the driver',
};

/** The kinds of child processes, as the user hears of them. */
export type ChildKind = 'executor' | 'receiver' | 'sql';

const outOfMemoryText: Record<ChildKind, string> = {
  executor: 'it ran out of memory; raise executorMemory or use more partitions',
  sql: 'it ran out of memory; lower sqlMemoryMb, so that it spills sooner',
  receiver: 'it ran out of memory; store what the receiver reads sooner, in smaller parts',
};

/** Why a process ended, for the user. `lastWords` are the last lines of its stderr. */
export function exitReason(kind: ChildKind, code: number | null, signal: string | null, lastWords: readonly string[]): string {
  if (lastWords.some((line) => outOfMemory.test(line))) return outOfMemoryText[kind];
  if (signal !== null) return `it was killed by ${signal}`;
  const known = code === null ? undefined : byCode[code];
  return known ?? `it exited with code ${code}; perhaps a function calls process.exit`;
}
