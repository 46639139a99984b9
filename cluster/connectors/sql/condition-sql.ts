// Conditions of filters as SQL: never stricter than JavaScript, which looks at the rows that come.
import type { Condition, Constant } from '../../../runtime/index';
import type { Database, TableColumn } from './database';

const operators: Readonly<Record<string, string>> = { '===': '=', '!==': '<>', '<': '<', '<=': '<=', '>': '>', '>=': '>=' };

/** A statement in the making: its parameters in their order. */
export class Parameters {
  readonly values: unknown[] = [];
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The text that stands for a value. */
  add(value: unknown): string {
    this.values.push(this.#database.written(value));
    return this.#database.parameter(this.values.length, value);
  }
}

/** The condition in SQL; undefined where the database may see it otherwise than JavaScript. */
export function conditionSql(
  condition: Condition,
  columns: readonly TableColumn[],
  database: Database,
  into: Parameters,
): string | undefined {
  if (condition.kind !== 'compare') {
    // A part that is unknown may hold: of alternatives none says anything then, of what must all hold the others do.
    if (condition.kind === 'any' && !condition.of.every((part) => isKnown(part, columns))) return undefined;
    const parts = condition.of.flatMap((part) => conditionSql(part, columns, database, into) ?? []);
    return parts.length === 0 ? undefined : `(${parts.join(condition.kind === 'all' ? ' and ' : ' or ')})`;
  }
  if (!isKnown(condition, columns)) return undefined;
  const { field, by, value } = condition;
  const name = database.quoted(field);
  if (value === null) return by === '===' ? `${name} is null` : `${name} is not null`;
  if (typeof value === 'boolean') return database.isTrue(name, value);
  // Times of databases are finer than a Date: what is at most a millisecond lies before the next one.
  if (value instanceof Date && by === '<=') return orNull(name, `${name} < ${into.add(new Date(value.getTime() + 1))}`, by);
  return orNull(name, `${name} ${operators[by]} ${into.add(value)}`, by);
}

/** In JavaScript null is below 1, and unlike it. */
const orNull = (name: string, text: string, by: string): string => (by === '===' ? text : `(${text} or ${name} is null)`);

function isKnown(condition: Condition, columns: readonly TableColumn[]): boolean {
  if (condition.kind !== 'compare') return condition.of.every((part) => isKnown(part, columns));
  const { field, by, value } = condition;
  const column = columns.find(({ name }) => name === field);
  if (column === undefined || operators[by] === undefined) return false;
  if (value === null) return by === '===' || by === '!==';
  return column.isComparable && isComparable(column.type.kind, by, value);
}

function isComparable(kind: string, by: string, value: Constant): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && (kind === 'int' || kind === 'double');
  // Databases order texts by language and may take a for A: only what is equal in JavaScript is equal there too.
  if (typeof value === 'string') return by === '===' && kind === 'text';
  if (typeof value === 'boolean') return kind === 'boolean' && by === '===';
  return value instanceof Date && kind === 'timestamp' && by !== '===' && by !== '!==';
}
