// The boundary to the engine of SQL: what a query reads and what it answers, as plain data.
import type { Column, Schema } from '../schema/schema';

/** A table that a query reads, by the name that its text has. */
export type SqlTable =
  /** The rows of a dataset in the session's folder: a file of frames for each partition. */
  | {
      readonly kind: 'frames';
      readonly name: string;
      readonly dataset: number;
      readonly partitions: number;
      readonly schema?: Schema;
    }
  /** A table without rows, to prepare queries on. */
  | { readonly kind: 'columns'; readonly name: string; readonly schema: Schema }
  /** Lines of text files that the engine reads itself: one column, `value`. */
  | { readonly kind: 'lines'; readonly name: string; readonly paths: readonly string[] };

/** How answers become values. */
export interface SqlForm {
  /** What whole numbers of more than 53 bits become: `number` refuses what it cannot hold. */
  readonly int64: 'number' | 'bigint';
  /** The zone of dates and of times without a zone. */
  readonly timeZone: string;
}

export interface SqlQuery {
  readonly text: string;
  /** Bound to $1, $2, … of the text. */
  readonly values: readonly unknown[];
  readonly tables: readonly SqlTable[];
  readonly form: SqlForm;
}

/** What is wrong with a query. */
export interface SqlFault {
  readonly message: string;
  /** Where in the text of the query, in UTF-16 units. */
  readonly position?: number;
  /** It is about syntax, or a name that is not there, whatever the types of columns are. */
  readonly isName?: boolean;
  /** Names that may have been meant. */
  readonly near: readonly string[];
  /** What to do, where the message alone does not tell. */
  readonly remedy?: string;
}

export type SqlResult<T> = ({ readonly status: 'ok' } & T) | { readonly status: 'fault'; readonly fault: SqlFault };

/** What a query answers. */
export interface SqlColumns {
  readonly columns: readonly Column[];
}

/** What ran: the answer lies in files of the session's folder. */
export interface SqlAnswered extends SqlColumns {
  readonly rows: number;
}

/** Where an answer goes: a file of frames for each partition of the dataset. */
export interface SqlTarget {
  readonly dataset: number;
  readonly partitions: number;
}

/** Runs queries in a process of its own, which starts with the first. */
export interface SqlEngine {
  /** The columns that a query would answer. */
  prepare(query: SqlQuery): Promise<SqlResult<SqlColumns>>;
  /** Runs a query; where `signal` aborts it ends soon and rejects with JOB_CANCELLED. */
  run(query: SqlQuery, target: SqlTarget, signal?: AbortSignal): Promise<SqlResult<SqlAnswered>>;
  stop(): Promise<void>;
}
