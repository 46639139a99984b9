// What a task must know of the state of a stream: where it is stored, which version it makes from which, and by what rule.
import type { FunctionRef } from './function-ref';

/** Where the state of one stream is stored: the folder of the user's checkpoint, or the session's own. */
export interface StatePlace {
  /** Unique in the session: tables in the memory of executors are known by it. */
  readonly id: number;
  readonly folder?: string;
}

/** How a version of the state follows from the one before and the pairs of a batch. */
export type StateRule =
  /** `f(values, state, key, time)` for every key that has state or values; rows [key, values]. */
  | { readonly kind: 'update'; readonly f: FunctionRef }
  /** `f(key, value, state, time)` for every pair; what it returns is a row. */
  | { readonly kind: 'map'; readonly f: FunctionRef; readonly timeout?: number }
  | { readonly kind: 'track'; readonly init: FunctionRef; readonly update: FunctionRef; readonly timeout?: number }
  /** Pairs that are reduced already, into the state of their keys. */
  | { readonly kind: 'reduce'; readonly f: FunctionRef }
  /** Rows [key, [time, value][]] into the open sessions of their keys; without `merge` sessions hold the values. */
  | { readonly kind: 'sessions'; readonly merge?: FunctionRef; readonly drop: FunctionRef; readonly sizes: SessionSizes }
  | { readonly kind: 'window'; readonly f: FunctionRef; readonly inverse: FunctionRef; readonly span: WindowSpan };

/** Of windows by gaps, in milliseconds: the gap that ends a session, how late records may be, and the batches' own interval. */
export interface SessionSizes {
  readonly gap: number;
  readonly slack: number;
  readonly slide: number;
}

/** The versions in a window that ends at t: those of first, first + step, … in (t - length, t]. */
export interface WindowSpan {
  readonly first: number;
  readonly step: number;
  readonly length: number;
}

/** One version of the state, a version being named by the time of its batch. */
export interface StateStep {
  readonly place: StatePlace;
  readonly operation: string;
  readonly version: number;
  /** The version before; none at the start of the stream. */
  readonly previous?: number;
  /** When the stream starts: what its initial state was last touched at. */
  readonly start: number;
  /** No version before this one is asked for any more. */
  readonly keepFrom: number;
  readonly rule: StateRule;
  /** Of a window: writes the file of its batch only, for another batch of the window has failed. */
  readonly alone?: boolean;
}

/** What it takes to read one version. */
export interface StateRead {
  readonly place: StatePlace;
  readonly operation: string;
  readonly version: number;
  readonly rule: StateRule;
}

/** The versions in the window that ends at `end`, oldest first. */
export function versionsIn({ first, step, length }: WindowSpan, end: number): number[] {
  const oldest = Math.max(first, end - length + step);
  return Array.from({ length: Math.max(0, Math.floor((end - oldest) / step) + 1) }, (_, i) => oldest + i * step);
}

/** A stream's state stands among the datasets whose computations are counted; no dataset has so great a number. */
export const computationsOf = (stateId: number): number => 2 ** 52 + stateId;
