// Types of empty literals where nothing tells what they will hold: `{}` is a record, and `[]` a list, of anything.
import ts from 'typescript';
import { type Addition, type CheckedText, isAdded, ownStatements } from './addition';

/** `const rec = {}; rec.a = 1` and `const acc = { kinds: [] }; acc.kinds.push('a')`, as JavaScript means them. */
export function looseLiterals(text: CheckedText): Addition[] {
  const found: Addition[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    const type = isEmpty(node) && isLoose(text, node) ? looseType(node) : undefined;
    if (type) found.push({ at: text.layout.toOriginal(node.end), text: ` as ${type}` });
    else ts.forEachChild(node, visit);
  };
  for (const statement of ownStatements(text)) visit(statement);
  return found;
}

function isEmpty(node: ts.Node): node is ts.Expression {
  if (ts.isObjectLiteralExpression(node)) return node.properties.length === 0;
  if (ts.isArrayLiteralExpression(node)) return node.elements.length === 0;
  return isNothing(node);
}

const isNothing = (node: ts.Node): boolean =>
  node.kind === ts.SyntaxKind.NullKeyword || (ts.isIdentifier(node) && node.text === 'undefined');

function looseType(node: ts.Expression): string {
  if (ts.isObjectLiteralExpression(node)) return 'Record<string, any>';
  return ts.isArrayLiteralExpression(node) ? 'any[]' : 'any';
}

/** Whether nothing around a literal says what it will hold. */
function isLoose(text: CheckedText, literal: ts.Expression): boolean {
  const isOurs = ts.isAsExpression(literal.parent) && literal.parent.expression === literal && isAdded(text, literal.parent.type);
  const node = isOurs ? (literal.parent as ts.AsExpression) : literal;
  const { parent } = node;
  if (ts.isVariableDeclaration(parent)) return parent.initializer === node && !parent.type && isLooseVariable(parent, literal);
  if (ts.isPropertyDeclaration(parent)) return parent.initializer === node && !parent.type;
  if (ts.isParameter(parent))
    return parent.initializer === node && !parent.type && !isNothing(literal) && !isClosure(parent.parent);
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node && !isExpected(text, node, literal);
  if (ts.isArrayLiteralExpression(parent)) return !isNothing(literal) && !isExpected(text, node, literal);
  return ts.isCallExpression(parent) && !isNothing(literal) && isOfAnyType(text, parent, node);
}

/** A list in a variable takes its type from what is pushed; `null` from what is assigned, but only within an entry. */
function isLooseVariable(declaration: ts.VariableDeclaration, literal: ts.Expression): boolean {
  if (!ts.isIdentifier(declaration.name)) return false;
  if (ts.isObjectLiteralExpression(literal)) return true;
  const list = declaration.parent;
  return isNothing(literal) && (list.flags & ts.NodeFlags.Const) === 0 && ts.isSourceFile(list.parent.parent);
}

const isClosure = (node: ts.Node): boolean => ts.isArrowFunction(node) || ts.isFunctionExpression(node);

/** What says nothing of an empty literal: what was inferred from the literal itself, or what takes anything. */
const tellsNothing = /^(?:any(?:\[\])?|unknown|Record<string, any>|never\[\]|\[\]|\{\}|null|undefined|Datum)$/;

function isExpected({ checker }: CheckedText, node: ts.Expression, literal: ts.Expression): boolean {
  const type = checker.getContextualType(node) ?? checker.getContextualType(literal);
  return type !== undefined && !type.isTypeParameter() && !tellsNothing.test(checker.typeToString(type));
}

/** Whether an argument is of a type that the call infers from it: `aggregate({}, …)`, `reduce(f, [])`. */
function isOfAnyType({ checker }: CheckedText, call: ts.CallExpression, argument: ts.Expression): boolean {
  const index = call.arguments.indexOf(argument);
  const declared = checker.getResolvedSignature(call)?.getDeclaration()?.parameters;
  const type = declared?.filter(({ name }) => name.getText() !== 'this')[index]?.type;
  return type !== undefined && checker.getTypeFromTypeNode(type).isTypeParameter();
}
