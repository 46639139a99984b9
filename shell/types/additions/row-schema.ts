// The columns of a dataset by the declared type of its rows: for queries that are checked before they run.
import ts from 'typescript';
import type { Column, ColumnType, Schema, Values } from '../../../runtime/schema/schema';

/** Types nested deeper are not told apart. */
const maxDepth = 8;

/** The schema of rows of a type; undefined where the type does not tell it. */
export function schemaOfType(row: ts.Type, checker: ts.TypeChecker): Schema | undefined {
  const columns = columnsOf(row, checker);
  return columns?.every((column) => column !== undefined) && columns.length > 0 ? { columns: columns as Column[] } : undefined;
}

function columnsOf(row: ts.Type, checker: ts.TypeChecker): (Column | undefined)[] | undefined {
  if (checker.isTupleType(row)) {
    const parts = checker.getTypeArguments(row as ts.TypeReference);
    return parts.map((part, i) => columnOf(`_${i + 1}`, part, checker, 0));
  }
  if (isRecord(row, checker)) return fieldsOf(row, checker, 0);
  return [columnOf('value', row, checker, 0)];
}

function fieldsOf(type: ts.Type, checker: ts.TypeChecker, depth: number): (Column | undefined)[] {
  return type.getProperties().map((property) => {
    const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
    const column = columnOf(property.name, checker.getTypeOfSymbol(property), checker, depth);
    return column && isOptional ? { ...column, nullable: true } : column;
  });
}

function columnOf(name: string, type: ts.Type, checker: ts.TypeChecker, depth: number): Column | undefined {
  const values = valuesOf(type, checker, depth);
  return values && { name, ...values };
}

const missing = ts.TypeFlags.Null | ts.TypeFlags.Undefined | ts.TypeFlags.Void;

/** The type of values; undefined where it is no type of a column. */
function valuesOf(type: ts.Type, checker: ts.TypeChecker, depth: number): Values | undefined {
  const members = type.isUnion() ? type.types : [type];
  const there = members.filter((member) => (member.flags & missing) === 0);
  const nullable = there.length < members.length;
  if (there.length === 0) return { type: { kind: 'unknown' }, nullable: true };
  const types = there.map((member) => typeOf(member, checker, depth));
  const [first] = types;
  if (!first || types.some((one) => one?.kind !== first.kind)) return undefined;
  // Literals of one kind are one type; several lists or structs are not.
  return types.length === 1 || !['list', 'struct', 'map'].includes(first.kind) ? { type: first, nullable } : undefined;
}

function typeOf(type: ts.Type, checker: ts.TypeChecker, depth: number): ColumnType | undefined {
  const { flags } = type;
  if (flags & ts.TypeFlags.NumberLike) return { kind: 'double' };
  if (flags & ts.TypeFlags.StringLike) return { kind: 'text' };
  if (flags & ts.TypeFlags.BooleanLike) return { kind: 'boolean' };
  if (flags & ts.TypeFlags.BigIntLike) return { kind: 'bigint' };
  if (!(flags & ts.TypeFlags.Object) || depth >= maxDepth) return undefined;
  const of = (argument: number) => {
    const found = checker.getTypeArguments(type as ts.TypeReference)[argument];
    return found && valuesOf(found, checker, depth + 1);
  };
  switch (type.symbol?.name) {
    case 'Date':
      return { kind: 'timestamp', zone: true, unit: 'ms' };
    case 'Uint8Array':
    case 'Buffer':
      return { kind: 'bytes' };
    case 'Array':
    case 'ReadonlyArray':
    case 'Set': {
      const item = of(0);
      return item && { kind: 'list', of: item };
    }
    case 'Map': {
      const [key, value] = [of(0), of(1)];
      return key && value && { kind: 'map', key, value };
    }
  }
  if (!isRecord(type, checker)) return undefined;
  const fields = fieldsOf(type, checker, depth + 1);
  return fields.length > 0 && fields.every((field) => field !== undefined)
    ? { kind: 'struct', fields: fields as Column[] }
    : undefined;
}

/** An object of fields alone: no class of the language, no function, no index signature. */
function isRecord(type: ts.Type, checker: ts.TypeChecker): boolean {
  if (!(type.flags & ts.TypeFlags.Object) && !type.isIntersection()) return false;
  if (type.getCallSignatures().length > 0 || checker.getIndexInfosOfType(type).length > 0) return false;
  const names = new Set(['Date', 'Array', 'ReadonlyArray', 'Map', 'Set', 'Uint8Array', 'Buffer', 'RegExp', 'Promise', 'Error']);
  return !names.has(type.symbol?.name ?? '') && type.getProperties().length > 0;
}

/** The kind of a value that a query binds, as facts are asked: `int`, `text[]`; undefined where it is none. */
export function valueKind(type: ts.Type, checker: ts.TypeChecker): string | undefined {
  const found = valuesOf(type, checker, maxDepth - 1)?.type;
  if (!found || found.kind === 'unknown') return undefined;
  const isList = found.kind === 'list';
  const kind = isList ? found.of.type.kind : found.kind;
  const known: Readonly<Record<string, string>> = {
    double: 'int',
    text: 'text',
    boolean: 'boolean',
    bigint: 'bigint',
    timestamp: 'timestamp',
  };
  return known[kind] && (isList ? `${known[kind]}[]` : known[kind]);
}
