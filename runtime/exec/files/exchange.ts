// What a task exchanges with an engine that shuffles and stores rows by itself: it is fed encoded rows, and hands encoded rows on.
import { MillraceError } from '../../base/errors';
import type { FilePieces } from '../../formats/byte-source';
import type { InputFile, TextRange } from '../../plan/input-file';
import type { Sink, Split } from '../../plan/program';
import type { TaskSpec } from '../../plan/task';
import type { StoredPart } from '../../storage/block-chunks';
import type { PartitionCopy } from '../../storage/partition-copies';
import { RowBatches } from '../../storage/row-batches';
import { type PairFrame, pairsOf, shufflePath } from '../../storage/shuffle-file';
import { ShuffleOutput } from '../../storage/shuffle-output';
import type { BucketOutput } from '../../storage/shuffle-writer';
import { decodeRows, encode } from '../../wire/codec';
import { readBuckets } from './read-bucket';

/** The engine's side of it. */
export interface TaskExchange {
  /** What the engine has for a feed of the split that is no persisted partition, one encoded piece after the other. */
  feed(feed: number): Iterable<Buffer>;
  /** The same of a persisted partition. */
  stored(feed: number): StoredFeed;
  /** Takes encoded rows of a persisted partition, or bytes of a part that is saved. */
  rows(bytes: Uint8Array): void;
  /** Whole lines of a part of a file, or all bytes of one, from a file system of the engine. Throws UNREADABLE_FILE. */
  read?(file: EngineRead): Iterable<Buffer>;
  /** Takes a frame for a reducer. */
  frame(bucket: number, frame: Uint8Array): void;
  /** Of a barrier stage: where its tasks run, by partition. */
  readonly members?: readonly string[];
  /** Gives a message to all tasks of the barrier stage, and answers those of all. */
  gather?(message: Uint8Array): readonly Uint8Array[];
}

/** A persisted partition as the engine feeds it. */
export interface StoredFeed {
  /** Asked for where there is no copy. */
  readonly pieces: Iterable<Buffer>;
  /** A decoded copy, or a place for one; undefined where none is wanted. */
  readonly copy: PartitionCopy | undefined;
}

/** What a task has of it: an engine that shuffles by itself, or the folder of shuffle files. */
interface Exchanging {
  readonly exchange?: TaskExchange;
  readonly folder: string;
}

function noExchange(): never {
  throw new MillraceError('INTERNAL', { reason: 'nothing feeds this task' });
}

/** A file of the engine as pieces of bytes; others are read where they lie. */
export function withPieces<F extends InputFile>(file: F, exchange: TaskExchange | undefined): F & FilePieces {
  if (!file.byEngine) return file;
  const { path } = file;
  return { ...file, pieces: () => reading(exchange, { path }) };
}

/** A range of such a file: its pieces are whole lines. */
export function rangeWithPieces(range: TextRange, exchange: TaskExchange | undefined): TextRange & FilePieces {
  if (!range.byEngine) return range;
  const { path, start, end } = range;
  const pieces = () => reading(exchange, { path, start, length: end - start });
  return { ...range, start: 0, end: Number.POSITIVE_INFINITY, pieces };
}

/** What a task reads of a file of the engine: whole lines of a part, or all bytes. */
type EngineRead = { readonly path: string; readonly start?: number; readonly length?: number };

const reading = (exchange: TaskExchange | undefined, file: EngineRead): Iterable<Buffer> =>
  exchange?.read ? exchange.read(file) : noExchange();

const feedOf = (split: Split): number => (split.kind === 'feed' ? split.feed : noExchange());

/** A persisted partition: a copy that this process holds, or the rows as they come. Without `mayShare` they are made anew for this reader. */
export function* fedParts(exchange: TaskExchange | undefined, split: Split, mayShare: boolean): Generator<StoredPart> {
  const { pieces, copy } = (exchange ?? noExchange()).stored(feedOf(split));
  if (mayShare && copy?.parts) return yield* copy.parts;
  const writer = mayShare ? copy?.writer() : undefined;
  for (const piece of pieces) {
    const rows = decodeRows(piece, 'executor');
    writer?.add(rows);
    yield rows;
  }
  // A reader that has enough ends before.
  writer?.end();
}

/** The frames of a reduce partition, from the engine or from the files of its map tasks. Throws FetchFailure. */
export function framesOf({ exchange, folder }: Exchanging, split: Split, onBytes: (bytes: number) => void): Generator<PairFrame> {
  return exchange ? fedFrames(exchange, split, onBytes) : readBuckets(folder, split, onBytes);
}

function* fedFrames(exchange: TaskExchange, split: Split, onBytes: (bytes: number) => void): Generator<PairFrame> {
  for (const frame of exchange.feed(feedOf(split))) {
    onBytes(frame.length);
    yield pairsOf(frame, 'the shuffle of the engine');
  }
}

/** Hands the rows of a persisted partition on, encoded some at a time. */
export class FedRows {
  readonly #batches: RowBatches;

  constructor(exchange: TaskExchange | undefined) {
    const to = exchange ?? noExchange();
    this.#batches = new RowBatches((rows) => to.rows(encode(rows)));
  }

  add(row: unknown): void {
    this.#batches.add(row);
  }

  end(): null {
    this.#batches.flush();
    return null;
  }
}

/** Where the frames of a map task go: to the engine, or to a file. */
export function bucketOutput(
  { exchange, folder }: Exchanging,
  { shuffleId }: Sink & { kind: 'shuffle' },
  { partition, taskId }: TaskSpec,
  buckets: number,
  memoryBytes: number,
): BucketOutput {
  if (exchange) return new FedBuckets(exchange, buckets);
  return new ShuffleOutput(shufflePath(folder, shuffleId, partition, taskId), buckets, memoryBytes);
}

/** Hands the frames of a map task on as they are finished. */
class FedBuckets implements BucketOutput {
  readonly #exchange: TaskExchange;
  readonly #sizes: number[];

  constructor(exchange: TaskExchange, buckets: number) {
    this.#exchange = exchange;
    this.#sizes = new Array<number>(buckets).fill(0);
  }

  add(bucket: number, frame: Buffer): void {
    this.#sizes[bucket] += frame.length;
    this.#exchange.frame(bucket, frame);
  }

  end(): number[] {
    return this.#sizes;
  }

  abandon(): void {}
}
