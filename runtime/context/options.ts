// What a context is made of: an engine, and what the session lends it.
import type { Config } from '../base/config';
import type { Clock } from '../base/time';
import type { CaptureWarning } from '../closure';
import type { Engine } from '../plan/engine';
import type { ReceiverBackend } from '../plan/receivers';
import type { SqlEngine } from '../plan/sql-engine';
import type { TaskBackend } from '../scheduler/backend';
import type { EngineStatus, SchedulerHooks } from '../scheduler/loop';

/** Makes an engine for a context. */
export type EngineMaker = (config: Config, clock: Clock, hooks: SchedulerHooks) => Engine<EngineStatus>;

/** What a context is made of, by `connect`. */
export interface ContextOptions {
  /** Where tasks run, or what makes another engine than ours. */
  readonly backend: TaskBackend | EngineMaker;
  /** Task slots of the master. */
  readonly slots: number;
  /** What the user named it, for heads: `local[2]`. */
  readonly master: string;
  readonly config?: Partial<Config>;
  /** The session's folder: inputs that can be read only once are copied to it. Without one they are refused. */
  readonly folder?: string;
  readonly clock?: Clock;
  /** Where the numbers of its datasets, shuffles and shared variables begin, if several sessions share an engine. Default: 0. */
  readonly firstId?: number;
  /** What runs the receivers of streams; without it, streams read no sockets. */
  readonly receivers?: ReceiverBackend;
  /** What answers queries; without it, `sql` is refused. */
  readonly queries?: SqlEngine;
  /** Told of what a closure does that will not do what it seems to; the shell prints it. */
  readonly onWarning?: (warning: CaptureWarning) => void;
  /** Told in a sentence of what the user should know of running jobs: nothing can run, a listener threw; the shell prints it. */
  readonly onNotice?: (text: string) => void;
}
