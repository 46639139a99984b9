// What a connector for streams must say that can read any range of its past again, such as a log with offsets.
import type { Time } from '../base/duration';
import type { Source, SourcePartition } from './source';

/** What one batch reads. */
export interface DirectRange<P, O> {
  /** Where the next batch begins. */
  readonly to: O;
  readonly partitions: readonly SourcePartition<P>[];
  /** How many records, if the source knows. */
  readonly records?: number;
  /** How many records wait for later batches, if the source knows: `.streams` and the pages show it. */
  readonly behind?: number;
  /** What the batch leaves out and why, for the same places. */
  readonly notes?: readonly string[];
}

/**
 * A source that `ssc.directStream` reads without a receiver: each batch is a range between two positions, which the checkpoint holds, so that a
 * restart reads the same again. Positions are plain data. All but `read` run in the session.
 */
export interface DirectSource<T, P = unknown, O = unknown> extends Pick<Source<T, P>, 'name' | 'operation' | 'read'> {
  /** Where a stream begins that no checkpoint continues. Tried again until it succeeds. */
  begin(): O | Promise<O>;
  /** How far the source has come. Asked again and again while the stream runs; `from` is where the next batch begins. */
  latest(from: O): O | Promise<O>;
  /**
   * What a batch reads of all that lies between two positions: about `limit` records at most, if it is given. It must not wait, and answers the
   * same for the same positions.
   */
  range(from: O, latest: O, limit: number | undefined): DirectRange<P, O>;
  /** A position that a checkpoint holds, which anybody may have written. Throws where it is none. */
  positionIn?(saved: unknown): O;
  /** All outputs of a batch that ends at this position have ended well: for other tools that watch how far the stream has come. */
  commit?(to: O, time: Time): void | Promise<void>;
}
