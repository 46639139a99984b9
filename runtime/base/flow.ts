// What the jobs of one flow of control inherit: what cancels them, their local properties, and the user's text that started them.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Place } from './place';

/** The user's text that started something: an entry of the prompt, or a statement of a script. */
export interface CallSite {
  /** `<input 3>`, or the path of the script. */
  readonly file: string;
  /** The line of the file on which the text begins, one-based. */
  readonly line: number;
  readonly text: string;
  /** The line of the call, where the text has several and that is known. */
  readonly at?: number;
}

/** The user's call that made a dataset or a stream. */
export interface Call {
  /** Where it stands, in the innermost user function; undefined if that was not found. */
  readonly place: Place | undefined;
  /** The text that ran, with the line of the call where it stands in that text. */
  readonly site: CallSite;
}

interface Flow {
  /** The work of ours on whose behalf this runs, such as an output on a batch; the innermost last. */
  readonly works?: readonly object[];
  /** Aborts with the asynchronous action on whose behalf this runs. */
  readonly signal?: AbortSignal;
  /** Those of the innermost `withLocalProperties` around this; the session's where there is none. */
  readonly properties?: Map<string, string>;
  readonly callSite?: CallSite;
  /** What datasets come from that no user's function makes. */
  readonly call?: Call;
}

const current = new AsyncLocalStorage<Flow>();

const within = <T>(more: Flow, f: () => T): T => current.run({ ...current.getStore(), ...more }, f);

/** Runs `f` so that each job it starts ends when `signal` aborts. */
export const withSignal = <T>(signal: AbortSignal, f: () => T): T => within({ signal }, f);

/** Runs `f` with properties that it and all that it awaits change for themselves. */
export const withProperties = <T>(properties: Map<string, string>, f: () => T): T => within({ properties }, f);

/** Runs `f` on behalf of `work`: what waits for that work to end must not be awaited within it. */
export const withWork = <T>(work: object, f: () => T): T => within({ works: [...(current.getStore()?.works ?? []), work] }, f);

/** Whether this runs on behalf of `work`. */
export const isWithinWork = (work: object): boolean => current.getStore()?.works?.includes(work) === true;

/** Runs `f` so that jobs and datasets know which user text started them; undefined: none. */
export const withCallSite = <T>(callSite: CallSite | undefined, f: () => T): T =>
  // Where nothing changes nothing is followed: that costs each promise of the process something.
  currentCallSite() === callSite ? f() : within({ callSite, call: undefined }, f);

/** Runs `f` so that the datasets which it makes on its own come from a call that was made before: that of a stream. */
export const withCall = <T>(call: Call | undefined, f: () => T): T =>
  call === undefined ? f() : within({ call, callSite: call.site }, f);

/** The signal of the action on whose behalf this runs. */
export const currentSignal = (): AbortSignal | undefined => current.getStore()?.signal;

/** The properties of the `withLocalProperties` around this. */
export const currentProperties = (): Map<string, string> | undefined => current.getStore()?.properties;

/** The user's text that this runs for. */
export const currentCallSite = (): CallSite | undefined => current.getStore()?.callSite;

/** The call behind datasets that no user function makes, such as those of a stream. */
export const currentCall = (): Call | undefined => current.getStore()?.call;
