// A summary of the columns of rows.
import { HashPartitioner } from '../keys/partitioner';
import { perPartition } from '../ops/merge-answers';
import { combined } from '../ops/pairs';
import { lib } from '../rdd/function-argument';
import { SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';

/** What a column holds. */
export interface ColumnSummary {
  readonly column: string;
  /** Its type in a few words, as `.schema` has it. */
  readonly type: string;
  /** Rows in which it is null or missing. */
  readonly nulls: number;
  /** Different values: exact up to 1,000, beyond that estimated within about 2 %; null of lists and objects. */
  readonly distinct: number | null;
  readonly min: unknown;
  /** The quartiles of numbers and instants: exact up to 1,000 values, beyond that within 0.1 %. */
  readonly q1: number | Date | null;
  readonly median: number | Date | null;
  readonly q3: number | Date | null;
  readonly max: unknown;
  /** The most frequent values with how often they come: `AA ×3, BB ×2`; null where there are more than 1,000 different ones. */
  readonly top: string | null;
}

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * A row for each column of rows that are objects: its type, nulls, distinct values, least and greatest value, quartiles and most frequent
     * values. One job looks at all rows, and holds about a summary of each partition.
     * @example (await sc.parallelize([{ a: 1 }, { a: 3 }, { a: null }]).describe().collect())[0].median // 2
     */
    describe(this: RDD<object>): RDD<ColumnSummary>;
  }
}

RDD.prototype.describe = function (this: RDD<object>) {
  const parts = perPartition<[number, unknown]>(this, 'describe', lib('describePart'));
  const join = lib('describeJoin');
  const whole = combined<[number, unknown]>(parts, 'describe', new HashPartitioner(1), undefined, join, join);
  const f = lib('describeRows');
  return new SteppedRDD<ColumnSummary>(whole, {
    operation: 'describe',
    plan: (input, b) => ({ op: 'flatMap', values: false, name: 'describe', f: b.function(f), input }),
  });
};
