// The master on which suites run: their own, or the one that `npm run test:spark` names.
import type { Test } from 'uvu';

/** The master that the run names for suites that any master must pass; else the suite's own. */
export const masterOf = (own: string): string => process.env.MILLRACE_TEST_MASTER ?? own;

/** Whether Apache Spark runs the jobs of such suites. */
export const onSpark = masterOf('').startsWith('spark');

/** For a test of what our own executors alone have: skipped, and counted so, where Apache Spark runs the jobs. */
export const ownOnly = <T>(test: Test<T>): Test<T>['skip'] => (onSpark ? test.skip : test);
