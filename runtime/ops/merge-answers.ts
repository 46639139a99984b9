// Merges of partial answers by the user's function as it was captured: in the session where that is the same, else by one small task.
import type { Context } from '../context/context';
import { type FunctionArgument, lib, type ShippedFunction } from '../rdd/function-argument';
import { SteppedRDD } from '../rdd/narrow-step';
import type { RDD } from '../rdd/rdd';

export const perPartition = <U>(rdd: RDD<unknown>, operation: string, f: FunctionArgument): RDD<U> =>
  new SteppedRDD<U>(rdd, { operation, plan: (input, b) => ({ op: 'mapPartitions', name: operation, f: b.function(f), input }) });

/**
 * What `live` makes of the rows. A function with captured variables may have changed since the operator was called, so that `captured` asks
 * an executor, which has it as it was.
 */
export function mergeAsCaptured<R, A>(
  { context, shipped, rows }: { context: Context; shipped: ShippedFunction | undefined; rows: readonly R[] },
  live: (rows: readonly R[]) => A,
  captured: (rows: RDD<R>) => Promise<A>,
): A | Promise<A> {
  return !shipped || rows.length < 2 || shipped.isSelfContained ? live(rows) : captured(context.parallelize(rows, 1));
}

/** Rows merged one after the other, in their order; there must be one. */
export async function mergeInOrder<R>(
  context: Context,
  shipped: ShippedFunction,
  rows: readonly R[],
  f: (a: R, b: R) => R,
): Promise<R> {
  const operation = `${shipped.operation}: merge`;
  return mergeAsCaptured(
    { context, shipped, rows },
    (all) => all.reduce((a, b) => f(a, b)),
    async (all) => (await perPartition<R>(all, operation, lib('reducePartition', shipped)).collectPartitions(operation))[0],
  );
}
