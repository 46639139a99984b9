// The options of readers of tables, checked where they are given.
import { checkFlag, checkOptions, checkWhole, refuseArgument } from '../base/arguments';
import { sampledRows } from '../base/limits';
import { nearest } from '../base/nearest';
import type { OnBadRow } from '../plan/table-spec';
import type { Column, ColumnType, Schema } from '../schema/schema';
import { isTimeZone } from '../schema/time-zone';
import { isOneByte } from './csv/dialect';

/**
 * The type of a column by name, as an option gives it; ` | null` behind it lets it have nulls. `number` is `double`, `string` is `text`,
 * `Date` is `timestamp`.
 */
export type TypeName =
  | 'boolean'
  | 'int'
  | 'bigint'
  | 'double'
  | 'decimal'
  | `decimal(${number},${number})`
  | 'text'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'number'
  | 'string'
  | 'Date';

/** Options of all readers of tables. */
export interface TableOptions {
  /** Types of columns by name, in place of those of the file or of its first rows: `{ id: 'text', delay: 'double | null' }`. */
  readonly types?: Readonly<Record<string, TypeName | `${TypeName} | null`>>;
  /** What becomes of a row that does not fit: `fail` (default), `skip`, or `null` for nulls where it does not fit. Both are counted and reported. */
  readonly onBadRow?: OnBadRow;
  /** The zone of dates with times that name none: `'local'` (default: the session's), `'UTC'`, or a name such as `'Europe/Berlin'`. */
  readonly timeZone?: string;
  /** `bigint`: all whole numbers of 64 bits are bigints. By default those are numbers where each is at most 2^53. */
  readonly int64?: 'number' | 'bigint';
  /** How many partitions are wished for at least. */
  readonly minPartitions?: number;
}

/** Options of readers of text. */
export interface TextTableOptions extends TableOptions {
  /** Rows from which types are inferred: 10,000 by default, of at most 8 MiB; `all` looks at every row before the first job. */
  readonly sample?: number | 'all';
  /** How the text is encoded: by default UTF-8, or UTF-16 where the file begins so. */
  readonly encoding?: 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1';
}

/** Options of `sc.csv`. What is left out is guessed from the first rows. */
export interface CsvOptions extends TextTableOptions {
  /** Between fields. */
  readonly delimiter?: string;
  /** Around fields that hold delimiters or line ends; `''` for none. */
  readonly quote?: string;
  /** Before a quote inside quotes: the quote itself, or a backslash. */
  readonly escape?: string;
  /** Lines that begin with it are left out; `''` for none. */
  readonly comment?: string;
  /** Whether the first row has the names of the columns. */
  readonly header?: boolean;
  /** Names of the columns, in place of those of the file. */
  readonly columns?: readonly string[];
  /** Rows before the names, or before the first row, that belong to no table. */
  readonly skip?: number;
  /** False reads each file in one piece. */
  readonly parallel?: boolean;
}

/** The options of any reader. */
export type ReaderOptions = CsvOptions;

const common = ['types', 'onBadRow', 'timeZone', 'int64', 'minPartitions'];
const ofText = [...common, 'sample', 'encoding'];

/** The options that each reader has. */
const known: Readonly<Record<string, readonly string[]>> = {
  json: ofText,
  jsonLines: ofText,
  parquet: common,
  arrow: common,
  csv: [...ofText, 'delimiter', 'quote', 'escape', 'comment', 'header', 'columns', 'skip', 'parallel'],
};

const kinds: Readonly<Record<string, ColumnType>> = {
  boolean: { kind: 'boolean' },
  int: { kind: 'int' },
  bigint: { kind: 'bigint' },
  double: { kind: 'double' },
  decimal: { kind: 'decimal', precision: 38, scale: 18 },
  text: { kind: 'text' },
  date: { kind: 'date' },
  time: { kind: 'time', unit: 'us' },
  timestamp: { kind: 'timestamp', zone: false, unit: 'us' },
  number: { kind: 'double' },
  string: { kind: 'text' },
  Date: { kind: 'timestamp', zone: false, unit: 'us' },
};

const example = "Write sc.csv('flights.csv', { types: { delay: 'double | null' } }).";

const decimalName = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/;

/** Digits that a decimal of a file can have. */
const mostDigits = 76;

/** The type of a name; undefined for what is none. */
function namedType(name: string): ColumnType | undefined {
  if (Object.hasOwn(kinds, name)) return kinds[name];
  const found = decimalName.exec(name);
  if (!found) return undefined;
  const [precision, scale] = [Number(found[1]), Number(found[2])];
  return precision >= 1 && precision <= mostDigits && scale <= precision ? { kind: 'decimal', precision, scale } : undefined;
}

/** The types that an option gives, by column. Throws BAD_ARGUMENT. */
export function checkTypes(operation: string, types: unknown, remedy = example): Map<string, Pick<Column, 'type' | 'nullable'>> {
  if (types === undefined) return new Map();
  if (typeof types !== 'object' || types === null)
    refuseArgument({ operation, argument: 'types', value: types, rule: 'an object of types by column', remedy });
  return new Map(
    Object.entries(types as object).map(([name, given]) => {
      const found = typeof given === 'string' ? /^\s*([^|]*?)\s*(\|\s*null)?\s*$/.exec(given) : null;
      const type = found ? namedType(found[1]) : undefined;
      if (!found || !type)
        refuseArgument({
          operation,
          argument: `the type of ${name}`,
          value: given,
          rule: `one of ${Object.keys(kinds).join(', ')}, decimal(12,2), with ' | null' where it has nulls`,
          remedy,
        });
      return [name, { type, nullable: found[2] !== undefined }];
    }),
  );
}

/** Throws BAD_ARGUMENT for what no reader understands. */
export function checkReaderOptions(operation: string, options: unknown): ReaderOptions {
  const shape = `Write sc.${operation}(path, { onBadRow: 'skip' }).`;
  if (options === undefined) return {};
  checkOptions(operation, options, shape);
  const given = options as ReaderOptions & Record<string, unknown>;
  for (const name of Object.keys(given)) {
    if (known[operation].includes(name)) continue;
    const near = nearest(name, known[operation]);
    refuseArgument({
      operation,
      argument: 'an option',
      value: name,
      rule: `one of ${known[operation].join(', ')}`,
      remedy: near === undefined ? shape : `Did you mean ${near}?`,
    });
  }
  checkTypes(operation, given.types);
  const oneOf = (argument: keyof ReaderOptions, allowed: readonly unknown[]) => {
    const value = given[argument];
    if (value !== undefined && !allowed.includes(value))
      refuseArgument({ operation, argument, value, rule: `one of ${allowed.join(', ')}`, remedy: shape });
  };
  oneOf('onBadRow', ['fail', 'skip', 'null']);
  oneOf('int64', ['number', 'bigint']);
  oneOf('encoding', ['utf-8', 'utf-16le', 'utf-16be', 'latin1']);
  for (const name of ['delimiter', 'escape', 'quote', 'comment'] as const) {
    const value = given[name];
    const mayBeEmpty = name === 'quote' || name === 'comment';
    if (value === undefined || isOneByte(value) || (mayBeEmpty && value === '')) continue;
    refuseArgument({ operation, argument: name, value, rule: 'one character of ASCII', remedy: "Write { delimiter: ';' }." });
  }
  for (const name of ['header', 'parallel'] as const) if (given[name] !== undefined) checkFlag(operation, name, given[name]);
  if (given.sample !== undefined && given.sample !== 'all')
    checkWhole(given.sample, 1, Number.MAX_SAFE_INTEGER, { operation, argument: 'sample', remedy: "Write { sample: 'all' }." });
  if (given.skip !== undefined) checkWhole(given.skip, 0, 1_000_000, { operation, argument: 'skip', remedy: shape });
  if (given.columns !== undefined && !isListOfTexts(given.columns))
    refuseArgument({ operation, argument: 'columns', value: given.columns, rule: 'a list of names', remedy: shape });
  checkZone(operation, given.timeZone);
  return given;
}

const isListOfTexts = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string');

function checkZone(operation: string, timeZone: unknown): void {
  if (timeZone === undefined) return;
  if (timeZone === 'local' || isTimeZone(timeZone)) return;
  const rule = "'UTC', 'local', or the name of a zone";
  refuseArgument({ operation, argument: 'timeZone', value: timeZone, rule, remedy: "Write { timeZone: 'Europe/Berlin' }." });
}

/** The rows that are looked at for types. */
export const sampleOf = ({ sample = sampledRows }: TextTableOptions): number =>
  sample === 'all' ? Number.POSITIVE_INFINITY : sample;

/** A schema with the types that options give. Throws BAD_ARGUMENT for a column that is not there. */
export function withTypes(operation: string, schema: Schema, { types, int64, onBadRow }: ReaderOptions): Schema {
  const given = checkTypes(operation, types);
  for (const name of given.keys()) {
    if (schema.columns.some((column) => column.name === name)) continue;
    const names = schema.columns.map((column) => column.name);
    const near = nearest(name, names);
    refuseArgument({
      operation,
      argument: 'a column of types',
      value: name,
      rule: `one of ${names.slice(0, 20).join(', ')}`,
      remedy: near === undefined ? 'Correct its name.' : `Did you mean ${near}?`,
    });
  }
  const columns = schema.columns.map((column) => {
    const own = given.get(column.name);
    // A value that does not fit is null then.
    const nullable = column.nullable || onBadRow === 'null';
    if (own) return { ...column, type: own.type, nullable: own.nullable || onBadRow === 'null' };
    return int64 === 'bigint' && column.type.kind === 'int'
      ? { ...column, nullable, type: { kind: 'bigint' } as const }
      : { ...column, nullable };
  });
  return { columns };
}
