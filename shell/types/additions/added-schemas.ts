// The type of the rows of `sc.csv('flights.csv')`, from the columns of the file: added as its type argument.
import ts from 'typescript';
import { type TableReader, tableReaders } from '../../../runtime/formats/file-formats';
import { isOfApi } from '../symbols';
import type { TableCall } from '../table-schemas';
import { type Addition, type CheckedText, isAdded, ownStatements } from './addition';
import type { DatabaseCall } from './database-columns';

/** The type of the rows that a call reads. */
export type TypeOfTable = (call: TableCall | DatabaseCall) => string | undefined;

/** What the calls of readers in a checked text need. */
export function tableTypes(text: CheckedText, typeOf: TypeOfTable): Addition[] {
  const found: Addition[] = [];
  for (const { call, access } of readersOfTables(text)) {
    const given = call.typeArguments?.[0];
    if (given && !isAdded(text, given)) continue;
    const type = typeOfCall(call, access, typeOf);
    if (type !== undefined) found.push({ at: text.layout.toOriginal(access.name.end), text: `<${type}>` });
  }
  return found;
}

/** The calls of a context that read tables. */
export function* readersOfTables(text: CheckedText): Generator<ReaderCall> {
  for (const statement of ownStatements(text)) {
    for (const reader of readersIn(statement)) {
      const type = text.checker.getTypeAtLocation(reader.access.expression);
      if (type.symbol?.name === 'Context' && isOfApi(type)) yield reader;
    }
  }
}

/** The same for a text that nobody has checked, such as one that is still typed: by the name of the context alone. */
export function tableTypesOf(source: ts.SourceFile, typeOf: TypeOfTable): Addition[] {
  return [...readersIn(source)].flatMap(({ call, access }) => {
    if (call.typeArguments || access.expression.getText(source) !== 'sc') return [];
    const type = typeOfCall(call, access, typeOf);
    return type === undefined ? [] : [{ at: access.name.end, text: `<${type}>` }];
  });
}

interface ReaderCall {
  readonly call: ts.CallExpression;
  readonly access: ts.PropertyAccessExpression;
}

function* readersIn(node: ts.Node): Generator<ReaderCall> {
  const { expression } = node as ts.CallExpression;
  if (
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(expression) &&
    (isReader(expression.name.text) || databaseReaders.has(expression.name.text))
  )
    yield { call: node, access: expression };
  const below: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    below.push(child);
  });
  for (const child of below) yield* readersIn(child);
}

/** Readers of databases, and what their first argument is. */
const databaseReaders: ReadonlyMap<string, 'url' | 'keyspace'> = new Map([
  ['sqlTable', 'url'],
  ['cassandra', 'keyspace'],
]);

const isReader = (name: string): name is TableReader => (tableReaders as readonly string[]).includes(name);

/** The type of the rows that a call reads, where its arguments stand in the text. */
export function typeOfCall(
  call: ts.CallExpression,
  access: ts.PropertyAccessExpression,
  typeOf: TypeOfTable,
): string | undefined {
  const [first, second, third] = call.arguments;
  const place = databaseReaders.get(access.name.text);
  if (place) return typeOfDatabase(place, first, second, third, typeOf);
  const path = first && valueOf(first);
  const options = second ? valueOf(second) : {};
  const paths = Array.isArray(path) ? path : [path];
  if (!paths.every((one) => typeof one === 'string') || typeof options !== 'object' || options === null) return undefined;
  return typeOf({
    reader: access.name.text as TableReader,
    paths: paths as string[],
    options: options as Record<string, unknown>,
  });
}

function typeOfDatabase(
  place: 'url' | 'keyspace',
  first: ts.Expression | undefined,
  second: ts.Expression | undefined,
  third: ts.Expression | undefined,
  typeOf: TypeOfTable,
): string | undefined {
  const [where, table] = [first && valueOf(first), second && valueOf(second)];
  const options = third ? valueOf(third) : {};
  if (typeof where !== 'string' || typeof table !== 'string' || typeof options !== 'object' || options === null) return undefined;
  return typeOf({ [place]: where, table, options: options as Record<string, unknown> });
}

/** The value of a literal; undefined for what only a run tells. */
function valueOf(node: ts.Expression): unknown {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (ts.isAsExpression(node) || ts.isParenthesizedExpression(node)) return valueOf(node.expression);
  if (ts.isArrayLiteralExpression(node)) {
    const values = node.elements.map(valueOf);
    return values.includes(undefined) ? undefined : values;
  }
  if (!ts.isObjectLiteralExpression(node)) return undefined;
  const fields: Record<string, unknown> = {};
  for (const property of node.properties) {
    if (!ts.isPropertyAssignment(property) || ts.isComputedPropertyName(property.name)) return undefined;
    const value = valueOf(property.initializer);
    if (value === undefined) return undefined;
    fields[property.name.text] = value;
  }
  return fields;
}
