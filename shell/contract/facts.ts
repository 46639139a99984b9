// What the checker of types asks the session about data, because no declaration tells: plain data both ways.
import type { Schema } from '../../runtime/schema/schema';

/** A table of a query: the dataset that a variable of the session holds, or rows of a declared type. */
export interface AskedTable {
  /** Its name in the text of the query. */
  readonly name: string;
  /** The variable, where the hole has nothing else. */
  readonly variable?: string;
  /** The columns by the declared type of its rows. */
  readonly schema: Schema;
}

/** A query whose answer's columns are asked for. */
export interface AskedQuery {
  readonly key: string;
  readonly text: string;
  readonly tables: readonly AskedTable[];
  /** The kinds of the values that are bound: `int`, `text`, `boolean`, `bigint`, `timestamp`, lists as `int[]`. */
  readonly values: readonly string[];
  readonly int64: 'number' | 'bigint';
}

/** What is known of a query: the type of its rows, what is wrong with it, or nothing. */
export interface QueryFact {
  readonly key: string;
  /** The text of a TypeScript type. */
  readonly row?: string;
  readonly fault?: { readonly message: string; readonly position?: number };
}
