// A schema as the text of a TypeScript type, and its types in a few words for people.
import type { Column, ColumnType, Schema, Values } from './schema';

const typeNames: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  int: 'number',
  bigint: 'bigint',
  double: 'number',
  decimal: 'string',
  text: 'string',
  bytes: 'Uint8Array',
  date: 'string',
  time: 'string',
  timestamp: 'Date',
};

/** The type of a table's rows in one line: `{ year: number, carrier: string | null }`. */
export const rowType = ({ columns }: Schema): string => structText(columns, ', ');

/** An interface with a line for each column, and what the type does not say of it as a comment. */
export function rowInterface(name: string, { columns }: Schema): string {
  const lines = columns.map((column) => {
    const note = noteOf(column.type);
    return `${note ? `  /** ${note} */\n` : ''}  ${fieldText(column)};`;
  });
  return `export interface ${name} {\n${lines.join('\n')}\n}\n`;
}

/** What a TypeScript type does not say of its values. */
function noteOf(type: ColumnType): string | undefined {
  if (type.kind === 'int') return 'A whole number.';
  if (type.kind === 'date') return "A date as text: '2026-03-01'.";
  if (type.kind === 'timestamp' && (type.unit === 'us' || type.unit === 'ns'))
    return `An instant in milliseconds; the file has ${type.unit === 'us' ? 'microseconds' : 'nanoseconds'}, which the type 'text' keeps.`;
  if (type.kind === 'time') return "A time of day as text: '23:59:59'.";
  return type.kind === 'decimal' ? `A decimal number of ${type.precision} digits as its exact text.` : undefined;
}

function structText(columns: readonly Column[], separator: string): string {
  return columns.length === 0 ? '{}' : `{ ${columns.map(fieldText).join(separator)} }`;
}

const fieldText = (column: Column): string => `${propertyName(column.name)}${column.optional ? '?' : ''}: ${valuesText(column)}`;

/** A property as it is written in a type or an object: quoted unless it is a name. */
const propertyName = (name: string): string =>
  /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? name : JSON.stringify(name);

/** The text of a type of values: `number | null`. */
export function valuesText({ type, nullable }: Values): string {
  if (type.kind === 'unknown') return nullable ? 'null' : 'any';
  return nullable ? `${typeText(type)} | null` : typeText(type);
}

const asElement = (text: string): string => (text.includes('|') ? `(${text})` : text);

/** The text of a type without nulls. */
function typeText(type: ColumnType): string {
  switch (type.kind) {
    case 'list':
      return `${asElement(valuesText(type.of))}[]`;
    case 'struct':
      return structText(type.fields, ', ');
    case 'map':
      return `Map<${valuesText(type.key)}, ${valuesText(type.value)}>`;
    case 'union':
      return [...new Set(type.of.map(typeText))].join(' | ');
    case 'unknown':
      return 'any';
    default:
      return typeNames[type.kind];
  }
}

/** A type in a few words, for `.schema` and errors: `int`, `timestamp (us, no zone)`, `list of text`. */
export function kindText(type: ColumnType): string {
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`;
    case 'timestamp':
      return `timestamp (${type.unit}${type.zone ? '' : ', no zone'})`;
    case 'list':
      return `list of ${kindText(type.of.type)}`;
    case 'struct':
      return `struct of ${type.fields.map(({ name }) => name).join(', ')}`;
    case 'map':
      return `map of ${kindText(type.key.type)} to ${kindText(type.value.type)}`;
    case 'union':
      return type.of.map(kindText).join(' or ');
    case 'unknown':
      return 'only nulls';
    default:
      return type.kind;
  }
}
