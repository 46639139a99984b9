// The dataset that a value is, or that it stands for: commands work on queries as on datasets.
import { RDD } from '../../runtime';
import { Query } from '../../runtime/models';

/** Undefined for other values. */
export function datasetOf(value: unknown): RDD<unknown> | undefined {
  if (value instanceof RDD) return value;
  return value instanceof Query ? value.toRDD() : undefined;
}

/** The value, or the dataset that it stands for: what is printed of it. */
export const shownOf = (value: unknown): unknown => datasetOf(value) ?? value;
