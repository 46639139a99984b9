// What Spark's own name of a master says of where its executors are.

/** Spark runs in one process of this machine, which sees the session's folder. */
export const isLocal = (url: string): boolean => url.startsWith('local[');

/** The master is on this machine: then nothing needs to be reached from others. */
export const isHere = (url: string): boolean => /^(local\[|spark:\/\/(127\.\d+\.\d+\.\d+|localhost):)/.test(url);
