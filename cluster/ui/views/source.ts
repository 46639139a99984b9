// What the pages read: the session's context, its status, and its streams.
import type { Context } from '../../../runtime/index';
import type { StatusStore } from '../../../runtime/status/status-store';
import type { StreamMonitor } from '../../../runtime/streaming/status/stream-monitor';

export interface PageSource {
  readonly sc: Context;
  readonly status: StatusStore;
  /** When the session began. */
  readonly started: number;
  /** The version of Millrace. */
  readonly version: string;
  streams(): readonly StreamMonitor[];
}
