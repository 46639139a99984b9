// What the jobs of one flow of control take along: what cancels them, their local properties, and the user's text that they come from; known to all that is called in it.
import { AsyncLocalStorage } from 'node:async_hooks';

/** The text of the user's that something was started by: an entry of the prompt, or a statement of a script. */
export interface CallSite {
  /** `<input 3>`, or the path of the script. */
  readonly file: string;
  /** The line of the file on which the text begins, one-based. */
  readonly line: number;
  readonly text: string;
  /** The line of the call, where the text has several and that is known. */
  readonly at?: number;
}

interface Flow {
  /** Aborts with the asynchronous action on whose behalf this runs. */
  readonly signal?: AbortSignal;
  /** Those of the innermost `withLocalProperties` around this; the session's where there is none. */
  readonly properties?: Map<string, string>;
  readonly callSite?: CallSite;
}

const current = new AsyncLocalStorage<Flow>();

const within = <T>(more: Flow, f: () => T): T => current.run({ ...current.getStore(), ...more }, f);

/** Runs `f` so that each job it starts ends when `signal` aborts. */
export const withSignal = <T>(signal: AbortSignal, f: () => T): T => within({ signal }, f);

/** Runs `f` for all who may wait for it: the cancel of one action does not end it. */
export const forEveryone = <T>(f: () => T): T => within({ signal: undefined }, f);

/** Runs `f` with properties that it and all that it awaits change for themselves. */
export const withProperties = <T>(properties: Map<string, string>, f: () => T): T => within({ properties }, f);

/** Runs `f` so that jobs and datasets know which text of the user's they come from; undefined: from none. */
export const withCallSite = <T>(callSite: CallSite | undefined, f: () => T): T =>
  // Where nothing changes nothing is followed: that costs each promise of the process something.
  currentCallSite() === callSite ? f() : within({ callSite }, f);

/** The signal of the action on whose behalf this runs. */
export const currentSignal = (): AbortSignal | undefined => current.getStore()?.signal;

/** The properties of the `withLocalProperties` around this. */
export const currentProperties = (): Map<string, string> | undefined => current.getStore()?.properties;

/** The text of the user's that this runs for. */
export const currentCallSite = (): CallSite | undefined => current.getStore()?.callSite;

/** Frames of ours between an action and the user's call of it, and some of the user's own functions. */
const framesLookedAt = 30;

/** The text of the user's that this runs for, with the line in it that makes the call which runs now. */
export function siteOfCall(): CallSite | undefined {
  const site = currentCallSite();
  // A single line is found without the stack, which costs as much as a small part of a job.
  if (!site?.text.includes('\n')) return site;
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = framesLookedAt;
  const frames = new Error().stack?.split('\n') ?? [];
  Error.stackTraceLimit = before;
  const prefix = `${site.file}:`;
  for (const frame of frames) {
    const start = frame.indexOf(prefix);
    const at = start < 0 ? Number.NaN : Number.parseInt(frame.slice(start + prefix.length), 10);
    if (Number.isInteger(at)) return { ...site, at };
  }
  return site;
}
