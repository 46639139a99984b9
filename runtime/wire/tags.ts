// The kinds of encoded values, and how instances of the user's classes are encoded.

/** The first byte of an encoded value. */
export enum Tag {
  Undefined,
  Null,
  True,
  False,
  Int32,
  Float64,
  BigInt,
  Latin1,
  Utf16,
  Date,
  RegExp,
  Array,
  Int32Column,
  Float64Column,
  StringColumn,
  TupleColumns,
  ObjectColumns,
  SparseArray,
  Object,
  NullObject,
  Map,
  Set,
  Bytes,
  Typed,
  Error,
  Instance,
  BooleanColumn,
  /** Several arrays, each as bytes of its own; only around all that is encoded. */
  Pieces,
}

/** Typed arrays in the order of their numbers on the wire; Uint8Array has a tag of its own. */
export const typedKinds = [
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

/** Rows of more columns than these go one by one. */
export const maxTupleColumns = 16;
export const maxObjectColumns = 64;

/**
 * Columns of columns of columns, at most: each level makes an object per row of the same bytes. What is nested deeper goes one by one, and
 * so the values of some bytes are never more than a multiple of them.
 */
export const maxColumnLevels = 8;

/** Errors of the language keep their class; those of other classes become the nearest of these under their own name. */
export const errorKinds = [
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
  Error,
] as const;

/** Properties of errors that are not enumerable, beyond name, message and stack. */
export const hiddenOfErrors = ['cause', 'errors'] as const;

/** Whose classes the instances in the bytes get, where session and executor are one process. */
export type Side = 'session' | 'executor';

/** How instances of the user's classes are encoded; `closure/classes/instances.ts` gives the real one. */
export interface InstanceCodec {
  /** The class's key and the instance's state, or undefined where the class cannot be shipped. */
  take(value: object): { key: string; state: unknown } | undefined;
  /** Throws PROTOCOL where the class is not known here. */
  make(key: string, state: unknown, side: Side): object;
}

let instances: InstanceCodec | undefined;

/** The codec of instances, once the closure package gave it. */
export const instanceCodec = (): InstanceCodec | undefined => instances;

export function setInstanceCodec(codec: InstanceCodec): void {
  instances = codec;
}
