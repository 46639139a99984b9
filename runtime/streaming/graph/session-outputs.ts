// What a session does for all its streaming contexts: where they show things, and who is told of them. The shell settles this for its own.
import type { Context } from '../../context';
import type { StreamingContext } from '../context';
import type { StreamDisplay } from './display';

export interface StreamHome {
  readonly display: StreamDisplay;
  /** Whether `watch` starts this context, if it has not started: a person who asks to see something wants to see it. */
  startsOnWatch(streaming: StreamingContext): boolean;
  /** Told of each new context. */
  opened(streaming: StreamingContext): void;
}

/** By the context whose executors do the work; contexts without a home print plain lines. */
export const streamHomes = new WeakMap<Context, StreamHome>();
