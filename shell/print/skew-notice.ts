// Notices on skew: a stage whose slowest task took far longer than most, and what helps.

import { msText } from '../../runtime/base/units';
import { type Skew, skewOf } from '../../runtime/status/skew';
import type { StageStatus } from '../../runtime/status/stage-status';
import { grouped } from './safe-text';

/** Smaller losses are not worth a notice. */
const leastLossMs = 1_000;

/** The notice for an ended stage; undefined if it is even or loses too little time. */
export function skewNotice(stage: StageStatus, now: number): string | undefined {
  const skew = skewOf(stage, now);
  if (!skew || skew.ms - skew.medianMs < leastLossMs) return undefined;
  const { stageId, title } = stage.graph;
  const [side, remedy] = advice(skew.explainedBy !== undefined, stage.bytesRead > 0);
  const rows = skew.rows ? `, with ${grouped(String(skew.rows))} of ${grouped(String(stage.rows))} rows` : '';
  return [
    `stage ${stageId}, ${title}, is skewed: partition ${skew.partition} took ${msText(skew.ms)}, the median is ${msText(skew.medianMs)}${rows}.`,
    `${side} ${remedy} .stages ${stage.jobId} shows it.`,
  ].join(' ');
}

function advice(isExplained: boolean, readsShuffle: boolean): readonly [side: string, remedy: string] {
  if (!isExplained)
    return [
      'It has no more rows than others: some elements take longer, or its executor is slow.',
      'More partitions spread them.',
    ];
  if (readsShuffle)
    return [
      'A few keys have most of the rows.',
      'Combine values before the shuffle (reduceByKey), broadcast the small side of a join, or split such keys: [[key, i % 8], value].',
    ];
  return ['Its piece of the input is larger than the others.', 'repartition(n) spreads the rows.'];
}

/** The line below the table of `.stages`. */
export function skewLine(stageId: number, skew: Skew): string {
  const took = skew.isRunning ? 'has run' : 'took';
  return ` ! stage ${stageId}: partition ${skew.partition} on ${skew.executorId} ${took} ${Math.round(skew.factor)} times the median${reasonOf(skew)}`;
}

function reasonOf({ isRunning, explainedBy }: Skew): string {
  if (isRunning) return '';
  if (explainedBy === undefined) return '; it had no more rows than the others';
  return explainedBy === 'rows' ? '; it had far more rows' : '; it read far more bytes';
}
