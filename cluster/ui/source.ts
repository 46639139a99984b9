// What the pages are made of: the session's context, its status so far, and its streams.
import type { Context } from '../../runtime/index';
import type { StatusStore } from '../../runtime/status/status-store';
import type { StreamMonitor } from '../../runtime/status/stream-monitor';

export interface PageSource {
  readonly sc: Context;
  readonly status: StatusStore;
  /** When the session began. */
  readonly started: number;
  /** The version of Millrace. */
  readonly version: string;
  streams(): readonly StreamMonitor[];
}
