// The types of elements: what closures may return, and what becomes of it in sums and merges.

/** What closures may return: the tuple in the union lets TypeScript infer `[[string, Date], number]` for `e => [[e.user, e.day], 1]`. */
export type Datum = {} | null | undefined | [Datum, ...Datum[]];

/** Lets through `any`, and `never` of an empty array: they would pass for pairs. */
export type OnlyAny<A> = 0 extends 1 & A ? A : never;

/** Literals as their kind: `x ? 1 : 0` makes a dataset of `0 | 1`, whose sum is a number. */
export type Widen<T> = T extends number
  ? number
  : T extends string
    ? string
    : T extends bigint
      ? bigint
      : T extends boolean
        ? boolean
        : T;

/**
 * What merges make of elements of type T: literals count as their kind, also within tuples, and a list of one element or none begins a
 * longer one, so `[string]` counts as `string[]`. Two levels deep: TypeScript gives up on recursion here.
 */
export type Accumulated<T> = T extends readonly unknown[]
  ? T extends readonly []
    ? any[]
    : T extends readonly [unknown]
      ? Inner<T[0]>[]
      : T extends readonly [unknown, unknown, ...unknown[]]
        ? { -readonly [I in keyof T]: Inner<T[I]> }
        : T
  : Widen<T>;

/** The same of an element of a tuple. */
type Inner<T> = T extends readonly unknown[]
  ? T extends readonly []
    ? any[]
    : T extends readonly [unknown]
      ? Widen<T[0]>[]
      : T extends readonly [unknown, unknown, ...unknown[]]
        ? { -readonly [I in keyof T]: Widen<T[I]> }
        : T
  : Widen<T>;

/** What a merge of tuples may return instead: `a.concat(b)` and `a.map(f)` are arrays. */
type List<T> = T extends readonly [unknown, unknown, ...unknown[]] ? Accumulated<T[number]>[] : never;

/** What a function that merges elements of type T may return. */
export type Merge<T> = Accumulated<T> | List<T>;

/** What the result of such a merge is: a list only where the function returns lists. */
export type Merged<T, R> = [R] extends [Accumulated<T>] ? Accumulated<T> : List<T>;

/** What a function that merges whole elements may return if they are arrays: `a.concat(b)` of `[string]` and `[string]`. */
export type ListOf<T, U> = T extends readonly unknown[] ? U[] : never;
