// The user's calls that make datasets, streams and jobs: found in the stack when they happen, mapped to lines of the text when somebody asks.

import { type Call, type CallSite, currentCall, currentCallSite } from './flow';
import { soughtCalls } from './limits';
import type { Place } from './place';

/** A frame of the user's code. It holds no function and no object of the stack, so that nothing lives longer for it. */
export abstract class UserFrame {
  /** Where it is in the text as typed. */
  abstract get place(): Place | undefined;
}

/**
 * Asks for a frame instead of a text: whoever formats stacks in this process, and knows which scripts are the user's, answers a
 * probe's `stack` with the innermost `UserFrame`. Where nobody knows them, as in plain Node, calls have no line.
 */
export class FrameProbe {
  declare readonly stack: unknown;
}

class FoundCall implements Call {
  readonly #entry: CallSite;
  readonly #frame: UserFrame | undefined;
  #place: Place | undefined;
  #site: CallSite | undefined;

  constructor(entry: CallSite, frame: UserFrame | undefined) {
    this.#entry = entry;
    this.#frame = frame;
  }

  get place(): Place | undefined {
    this.#place ??= this.#frame?.place;
    return this.#place;
  }

  get site(): CallSite {
    this.#site ??= hasLines(this.#entry) ? withLine(this.#entry, this.place) : this.#entry;
    return this.#site;
  }
}

const withLine = (entry: CallSite, place: Place | undefined): CallSite =>
  place?.file === entry.file ? { ...entry, at: place.line } : entry;

const hasLines = ({ text }: CallSite): boolean => text.includes('\n');

/** How many more stacks may be looked at, and for which entry. */
let left = soughtCalls;
let entryOfLeft: CallSite | undefined;

/** A job begins: beside it the stacks of the next datasets cost nothing. */
export function seekCallsAgain(): void {
  left = soughtCalls;
}

/** The call that runs now, from the caller of `below` outwards; undefined where no user text is known. */
export function callOf(below: Function): Call | undefined {
  const entry = currentCallSite();
  if (!entry) return undefined;
  if (entry !== entryOfLeft) {
    entryOfLeft = entry;
    left = soughtCalls;
  }
  const frame = left-- > 0 ? innermostFrame(below) : undefined;
  return (!frame && currentCall()) || new FoundCall(entry, frame);
}

function innermostFrame(below: Function): UserFrame | undefined {
  const probe = new FrameProbe();
  // As deep as stacks are anyway: a limit of our own would stay if Ctrl-C broke the loop that makes datasets right here.
  Error.captureStackTrace(probe, below);
  const stack = stackOf(probe);
  return stack instanceof UserFrame ? stack : undefined;
}

/** The stack as the formatter gives it. The user's own formatter may answer anything, or throw. */
function stackOf(holder: { readonly stack?: unknown }): unknown {
  try {
    return holder.stack;
  } catch {
    return undefined;
  }
}

/** Frames inspected of a stack: the engine's between an action and the user's call of it, and some of the user's functions. */
const framesLookedAt = 30;

/** The stack of a call that begins a job: for the error in which the job may end, and for the line in the user's text. */
export class CallStack {
  readonly #error: Error;
  #frames: readonly string[] | undefined;

  constructor() {
    const before = Error.stackTraceLimit;
    Error.stackTraceLimit = framesLookedAt;
    this.#error = new Error();
    Error.stackTraceLimit = before;
  }

  /** Its frames as lines of text, innermost first. */
  get frames(): readonly string[] {
    if (!this.#frames) {
      const stack = stackOf(this.#error);
      this.#frames = typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s+at /.test(line)) : [];
    }
    return this.#frames;
  }

  /** Gives an error that came to be far from the user's text the stack of this call. */
  blame<E extends Error>(error: E): E {
    error.stack = [`${error.name}: ${error.message}`, ...this.frames].join('\n');
    return error;
  }

  /** The user's text that runs, with the line in it that makes the call. */
  get site(): CallSite | undefined {
    const site = currentCallSite();
    // A single line is found without the frames: their text costs as much as a small part of a job.
    if (!site || !hasLines(site)) return site;
    const prefix = `${site.file}:`;
    for (const frame of this.frames) {
      const start = frame.indexOf(prefix);
      const at = start < 0 ? Number.NaN : Number.parseInt(frame.slice(start + prefix.length), 10);
      if (Number.isInteger(at)) return { ...site, at };
    }
    return site;
  }
}

/** The user's text that this runs for, with the line of the call that runs now. */
export const siteOfCall = (): CallSite | undefined => new CallStack().site;
