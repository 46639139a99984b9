// What the prompt says of a dataset: its head, and its lineage.
import { RDD } from '../rdd/rdd';

declare module '../rdd/rdd' {
  interface RDD<T> {
    /** What stands in the head of its sample. @internal */
    describeForPrompt(): { name?: string; partitions: number; partitioner?: string; cached?: string };
    /** The lineage as text, a line a dataset: partitions, operator, partitioner; behind `+-` what a shuffle reads. As Spark's `toDebugString`. */
    toDebugString(): string;
  }
}

RDD.prototype.describeForPrompt = function () {
  return {
    name: this.name ?? this.operation,
    partitions: this.numPartitions,
    partitioner: this.partitioner?.toString(),
    cached: cachedText(this),
  };
};

function cachedText(rdd: RDD<unknown>): string | undefined {
  if (!rdd.storageLevel.isKept) return undefined;
  const { partitions } = rdd.context.storageOf(rdd);
  return partitions === 0 ? 'cached when computed' : `${partitions} of ${rdd.numPartitions} partitions cached`;
}

RDD.prototype.toDebugString = function () {
  const lines: string[] = [];
  const seen = new Set<RDD<unknown>>();
  const walk = (rdd: RDD<unknown>, first: string, rest: string) => {
    const again = seen.has(rdd) && rdd.lineage.length > 0;
    lines.push(first + lineOf(rdd) + (again ? ' (see above)' : ''));
    if (again) return;
    seen.add(rdd);
    const several = rdd.lineage.length > 1;
    for (const { kind, rdd: parent } of rdd.lineage) {
      if (kind === 'shuffle') walk(parent, `${rest}+-`, `${rest}  `);
      else if (several) walk(parent, `${rest}|-`, `${rest}| `);
      else walk(parent, rest, rest);
    }
  };
  walk(this, '', ' ');
  return lines.join('\n');
};

/** `(2) groupByKey[16] hash(2) [2 of 2 partitions cached]`: partitions first, as Spark writes it. */
function lineOf(rdd: RDD<unknown>): string {
  const cached = cachedText(rdd);
  return `(${rdd.numPartitions}) ${rdd}${rdd.partitioner ? ` ${rdd.partitioner}` : ''}${cached ? ` [${cached}]` : ''}${rdd.isCheckpointed ? ' [checkpointed]' : ''}`;
}
