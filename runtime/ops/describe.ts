// What the prompt says of a dataset: its head, and its lineage.
import type { Call } from '../base/flow';
import type { JobPromise } from '../plan/job-promise';
import { RDD } from '../rdd/rdd';

declare module '../rdd/rdd' {
  interface RDD<T> {
    /** What stands in the head of its sample. @internal */
    describeForPrompt(): JobPromise<{ name?: string; partitions: number; partitioner?: string; cached?: string }>;
    /**
     * The lineage as text, a line a dataset: partitions, operator, partitioner, and in a session the line of its call; behind `+-` what a
     * shuffle reads. As Spark's `toDebugString`.
     * @example sc.range(3).map(x => x).toDebugString()
     */
    toDebugString(): string;
  }
}

RDD.prototype.describeForPrompt = async function () {
  await this.knowPartitions();
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

/** `(2) groupByKey[16] hash(2) [2 of 2 partitions cached] at main.ts:7`: partitions first and the call last, as Spark writes it. */
export function lineOf(rdd: RDD<unknown>, read = ''): string {
  const cached = cachedText(rdd);
  const marks = `${cached ? ` [${cached}]` : ''}${rdd.isCheckpointed ? ' [checkpointed]' : ''}`;
  return `(${rdd.numPartitions}) ${rdd}${rdd.partitioner ? ` ${rdd.partitioner}` : ''}${marks}${read}${calledAt(rdd)}`;
}

/** Where the user called for a dataset or a stream, as a suffix of its description; empty where that is not known. */
export const calledAt = ({ call }: { readonly call: Call | undefined }): string =>
  call?.place ? ` at ${call.place.file}:${call.place.line}` : '';
