// `saveTo`: writes a dataset to a sink, each partition by a task, and commits the job once.
import { refuseArgument } from '../../base/arguments';
import { freshSeed } from '../../base/time';
import type { Sink, SinkJob } from '../../connect/sink';
import { clarifiedClient } from '../../exec/library/connectors';
import type { JobPromise } from '../../plan/job-promise';
import { lib, ShippedFunction } from '../../rdd/function-argument';
import { SteppedRDD } from '../../rdd/narrow-step';
import { RDD } from '../../rdd/rdd';
import { gather } from '../actions';

declare module '../../rdd/rdd' {
  interface RDD<T> {
    /**
     * Writes the rows to a sink: an object that says how a task writes its partition, and how the job is committed. If the job fails, nothing
     * is committed. `docs/connectors.md` writes one. Throws BAD_ARGUMENT for what is no sink, and what the sink throws.
     * @example await sc.range(3).saveTo({ name: 'nowhere', write: rows => [...rows].length, commit: counts => console.log(counts) })
     */
    saveTo<R>(sink: Sink<T, R>): JobPromise<void>;
  }
}

const remedy = 'See docs/connectors.md.';

/** What `write` of a sink is, captured. Throws BAD_ARGUMENT where a sink is none. */
export function shippedWrite(context: RDD<unknown>['context'], operation: string, sink: unknown): ShippedFunction {
  const fields = sink as Record<string, unknown> | null | undefined;
  if (typeof fields === 'object' && fields !== null && typeof fields.name === 'string' && typeof fields.write === 'function')
    return ShippedFunction.of(context, fields.write, operation, 'write of the sink');
  return refuseArgument({ operation, argument: 'its argument', value: sink, rule: 'a sink with name and write', remedy });
}

/** Runs one job that writes to a sink, unless it was committed before. */
export async function writeTo(rdd: RDD<unknown>, operation: string, sink: Sink<never>, write: ShippedFunction, job: SinkJob) {
  if (await sink.isCommitted?.(job)) return;
  try {
    await sink.begin?.(job);
    const written = new SteppedRDD(rdd, {
      operation,
      plan: (input, b) => {
        const f = b.function(lib('writePart', write, operation, job));
        return { op: 'mapPartitions', name: operation, f, awaits: 1, input };
      },
    });
    const answers = await gather<unknown[]>(written, operation, () => ({ kind: 'collect' }));
    await sink.commit?.(answers.flat(1), job);
  } catch (error) {
    await abort(sink, job, error);
    throw clarifiedClient(operation, error);
  }
}

/** What `abort` throws is less than what the job failed with. */
async function abort(sink: Sink<never>, job: SinkJob, error: unknown): Promise<void> {
  try {
    await sink.abort?.(job);
  } catch (e) {
    if (error instanceof Error && error.cause === undefined) error.cause = e;
  }
}

RDD.prototype.saveTo = async function (sink) {
  const operation = sink?.operation ?? 'saveTo';
  const write = shippedWrite(this.context, operation, sink);
  await this.knowPartitions();
  // Two draws: ids of all jobs that ever write to a sink must differ.
  const id = `${freshSeed().toString(36)}-${freshSeed().toString(36)}`;
  await writeTo(this, operation, sink as Sink<never>, write, { id, partitions: this.numPartitions });
};
