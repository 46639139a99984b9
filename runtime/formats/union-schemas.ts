// One schema for several files: columns by name, with a type that has room for the values of each.
import { type Column, type ColumnType, type Schema, sameType } from '../schema/schema';

/** A type with room for the values of both. Of text files everything is text in the end. */
function widened(a: ColumnType, b: ColumnType): ColumnType {
  if (sameType(a, b)) return a;
  if (a.kind === 'unknown') return b;
  if (b.kind === 'unknown') return a;
  const kinds = new Set([a.kind, b.kind]);
  const are = (...allowed: string[]) => [...kinds].every((kind) => allowed.includes(kind));
  if (are('int', 'double')) return { kind: 'double' };
  if (are('int', 'bigint')) return { kind: 'bigint' };
  if (are('date', 'timestamp')) return a.kind === 'timestamp' ? a : b;
  if (a.kind === 'timestamp' && b.kind === 'timestamp') return { ...a, zone: a.zone && b.zone };
  if (a.kind === 'list' && b.kind === 'list') return { kind: 'list', of: widenedValues(a.of, b.of) };
  if (a.kind === 'struct' && b.kind === 'struct') return { kind: 'struct', fields: unionOf([a.fields, b.fields]) };
  return { kind: 'text' };
}

const widenedValues = (a: Pick<Column, 'type' | 'nullable'>, b: Pick<Column, 'type' | 'nullable'>) => ({
  type: widened(a.type, b.type),
  nullable: a.nullable || b.nullable,
});

function unionOf(lists: readonly (readonly Column[])[]): Column[] {
  const found = new Map<string, Column & { count: number }>();
  for (const columns of lists) {
    for (const column of columns) {
      const known = found.get(column.name);
      found.set(
        column.name,
        known ? { ...known, ...widenedValues(known, column), count: known.count + 1 } : { ...column, count: 1 },
      );
    }
  }
  // What one of them does not have is null there.
  return [...found.values()].map(({ count, ...column }) => (count < lists.length ? { ...column, nullable: true } : column));
}

/** The columns of all files, in the order in which they first come. */
export const unionSchema = (schemas: readonly Schema[]): Schema => ({ columns: unionOf(schemas.map(({ columns }) => columns)) });

const numeric: ReadonlySet<string> = new Set(['int', 'double', 'bigint']);

/** Whether values of one type, as a columnar file has them, can stand in one column with those of another. */
function goTogether(a: ColumnType, b: ColumnType): boolean {
  if (a.kind === 'unknown' || b.kind === 'unknown') return true;
  if (numeric.has(a.kind) && numeric.has(b.kind)) return true;
  if (a.kind !== b.kind) return false;
  if (a.kind === 'list' && b.kind === 'list') return goTogether(a.of.type, b.of.type);
  if (a.kind !== 'struct' || b.kind !== 'struct') return true;
  const others = new Map(b.fields.map((field) => [field.name, field.type]));
  return a.fields.every(({ name, type }) => !others.has(name) || goTogether(type, others.get(name)!));
}

/** The first column that has another kind of values in one of the schemas than in one before. */
export function mixedColumn(
  schemas: readonly Schema[],
): { schema: number; name: string; type: ColumnType; before: ColumnType } | undefined {
  const seen = new Map<string, ColumnType>();
  for (const [schema, { columns }] of schemas.entries()) {
    for (const { name, type } of columns) {
      const before = seen.get(name);
      if (before && !goTogether(before, type)) return { schema, name, type, before };
      if (!before || before.kind === 'unknown') seen.set(name, type);
    }
  }
  return undefined;
}
