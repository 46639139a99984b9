// A word on skew: a stage whose slowest task took far longer than its median, which task that was, and what helps.
import { median, type StageRun } from './stage-log';
import { grouped } from './text';
import { msText } from './units';

/** How many times the median the slowest task took, from which a stage is skewed. */
const skewFactor = 5;
/** What is lost by less than this is nothing to talk about. */
const leastLossMs = 1_000;
/** With fewer tasks a median says little. */
const leastTasks = 4;
/** The slowest task read this many times the median: it is its rows, and not its executor or its elements. */
const moreRows = 3;

export interface Skew {
  readonly factor: number;
  readonly medianMs: number;
  /** The slowest task has far more rows than the others. */
  readonly byRows: boolean;
}

/** The skew of a stage, of whatever size; undefined for none. */
export function skewOf({ tasks, slowest }: StageRun): Skew | undefined {
  if (!slowest || tasks.length < leastTasks) return undefined;
  const medianMs = median(tasks.map(({ ms }) => ms));
  if (slowest.ms < skewFactor * Math.max(1, medianMs)) return undefined;
  const records = median(tasks.map((task) => task.records));
  const bytes = median(tasks.map((task) => task.bytesRead));
  const byRows = slowest.records > moreRows * Math.max(1, records) || slowest.bytesRead > moreRows * Math.max(1, bytes);
  return { factor: slowest.ms / Math.max(1, medianMs), medianMs, byRows };
}

/** What is said of it when its stage has ended; undefined where it costs too little to be told. */
export function skewNotice(stage: StageRun): string | undefined {
  const skew = skewOf(stage);
  const { slowest, title, stageId, bytesRead } = stage;
  if (!skew || !slowest || slowest.ms - skew.medianMs < leastLossMs) return undefined;
  const [side, remedy] = advice(skew.byRows, bytesRead > 0);
  const rows = slowest.records > 0 ? `, with ${grouped(String(slowest.records))} of ${grouped(String(stage.records))} rows` : '';
  return [
    `stage ${stageId}, ${title}, is skewed: partition ${slowest.partition} took ${msText(slowest.ms)}, the median is ${msText(skew.medianMs)}${rows}.`,
    `${side} ${remedy} .stages ${stage.jobId} shows it.`,
  ].join(' ');
}

function advice(byRows: boolean, readsShuffle: boolean): readonly [side: string, remedy: string] {
  if (!byRows)
    return [
      'It has no more rows than others: some elements take longer, or its executor is slow.',
      'More partitions spread them.',
    ];
  if (readsShuffle)
    return [
      'A few keys have most of the rows.',
      'Add up before the shuffle (reduceByKey), join small sides by a broadcast, or split such keys: [[key, i % 8], value].',
    ];
  return ['Its piece of the input is larger than the others.', 'repartition(n) spreads the rows.'];
}
