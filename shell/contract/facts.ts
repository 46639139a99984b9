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

/** The datasets that sessions of the server have published are asked for, with the types of their elements. */
export interface AskedPublished {
  readonly key: string;
  readonly published: true;
}

/** What the checker of types asks. */
export type AskedFact = AskedQuery | AskedPublished;

/** What is known of what was asked: the type of a query's rows, what is wrong with it, the types of published datasets, or nothing. */
export interface Fact {
  readonly key: string;
  /** The types of the elements of published datasets by name, as texts. */
  readonly types?: Readonly<Record<string, string>>;
  /** The same of published streams. */
  readonly streams?: Readonly<Record<string, string>>;
  /** The text of a TypeScript type. */
  readonly row?: string;
  readonly fault?: { readonly message: string; readonly position?: number };
}
