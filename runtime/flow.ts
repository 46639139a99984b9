// What the jobs of one flow of control take along: what cancels them, and their local properties; known to all that is called in it.
import { AsyncLocalStorage } from 'node:async_hooks';

interface Flow {
  /** Aborts with the asynchronous action on whose behalf this runs. */
  readonly signal?: AbortSignal;
  /** Those of the innermost `withLocalProperties` around this; the session's where there is none. */
  readonly properties?: Map<string, string>;
}

const current = new AsyncLocalStorage<Flow>();

const within = <T>(more: Flow, f: () => T): T => current.run({ ...current.getStore(), ...more }, f);

/** Runs `f` so that each job it starts ends when `signal` aborts. */
export const withSignal = <T>(signal: AbortSignal, f: () => T): T => within({ signal }, f);

/** Runs `f` for all who may wait for it: the cancel of one action does not end it. */
export const forEveryone = <T>(f: () => T): T => within({ signal: undefined }, f);

/** Runs `f` with properties that it and all that it awaits change for themselves. */
export const withProperties = <T>(properties: Map<string, string>, f: () => T): T => within({ properties }, f);

/** The signal of the action on whose behalf this runs. */
export const currentSignal = (): AbortSignal | undefined => current.getStore()?.signal;

/** The properties of the `withLocalProperties` around this. */
export const currentProperties = (): Map<string, string> | undefined => current.getStore()?.properties;
