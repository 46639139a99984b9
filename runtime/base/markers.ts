// Marks on engine objects that say how a captured reference to them is treated.

/** On objects that live in the session only (context, datasets, streams): what it is, for the error ("the context sc", "an RDD"). */
export const driverOnly: unique symbol = Symbol.for('millrace.driverOnly') as never;

export interface DriverOnly {
  readonly [driverOnly]: string;
}

/** On objects that are shipped by reference (broadcasts, accumulators): what stands for them on an executor. */
export const travelsAs: unique symbol = Symbol.for('millrace.travelsAs') as never;

export interface Reference {
  /** `engine`: an object of the engine's that every executor has, such as TaskContext. */
  readonly kind: 'broadcast' | 'accumulator' | 'engine';
  readonly id: string;
  /** Plain data that the executor needs to rebuild it, such as an accumulator's zero. */
  readonly data?: unknown;
}

export interface TravelsAs {
  [travelsAs](): Reference;
}
