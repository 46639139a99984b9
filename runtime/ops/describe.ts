// What the prompt says of a dataset: its head, and its lineage.
import { RDD, StorageLevel } from '../rdd/rdd';

declare module '../rdd/rdd' {
  interface RDD<T> {
    /** What stands in the head of its sample. */
    describeForPrompt(): { name?: string; partitions: number; partitioner?: string; cached?: string };
    /** The lineage as text, a line a dataset; deeper shuffles stand deeper. As Spark's `toDebugString`. */
    toDebugString(): string;
  }
}

RDD.prototype.describeForPrompt = function () {
  return { name: this.name ?? this.operation, partitions: this.numPartitions, partitioner: this.partitioner?.toString(), cached: cachedText(this) };
};

function cachedText(rdd: RDD<unknown>): string | undefined {
  if (rdd.storageLevel === StorageLevel.NONE) return undefined;
  const { partitions } = rdd.context.storageOf(rdd);
  return partitions === 0 ? 'cached when computed' : `${partitions} of ${rdd.numPartitions} partitions cached`;
}

RDD.prototype.toDebugString = function () {
  const lines: string[] = [];
  const seen = new Set<RDD<unknown>>();
  const walk = (rdd: RDD<unknown>, depth: number, edge: string) => {
    const cached = cachedText(rdd);
    const again = seen.has(rdd) && rdd.dependencies.length > 0;
    const spread = rdd.partitioner ? ` ${rdd.partitioner}` : '';
    lines.push(`${'  '.repeat(depth)}${edge}${rdd} (${rdd.numPartitions})${spread}${cached ? ` [${cached}]` : ''}${again ? ' (see above)' : ''}`);
    if (again) return;
    seen.add(rdd);
    for (const d of rdd.dependencies) {
      if (d.kind === 'narrow') walk(d.rdd, rdd.dependencies.length > 1 ? depth + 1 : depth, rdd.dependencies.length > 1 ? '| ' : '');
      else walk(d.rdd, depth + 1, '+-shuffle: ');
    }
  };
  walk(this, 0, '');
  return lines.join('\n');
};
