// The schema of a table as plain data: its columns, their types, and what a value of each is in JavaScript.

/** Digits behind the second that a time can have: 3, 6 or 9. A `Date` holds milliseconds. */
export type TimeUnit = 's' | 'ms' | 'us' | 'ns';

/**
 * The type of a column's values. In JavaScript:
 *
 * | kind | value |
 * | --- | --- |
 * | `boolean` | `boolean` |
 * | `int` | a whole `number`, of at most 2^53 |
 * | `bigint` | `bigint` |
 * | `double` | `number` |
 * | `decimal` | its exact text: `'12.50'` |
 * | `text` | `string` |
 * | `bytes` | `Uint8Array` |
 * | `date` | text: `'2026-03-01'` |
 * | `time` | text: `'23:59:59.5'` |
 * | `timestamp` | `Date`; without a `zone` in its file it was read in the zone of the reader's option |
 * | `list` | array |
 * | `struct` | object |
 * | `map` | `Map` |
 * | `union` | a value of one of its types |
 * | `unknown` | any value; of a column that has only nulls, null |
 */
export type ColumnType =
  | { readonly kind: PlainKind }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'time'; readonly unit: TimeUnit }
  | { readonly kind: 'timestamp'; readonly zone: boolean; readonly unit: TimeUnit }
  | { readonly kind: 'list'; readonly of: Values }
  | { readonly kind: 'struct'; readonly fields: readonly Column[] }
  | { readonly kind: 'map'; readonly key: Values; readonly value: Values }
  | { readonly kind: 'union'; readonly of: readonly ColumnType[] };

/** Values of one type, with or without nulls among them. */
export interface Values {
  readonly type: ColumnType;
  readonly nullable: boolean;
}

/** A column of a table, or a field of a struct. */
export interface Column extends Values {
  readonly name: string;
  /** Some rows have no such field: it is `undefined` there. */
  readonly optional?: true;
}

/** The columns of a table, in their order. No two have one name. */
export interface Schema {
  readonly columns: readonly Column[];
}

/** The kinds that a name alone tells. */
export const plainKinds: readonly PlainKind[] = ['boolean', 'int', 'bigint', 'double', 'text', 'bytes', 'date', 'unknown'];

/** A type that has no parameters. */
export type PlainKind = 'boolean' | 'int' | 'bigint' | 'double' | 'text' | 'bytes' | 'date' | 'unknown';

/** Whether two types are the same, nulls and names of fields included. */
export function sameType(a: ColumnType, b: ColumnType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'decimal': {
      const other = b as typeof a;
      return a.precision === other.precision && a.scale === other.scale;
    }
    case 'time':
      return a.unit === (b as typeof a).unit;
    case 'timestamp':
      return a.unit === (b as typeof a).unit && a.zone === (b as typeof a).zone;
    case 'list':
      return sameValues(a.of, (b as typeof a).of);
    case 'struct': {
      const others = (b as typeof a).fields;
      return a.fields.length === others.length && a.fields.every((field, i) => sameColumn(field, others[i]));
    }
    case 'map':
      return sameValues(a.key, (b as typeof a).key) && sameValues(a.value, (b as typeof a).value);
    case 'union': {
      const others = (b as typeof a).of;
      return a.of.length === others.length && a.of.every((type) => others.some((other) => sameType(type, other)));
    }
    default:
      return true;
  }
}

const sameValues = (a: Values, b: Values): boolean => a.nullable === b.nullable && sameType(a.type, b.type);

const sameColumn = (a: Column, b: Column): boolean =>
  a.name === b.name && (a.optional ?? false) === (b.optional ?? false) && sameValues(a, b);
