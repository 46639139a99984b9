// What a session does for all its streaming contexts: where they show things, and who is told of them. The shell settles this for its own.
import type { Context } from '../context';
import type { StreamingContext } from './context';
import type { StreamDisplay } from './display';

export interface StreamHome {
  readonly display: StreamDisplay;
  /** `watch` starts a context that has not started: a person who asks to see something wants to see it. */
  readonly startsOnWatch: boolean;
  /** Told of each new context. */
  opened(streaming: StreamingContext): void;
}

/** By the context whose executors do the work; contexts without a home print plain lines. */
export const streamHomes = new WeakMap<Context, StreamHome>();
