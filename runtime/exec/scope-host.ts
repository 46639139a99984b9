// What the runtime of a task needs of its executor.

import type { FunctionRef } from '../plan/function-ref';
import type { ProgramChanges } from '../plan/functions';
import type { BlockStore } from '../storage/block-store';
import type { TaskExchange } from './files/exchange';
import type { StartCommand } from './files/pipe';
import type { StateStore } from './state/state-store';
import type { TaskUpdates } from './task-updates';

export interface ScopeHost {
  readonly folder: string;
  readonly startCommand: StartCommand;
  readonly executorId: string;
  /** Bytes that each part of the stage that gathers rows may hold before it spills. */
  readonly gatherBytes: number;
  readonly store: BlockStore;
  readonly state: StateStore;
  readonly updates: TaskUpdates;
  /** Set where the engine shuffles and stores rows by itself. */
  readonly exchange?: TaskExchange;
  /** The stage of the task, or the shuffle that it writes. */
  readonly within: string;
  /** Whether a persisted partition that is begun is computed to its end: not for a sample, whose time limit that would pass. */
  readonly finishes: boolean;
  /** What the functions of this program may change. */
  readonly changes: ProgramChanges;
  /** The function that a reference of this program stands for, made for this task. */
  resolve(ref: FunctionRef): Function;
  /** Tells loops over one set of closures from loops over another. */
  readonly sources: string;
}
