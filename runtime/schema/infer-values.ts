// Infers the schema of rows from their values: what each field holds, whether it is null or missing in some.
import type { Column, ColumnType, Schema, Values } from './schema';

/** Fields of one record type: an object with more names than this, most of them in few rows, is a map in truth. */
const mostFields = 10_000;

/** What was seen in one place of the rows. */
class Seen {
  /** Values that are not null. */
  count = 0;
  nulls = 0;
  readonly #kinds = new Set<string>();
  #elements: Seen | undefined;
  #keys: Seen | undefined;
  #mapValues: Seen | undefined;
  readonly fields = new Map<string, Seen>();
  #structs = 0;

  add(value: unknown): void {
    if (value === null || value === undefined) {
      this.nulls++;
      return;
    }
    this.count++;
    const kind = kindOf(value);
    this.#kinds.add(kind);
    if (kind === 'list') {
      this.#elements ??= new Seen();
      for (const element of value as Iterable<unknown>) this.#elements.add(element);
    } else if (kind === 'struct') this.addFields(value as object);
    else if (kind === 'map') {
      this.#keys ??= new Seen();
      this.#mapValues ??= new Seen();
      for (const [key, one] of value as Map<unknown, unknown>) {
        this.#keys.add(key);
        this.#mapValues.add(one);
      }
    }
  }

  addFields(value: object): void {
    this.#structs++;
    for (const name of Object.keys(value)) {
      const one = (value as Record<string, unknown>)[name];
      if (one === undefined) continue;
      let field = this.fields.get(name);
      if (!field) {
        if (this.fields.size >= mostFields) continue;
        field = new Seen();
        this.fields.set(name, field);
      }
      field.add(one);
    }
  }

  columns(): Column[] {
    return [...this.fields].map(([name, seen]) => {
      const column = { name, ...seen.values() };
      return seen.count + seen.nulls < this.#structs ? { ...column, optional: true as const } : column;
    });
  }

  values(): Values {
    return { type: this.#type(), nullable: this.nulls > 0 };
  }

  #type(): ColumnType {
    const kinds = new Set(this.#kinds);
    if (kinds.has('double')) kinds.delete('int');
    const types = [...kinds].map((kind) => this.#typeOf(kind));
    if (types.length === 0) return { kind: 'unknown' };
    return types.length === 1 ? types[0] : { kind: 'union', of: types };
  }

  #typeOf(kind: string): ColumnType {
    switch (kind) {
      case 'timestamp':
        return { kind, zone: true, unit: 'ms' };
      case 'list':
        return { kind, of: this.#elements!.values() };
      case 'struct':
        return { kind, fields: this.columns() };
      case 'map':
        return { kind, key: this.#keys!.values(), value: this.#mapValues!.values() };
      default:
        return { kind } as ColumnType;
    }
  }
}

function kindOf(value: unknown): string {
  switch (typeof value) {
    case 'boolean':
      return 'boolean';
    case 'number':
      // A whole number of a file has no sign of its own: -0 is a double.
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'int' : 'double';
    case 'bigint':
      return 'bigint';
    case 'string':
      return 'text';
    case 'object':
      if (Array.isArray(value)) return 'list';
      if (value instanceof Date) return 'timestamp';
      if (value instanceof Uint8Array) return 'bytes';
      if (value instanceof Map) return 'map';
      return ArrayBuffer.isView(value) || value instanceof Set ? 'list' : 'struct';
    default:
      return 'unknown';
  }
}

/** Rows that come one by one, and the schema of those seen. */
export class SeenRows {
  readonly #seen = new Seen();
  rows = 0;

  add(row: object): void {
    this.rows++;
    this.#seen.addFields(row);
  }

  get schema(): Schema {
    return { columns: this.#seen.columns() };
  }
}

/** The schema of rows that are objects: a field that some rows lack is optional, values of several types are a union. */
export function schemaOfRows(rows: Iterable<object>): Schema {
  const seen = new SeenRows();
  for (const row of rows) seen.add(row);
  return seen.schema;
}

/** The type of values of any kind. */
export function typeOfValues(values: Iterable<unknown>): Values {
  const seen = new Seen();
  for (const value of values) seen.add(value);
  return seen.values();
}
