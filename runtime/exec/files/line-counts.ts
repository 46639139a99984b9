// Lines and words counted on their bytes: those of text files, and those of persisted partitions that lie in memory as bytes.
import { MillraceError } from '../../base/errors';
import { StoredLines } from '../../columns/stored-lines';
import { countLines, lineChunks } from '../../formats/read-lines';
import type { TextRange } from '../../plan/input-file';
import type { Plan, Split } from '../../plan/program';
import type { ShuffleWriter } from '../../storage/shuffle-writer';
import type { PersistedPartitions } from '../persisted';
import type { Pulse } from '../task-runtime';
import { TokenCounts } from './token-counts';

type Cached = Plan & { op: 'cached' };

/** The ranges of a split of text. */
export function textRanges(split: Split): readonly TextRange[] {
  if (split.kind !== 'text') throw new MillraceError('INTERNAL', { reason: `a ${split.kind} split for a text source` });
  return split.ranges;
}

export class LineCounts {
  readonly #pulse: Pulse;
  readonly #budget: number;
  readonly #persisted: PersistedPartitions;

  constructor(pulse: Pulse, budget: number, persisted: PersistedPartitions) {
    this.#pulse = pulse;
    this.#budget = budget;
    this.#persisted = persisted;
  }

  /** The number of lines of text files. */
  lines(split: Split): number {
    return countLines(textRanges(split), (n) => this.#pulse.tick(n));
  }

  /** Counts the words of text files into a map output, without making strings of them before the end. */
  tokens(split: Split, separator: number, writer: ShuffleWriter): void {
    const counts = new TokenCounts(separator, this.#budget, writer);
    for (const range of textRanges(split)) for (const lines of lineChunks(range)) this.#pulse.tick(counts.add(lines));
    counts.flush();
  }

  /** The number of rows of a persisted partition that lies in memory; -1 where it does not. */
  stored(plan: Cached, split: Split): number {
    const stored = this.#persisted.stored(plan, split);
    if (!stored) return -1;
    const rows = stored.reduce((sum, part) => sum + ('count' in part ? part.count : part.length), 0);
    this.#pulse.tick(rows);
    return rows;
  }

  /** The lines of a persisted partition as bytes; undefined where it does not lie in memory as such. */
  storedLines(plan: Cached, split: Split): readonly StoredLines[] | undefined {
    const stored = this.#persisted.stored(plan, split);
    return stored?.every((part) => part instanceof StoredLines && part.areLines) ? (stored as StoredLines[]) : undefined;
  }

  /** The same as `tokens` of these lines. */
  storedTokens(stored: readonly StoredLines[], separator: number, writer: ShuffleWriter): void {
    const counts = new TokenCounts(separator, this.#budget, writer);
    for (const { bytes } of stored)
      this.#pulse.tick(counts.add({ buffer: bytes, from: 0, lastEnd: bytes.length, to: bytes.length }));
    counts.flush();
  }
}
