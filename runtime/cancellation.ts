// What cancels the jobs that an asynchronous action starts: known to all that is called on its behalf, and to nothing else.
import { AsyncLocalStorage } from 'node:async_hooks';

const current = new AsyncLocalStorage<AbortSignal>();

/** Runs `f` so that each job it starts ends when `signal` aborts. */
export const withSignal = <T>(signal: AbortSignal, f: () => T): T => current.run(signal, f);

/** Runs `f` for all who may wait for it: the cancel of one does not end it. */
export const forEveryone = <T>(f: () => T): T => current.exit(f);

/** The signal of the action on whose behalf this runs. */
export const currentSignal = (): AbortSignal | undefined => current.getStore();
