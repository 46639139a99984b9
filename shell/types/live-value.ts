// Finds the value before the cursor whose names only the session knows: its type is any, unknown, object, or has an index signature.
import ts from 'typescript';
import type { LiveValue } from '../contract/screen';
import type { Layout } from './text-layout';

interface Text {
  readonly file: string;
  readonly layout: Layout;
}

interface Open {
  readonly value: LiveValue;
  /** Where the string begins in which the name stands. */
  readonly start?: number;
}

/** Where a name is being typed: after a dot, or in a string. */
interface NamePlace {
  readonly receiver: ts.Expression;
  readonly names: LiveValue['names'];
  readonly string?: ts.StringLiteralLike;
}

/** Undefined where the type tells all names, or where the value is not reached by names alone. */
export function liveValueAt(program: ts.Program | undefined, { file, layout }: Text, position: number): Open | undefined {
  const source = program?.getSourceFile(file);
  const place = source && namePlaceAt(source, position);
  if (!program || !source || !place) return undefined;
  const checker = program.getTypeChecker();
  const whole = checker.getTypeAtLocation(place.receiver);
  // Without null, unknown would be {}.
  const type = checker.getNonNullableType(whole);
  if (!isOpen(whole, checker) && !isOpen(type, checker) && !(place.names === 'keys' && hasKeys(type))) return undefined;
  const path = pathOf(place.receiver, (name) => isOfSession(name, checker, layout.toComposed(0)));
  if (!path) return undefined;
  if (!place.string) return { value: { path, names: place.names } };
  const start = place.string.getStart(source);
  return { value: { path, names: place.names, quote: source.text[start] }, start: layout.toOriginal(start + 1) };
}

/** The innermost place of a name at a position. */
function namePlaceAt(source: ts.SourceFile, position: number): NamePlace | undefined {
  let found: NamePlace | undefined;
  const visit = (node: ts.Node): void => {
    if (node.pos > position || position > node.end) return;
    if (ts.isPropertyAccessExpression(node) && position > node.expression.end) {
      found = { receiver: node.expression, names: 'members' };
    } else if (ts.isStringLiteralLike(node) && isInside(node, source, position)) {
      found = ofString(node);
    } else if (ts.isFunctionLike(node)) found = undefined;
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isInside(node: ts.StringLiteralLike, source: ts.SourceFile, position: number): boolean {
  const closed = node.end - 1 > node.getStart(source) && source.text[node.end - 1] === source.text[node.getStart(source)];
  return position > node.getStart(source) && (closed ? position < node.end : position <= node.end);
}

/** The string of `value['…` or `map.get('…`. */
function ofString(string: ts.StringLiteralLike): NamePlace | undefined {
  const { parent } = string;
  if (ts.isElementAccessExpression(parent) && parent.argumentExpression === string)
    return { receiver: parent.expression, names: 'members', string };
  if (!ts.isCallExpression(parent) || parent.arguments[0] !== string) return undefined;
  const { expression } = parent;
  return ts.isPropertyAccessExpression(expression) && /^(?:get|has|delete)$/.test(expression.name.text)
    ? { receiver: expression.expression, names: 'keys', string }
    : undefined;
}

function isOpen(type: ts.Type, checker: ts.TypeChecker): boolean {
  if ((type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.NonPrimitive)) !== 0) return true;
  return checker.getIndexInfosOfType(type).some(({ keyType }) => (keyType.flags & ts.TypeFlags.StringLike) !== 0);
}

const hasKeys = (type: ts.Type) => /^(?:Readonly)?(?:Map|Set)$/.test(type.symbol?.name ?? '');

/** The names that lead to a value, if nothing else does. */
function pathOf(node: ts.Expression, isRoot: (name: ts.Identifier) => boolean): string[] | undefined {
  if (ts.isIdentifier(node)) return isRoot(node) ? [node.text] : undefined;
  if (ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node)) return pathOf(node.expression, isRoot);
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) return pathOf(node.expression, isRoot);
  const step = stepOf(node);
  const before = step && pathOf(step.before, isRoot);
  return before && [...before, step.name];
}

function stepOf(node: ts.Expression): { readonly before: ts.Expression; readonly name: string } | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.name)) return { before: node.expression, name: node.name.text };
  if (!ts.isElementAccessExpression(node)) return undefined;
  const { argumentExpression: name, expression: before } = node;
  return ts.isStringLiteralLike(name) || ts.isNumericLiteral(name) ? { before, name: name.text } : undefined;
}

/** Whether a name is of an earlier entry, of the prompt, or global: what this text itself declares has no value yet. */
function isOfSession(name: ts.Identifier, checker: ts.TypeChecker, start: number): boolean {
  const source = name.getSourceFile();
  const declarations = checker.getSymbolAtLocation(name)?.declarations;
  if (declarations === undefined) return name.text === 'globalThis';
  return declarations.every((declaration) => declaration.getSourceFile() !== source || declaration.end <= start);
}
