// How much a test tries: little in every run, all of it with MILLRACE_LONG=1.

export const long = process.env.MILLRACE_LONG === '1';

/** The first number in every run, the second one with MILLRACE_LONG=1. */
export const size = (short: number, full: number): number => (long ? full : short);
