// What a checkpoint says: the progress of a context's streams after one batch, as plain data.
import type { Time } from '../../base/duration';
import type { BatchInput } from '../graph/input';
import type { StateVersion } from '../graph/stateful';

/** How a restart finds a stream: by the name that was set, else by its operation and its place among the streams of that operation. */
export interface SavedStream {
  readonly name: string;
  readonly isNamed: boolean;
  readonly operation: string;
}

/** What a batch read, with paths below folders of this run as names. */
export type SavedBatch = BatchInput;

export interface SavedInput extends SavedStream {
  /** What can go on from the position: sources of other kinds cannot. */
  readonly kind: string;
  /** The position after the last batch that was made; left out if the source cannot be reread. */
  readonly position?: unknown;
  /** What each batch read that is unfinished or that a window still needs; oldest first. */
  readonly batches: readonly (readonly [Time, SavedBatch])[];
}

/** The version to resume from, that of the last completed batch, and what of the past can be read. */
export interface SavedState extends SavedStream, StateVersion {}

/** All that a restart needs besides the program. Plain data, never code. */
export interface StreamCheckpoint {
  readonly interval: number;
  readonly zeroTime: Time;
  /** The last completed batch; all earlier ones are completed too. The zero time before the first. */
  readonly lastDone: Time;
  /** The last batch that was made. */
  readonly lastMade: Time;
  /** Unfinished batches, oldest first. */
  readonly unfinished: readonly Time[];
  readonly inputs: readonly SavedInput[];
  readonly states: readonly SavedState[];
}
