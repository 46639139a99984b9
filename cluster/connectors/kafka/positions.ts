// Positions in topics: where each partition of each topic stands, and what a batch reads between two of them.
import type { DirectRange } from '../../../runtime/index';
import type { OffsetRange } from './read';

/** KafkaOffsets by topic and partition. Plain data: checkpoints hold it. */
export type KafkaOffsets = Readonly<Record<string, readonly number[]>>;

export interface KafkaPosition {
  readonly at: KafkaOffsets;
  /** Where partitions begin that are not in the position before this one, or that lost their first records since. */
  readonly begins?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** It is the end of a batch: what it reads was limited when it was made, maybe by other limits than those of now. */
  readonly isEnd?: boolean;
}

/** The position of a saved one, which anybody may have written. */
export function positionIn(saved: unknown): KafkaPosition {
  const bad = () =>
    new Error('a checkpoint holds offsets of Kafka that are none: remove the checkpoint, or choose another folder');
  const isOffset = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
  const isTable = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isTable(saved) || !isTable(saved.at)) throw bad();
  if (!Object.values(saved.at).every((offsets) => Array.isArray(offsets) && offsets.every(isOffset))) throw bad();
  const { begins = {} } = saved;
  if (!isTable(begins) || !Object.values(begins).every((by) => isTable(by) && Object.values(by).every(isOffset))) throw bad();
  return saved as unknown as KafkaPosition;
}

interface Limits {
  /** Records of a partition in a batch. */
  readonly perPartition: number;
  readonly total: number | undefined;
}

/** What lies between two positions, at most so much of it. The same positions give the same. */
export function rangeBetween(
  from: KafkaPosition,
  latest: KafkaPosition,
  { perPartition, total }: Limits,
): DirectRange<OffsetRange, KafkaPosition> {
  const all: OffsetRange[] = [];
  const notes: string[] = [];
  for (const topic of Object.keys(latest.at).sort()) {
    for (const [partition, end] of latest.at[topic].entries()) {
      const stood = from.at[topic]?.[partition];
      const begins = latest.begins?.[topic]?.[partition];
      const isAnew = stood !== undefined && begins !== undefined && stood > end;
      const first = isAnew ? begins : Math.max(stood ?? 0, begins ?? 0);
      if (isAnew)
        notes.push(`${topic}, partition ${partition}: it ends at ${end}, before offset ${stood}: it is read anew, from ${first}`);
      else if (stood !== undefined && stood < first)
        notes.push(`${topic}, partition ${partition}: offsets ${stood} to ${first - 1} are gone`);
      all.push({ topic, partition, from: first, to: Math.max(first, end) });
    }
  }
  const waiting = all.reduce((sum, range) => sum + range.to - range.from, 0);
  const share = total === undefined || waiting <= total ? 1 : total / waiting;
  const cut = all.map((range) => {
    const there = range.to - range.from;
    // A partition with records moves on, whatever its share.
    if (latest.isEnd) return range;
    const most = Math.min(perPartition, share === 1 ? there : Math.ceil(there * share));
    return { ...range, to: range.from + Math.min(there, most) };
  });
  const at: Record<string, number[]> = {
    ...Object.fromEntries(Object.entries(from.at).map(([topic, offsets]) => [topic, [...offsets]])),
  };
  for (const { topic, partition, to } of cut) {
    at[topic] ??= [];
    at[topic][partition] = to;
  }
  const records = cut.reduce((sum, range) => sum + range.to - range.from, 0);
  return {
    to: { at, ...(latest.begins && { begins: latest.begins }), isEnd: true },
    records,
    behind: waiting - records,
    notes,
    partitions: cut.filter((range) => range.to > range.from).map((data) => ({ data })),
  };
}
