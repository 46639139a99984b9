// What DuckDB says is wrong with a query, as plain data.
import { MillraceError } from '../../runtime/base/errors';
import type { SqlFault } from '../../runtime/plan/sql-engine';

/** A fault on its way out of a query. */
export class QueryFault extends Error {
  readonly fault: SqlFault;

  constructor(fault: SqlFault) {
    super(fault.message);
    this.fault = fault;
  }
}

interface DuckError {
  readonly exception_type?: string;
  readonly exception_message?: string;
  readonly candidates?: string;
  readonly position?: string;
  readonly error_subtype?: string;
}

const nameFaults = new Set(['COLUMN_NOT_FOUND', 'SYNTAX_ERROR', 'MISSING_ENTRY']);

/** The JSON in an error of DuckDB; undefined where there is none. */
function parsed(message: string): DuckError | undefined {
  const start = message.indexOf('{');
  if (start < 0) return undefined;
  try {
    return JSON.parse(message.slice(start)) as DuckError;
  } catch {
    return undefined;
  }
}

const outOfReach = 'Queries read files of this machine only. Read others with sc., and use the dataset as a table.';

/** `position` is in UTF-16 units of the query where `text` is given: DuckDB counts bytes. */
export function faultOf(error: Error, text?: string): SqlFault {
  if (error instanceof QueryFault) return error.fault;
  if (error instanceof MillraceError) return { message: error.message, near: [], remedy: error.remedy };
  const duck = parsed(error.message);
  if (duck?.exception_message === undefined) return { message: error.message, near: [] };
  // What follows is advice for DuckDB's own shell: candidates are told in the remedy.
  const [first] = duck.exception_message.split('\n');
  const message = duck.exception_type === 'Missing Extension' ? first : sentence(first);
  // Candidates of functions are signatures, which have commas of their own.
  const near = [...new Set((duck.candidates ?? '').split(/,(?![^(]*\))/).map((name) => name.trim()))];
  const bytes = duck.position === undefined ? Number.NaN : Number(duck.position);
  const position = Number.isSafeInteger(bytes) && text !== undefined ? unitsBefore(text, bytes) : undefined;
  const remedy = duck.exception_type === 'Missing Extension' ? outOfReach : undefined;
  const isName = nameFaults.has(duck.error_subtype ?? '');
  return { message, position, isName, near: near.filter((name) => name !== '' && !name.startsWith('pg_')), remedy };
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`.replace(/[!.:]+$/, '');

/** How many UTF-16 units of a text the first bytes of its UTF-8 are. */
function unitsBefore(text: string, bytes: number): number {
  return Buffer.from(text).subarray(0, bytes).toString().length;
}
