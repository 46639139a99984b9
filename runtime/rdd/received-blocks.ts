// A dataset of the blocks that a receiver left: lines of text, or rows, read where they lie.
import { existsSync } from 'node:fs';
import { type Time, timeText } from '../base/duration';
import { MillraceError } from '../base/errors';
import { leastBlockBytes } from '../base/limits';
import type { TextRange } from '../plan/input-file';
import { type SplitRule, sliceBounds } from '../plan/node';
import type { Plan } from '../plan/program';
import type { DatasetHost } from './host';
import { fileSplits, textSplits } from './inputs/cut-files';
import { RDD } from './rdd';

/** One block file. */
export interface BlockFile {
  readonly path: string;
  readonly bytes: number;
}

/** How the blocks are written: UTF-8 lines, or rows in the object-file encoding. */
export type BlockFormat = 'text' | 'objects';

/** The batch of a stream whose dataset this is. */
export interface BatchName {
  readonly stream: string;
  readonly time: Time;
}

/** How many tasks read so many bytes: one for each slot, unless that would leave them next to nothing. */
const tasksFor = (bytes: number, slots: number): number =>
  bytes === 0 ? 0 : Math.max(1, Math.min(slots, Math.ceil(bytes / leastBlockBytes)));

/** The part [from, to) of blocks that are thought one after the other, as ranges of their files. */
function rangesOf(blocks: readonly BlockFile[], from: number, to: number): TextRange[] {
  const out: TextRange[] = [];
  let at = 0;
  for (const { path, bytes } of blocks) {
    const [start, end] = [Math.max(0, from - at), Math.min(bytes, to - at)];
    if (start < end) out.push({ path, start, end, form: 'plain' });
    at += bytes;
  }
  return out;
}

/** Text is cut into equal parts, wherever that is: a line belongs to the part in which it starts. Rows are read by whole files. */
export class BlocksRDD<T> extends RDD<T> {
  readonly #blocks: readonly BlockFile[];
  readonly #format: BlockFormat;
  readonly #bytes: number;
  readonly #batch: BatchName;

  constructor(context: DatasetHost, name: string, format: BlockFormat, blocks: readonly BlockFile[], batch: BatchName) {
    super(context, name);
    this.#format = format;
    this.#batch = batch;
    this.#blocks = blocks.filter(({ bytes }) => bytes > 0);
    this.#bytes = this.#blocks.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** A block that is gone went with its batch. @internal */
  override clarified(error: MillraceError): MillraceError | undefined {
    const isOwn = error.code === 'UNREADABLE_FILE' && this.#blocks.some(({ path }) => path === error.details.path);
    if (!isOwn || existsSync(String(error.details.path))) return undefined;
    const { stream, time } = this.#batch;
    return new MillraceError('BATCH_FORGOTTEN', { stream, time: timeText(time) });
  }

  protected countPartitions(): number {
    const most = this.#format === 'text' ? Number.POSITIVE_INFINITY : this.#blocks.length;
    return Math.min(most, tasksFor(this.#bytes, this.context.defaultParallelism));
  }

  fragment(): Plan {
    return { op: this.#format };
  }

  splits(): SplitRule {
    const n = this.numPartitions;
    const all = Array.from({ length: n }, (_, i) => i);
    const cut = (i: number) => Math.floor((this.#bytes * i) / n);
    if (this.#format === 'text') return textSplits(all.map((i) => rangesOf(this.#blocks, cut(i), cut(i + 1))));
    const files = this.#blocks.map(({ path }) => ({ path, form: 'plain' as const }));
    const bounds = sliceBounds(files.length, n);
    return fileSplits(all.map((i) => files.slice(...bounds(i))));
  }
}
