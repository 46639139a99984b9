// Lines and words counted on their bytes: those of text files, and those of persisted partitions that lie in memory as bytes.
import { MillraceError } from '../../base/errors';
import { StoredLines } from '../../columns/stored-lines';
import type { FilePieces } from '../../formats/byte-source';
import { countLines, lineChunks, linesIn } from '../../formats/read-lines';
import type { TextRange } from '../../plan/input-file';
import type { Plan, Sink, Split } from '../../plan/program';
import type { ShuffleWriter } from '../../storage/shuffle-writer';
import type { PersistedPartitions } from '../persisted';
import type { Pulse } from '../task-runtime';
import { rangeWithPieces, type TaskExchange } from './exchange';
import { TokenCounts } from './token-counts';

type Cached = Plan & { op: 'cached' };

/** Lines that a stage counts: those of which source, and the text that they include. */
interface Included {
  readonly source: Plan & { op: 'text' | 'cached' };
  readonly text: string;
}

/**
 * What a stage counts, if it counts the lines that include a text. Bytes of ASCII are the same characters wherever they stand in UTF-8, and
 * none of them is a part of what is no UTF-8; line ends belong to no line.
 */
export function countedLines(plan: Plan, sink: Sink): Included | undefined {
  if (sink.kind !== 'count' || plan.op !== 'filter') return undefined;
  const { f, input } = plan;
  if ((input.op !== 'text' && input.op !== 'cached') || f.kind !== 'closure' || f.idiom?.kind !== 'includes') return undefined;
  return /^[\x20-\x7e\t]+$/.test(f.idiom.text) ? { source: input, text: f.idiom.text } : undefined;
}

const newline = 10;

/** The lines from `from` to before `to` that have these bytes. */
function linesWith(bytes: Buffer, from: number, to: number, wanted: Buffer): number {
  const own = bytes.subarray(from, to);
  let lines = 0;
  for (let p = own.indexOf(wanted); p >= 0; ) {
    lines++;
    const end = own.indexOf(newline, p + wanted.length);
    p = end < 0 ? -1 : own.indexOf(wanted, end + 1);
  }
  return lines;
}

/** The ranges of a split of text; those of an engine's files with what feeds them. */
export function textRanges(split: Split, exchange: TaskExchange | undefined): readonly (TextRange & FilePieces)[] {
  if (split.kind !== 'text') throw new MillraceError('INTERNAL', { reason: `a ${split.kind} split for a text source` });
  return exchange ? split.ranges.map((range) => rangeWithPieces(range, exchange)) : split.ranges;
}

export class LineCounts {
  readonly #pulse: Pulse;
  readonly #budget: number;
  readonly #persisted: PersistedPartitions;
  readonly #exchange: TaskExchange | undefined;

  constructor(pulse: Pulse, budget: number, persisted: PersistedPartitions, exchange: TaskExchange | undefined) {
    this.#exchange = exchange;
    this.#pulse = pulse;
    this.#budget = budget;
    this.#persisted = persisted;
  }

  /** The number of lines of text files. */
  lines(split: Split): number {
    return countLines(textRanges(split, this.#exchange), (n) => this.#pulse.tick(n));
  }

  /** The number of lines of text files that include a text. */
  including(split: Split, text: string): number {
    const wanted = Buffer.from(text, 'latin1');
    let found = 0;
    for (const range of textRanges(split, this.#exchange)) {
      for (const { buffer, from, lastEnd } of lineChunks(range)) {
        found += linesWith(buffer, from, lastEnd, wanted);
        this.#pulse.tick(linesIn(buffer, from, lastEnd));
      }
    }
    return found;
  }

  /** The same of persisted lines. */
  storedIncluding(stored: readonly StoredLines[], text: string): number {
    const wanted = Buffer.from(text, 'latin1');
    let found = 0;
    for (const { bytes, count } of stored) {
      found += linesWith(bytes, 0, bytes.length, wanted);
      this.#pulse.tick(count);
    }
    return found;
  }

  /** Counts the words of text files into a map output, without making strings of them before the end. */
  tokens(split: Split, separator: number, writer: ShuffleWriter): void {
    const counts = new TokenCounts(separator, this.#budget, writer);
    for (const range of textRanges(split, this.#exchange))
      for (const lines of lineChunks(range)) this.#pulse.tick(counts.add(lines));
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
