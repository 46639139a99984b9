// The schema of rows whose parts were looked at apart: a type with room for what each part has, a union where there is none.
import { type Column, type ColumnType, type Schema, sameType, type Values } from './schema';

function joinedTypes(a: ColumnType, b: ColumnType): ColumnType {
  if (a.kind === 'unknown' || sameType(a, b)) return b;
  if (b.kind === 'unknown') return a;
  const kinds = new Set([a.kind, b.kind]);
  if (kinds.has('int') && kinds.has('double') && kinds.size === 2) return { kind: 'double' };
  if (a.kind === 'list' && b.kind === 'list') return { kind: 'list', of: joinedValues(a.of, b.of) };
  if (a.kind === 'map' && b.kind === 'map')
    return { kind: 'map', key: joinedValues(a.key, b.key), value: joinedValues(a.value, b.value) };
  if (a.kind === 'struct' && b.kind === 'struct') return { kind: 'struct', fields: joinedColumns([a.fields, b.fields]) };
  return united([...membersOf(a), ...membersOf(b)]);
}

const membersOf = (type: ColumnType): readonly ColumnType[] => (type.kind === 'union' ? type.of : [type]);

/** A union in which each kind is once. */
function united(types: readonly ColumnType[]): ColumnType {
  const kept: ColumnType[] = [];
  for (const type of types) {
    const at = kept.findIndex(
      (one) =>
        one.kind === type.kind ||
        (one.kind === 'int' && type.kind === 'double') ||
        (one.kind === 'double' && type.kind === 'int'),
    );
    if (at < 0) kept.push(type);
    else kept[at] = joinedTypes(kept[at], type);
  }
  return kept.length === 1 ? kept[0] : { kind: 'union', of: kept };
}

const joinedValues = (a: Values, b: Values): Values => ({
  type: joinedTypes(a.type, b.type),
  nullable: a.nullable || b.nullable,
});

function joinedColumns(lists: readonly (readonly Column[])[]): Column[] {
  const found = new Map<string, { column: Column; parts: number }>();
  for (const columns of lists) {
    for (const column of columns) {
      const known = found.get(column.name);
      if (!known) {
        found.set(column.name, { column, parts: 1 });
        continue;
      }
      const optional = known.column.optional || column.optional;
      const joined: Column = { name: column.name, ...joinedValues(known.column, column) };
      found.set(column.name, { column: optional ? { ...joined, optional } : joined, parts: known.parts + 1 });
    }
  }
  return [...found.values()].map(({ column, parts }) => (parts < lists.length ? { ...column, optional: true } : column));
}

/** Parts without rows tell nothing, and are left out by the caller. */
export const joinedSchemas = (schemas: readonly Schema[]): Schema => ({
  columns: joinedColumns(schemas.map(({ columns }) => columns)),
});
