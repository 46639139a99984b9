// Where the session registers, for all its streaming contexts, what displays their outputs and hears of each new context.

import type { StreamDisplay } from './display';
import type { StreamHost, StreamSession } from './host';
import type { OutputHandle } from './output';

export interface SessionOutputs {
  readonly display: StreamDisplay;
  /** Whether `watch` starts this context if it has not started: who asks to see something wants to see it. */
  startsOnWatch(streaming: StreamHost): boolean;
  /** Called with each new context. */
  opened(streaming: StreamHost): void;
  /** A pane follows a published stream, until `unwatched`. */
  watched?(handle: OutputHandle): void;
  unwatched?(handle: OutputHandle): void;
}

/** By the session's context; outputs of a session without an entry are printed as plain lines. */
export const sessionOutputs = new WeakMap<StreamSession, SessionOutputs>();
