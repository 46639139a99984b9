// Sizes of the tests: short ones for each push, long ones for `npm run test:long`.

/** The tests run at their long sizes. */
export const long = process.env.MILLRACE_LONG === '1';

/** The size of this run. */
export const size = (short: number, long_: number): number => (long ? long_ : short);
