// The master on which suites run: their own, or the one that `npm run test:spark` names.

/** The master that the run names for suites that any master must pass; else the suite's own. */
export const masterOf = (own: string): string => process.env.MILLRACE_TEST_MASTER ?? own;
