// Partitioners written by users: an object with a number of partitions and a function from key to partition, which is shipped.
import { FunctionPartitioner, type Partitioner } from '../keys/partitioner';
import type { PartitionerSpec } from '../plan/program';
import { ShippedFunction } from './function-argument';
import type { FunctionTable } from './function-table';
import type { DatasetHost } from './host';

/** What a user writes to spread keys. It is captured with all that it uses at the first dataset that it is given to. */
export interface CustomPartitioner<K = any> {
  readonly numPartitions: number;
  /** A whole number from 0 to numPartitions - 1; the same for keys that are equal by value. */
  getPartition(key: K): number;
  /** Whether another partitioner puts each key where this one does; if left out, only this very object does. */
  equals?(other: unknown): boolean;
}

export const isCustomPartitioner = (v: unknown): v is CustomPartitioner =>
  typeof v === 'object' && v !== null && typeof (v as CustomPartitioner).getPartition === 'function';

/** A user's partitioner in a context. */
export class UserPartitioner extends FunctionPartitioner {
  readonly #object: CustomPartitioner;
  readonly #context: DatasetHost;
  readonly #shipped: ShippedFunction;

  constructor(context: DatasetHost, object: CustomPartitioner) {
    super(context.checkPartitions('partitioner', object.numPartitions), (key) => object.getPartition(key), 'partitioner');
    this.#object = object;
    this.#context = context;
    // Bound, so that what it finds as `this` is captured with it.
    this.#shipped = ShippedFunction.of(context, object.getPartition.bind(object), 'partitioner');
  }

  isOf(context: DatasetHost): boolean {
    return context === this.#context;
  }

  override equals(other: Partitioner | undefined): boolean {
    if (!(other instanceof UserPartitioner) || other.#context !== this.#context) return false;
    if (other.#object === this.#object) return true;
    return other.numPartitions === this.numPartitions && this.#object.equals?.(other.#object) === true;
  }

  /** The spec with the function by its place in a stage's program. */
  shippedSpec(functions: FunctionTable): PartitionerSpec {
    return { kind: 'custom', partitions: this.numPartitions, f: functions.function(this.#shipped) };
  }
}

const known = new WeakMap<CustomPartitioner, Map<DatasetHost, UserPartitioner>>();

/** The partitioner of a user's object: the same one for each dataset of a context. */
export function userPartitioner(context: DatasetHost, object: CustomPartitioner): UserPartitioner {
  const contexts = known.get(object) ?? new Map<DatasetHost, UserPartitioner>();
  known.set(object, contexts);
  const made = contexts.get(context) ?? new UserPartitioner(context, object);
  contexts.set(context, made);
  return made;
}

/** A partitioner as plain data for the stage that writes by it. */
export const specOf = (partitioner: Partitioner, functions: FunctionTable): PartitionerSpec =>
  partitioner instanceof UserPartitioner ? partitioner.shippedSpec(functions) : partitioner.spec;
