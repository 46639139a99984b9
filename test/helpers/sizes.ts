// The sizes of long suites: small in every run, whole with MILLRACE_LONG=1.
export const long = process.env.MILLRACE_LONG === '1';

/** The first in a usual run, the second in a long one. */
export const size = (short: number, whole: number): number => (long ? whole : short);
