// `await` before the answers of jobs that a top-level declaration or assignment is to hold.
import ts from 'typescript';
import { isOfApi } from '../symbols';
import { type Addition, type CheckedText, isAdded, ownStatements } from './addition';

/** `const n = rdd.count()` holds the number. A declared type that has room for a promise keeps the promise. */
export function awaitsOf(text: CheckedText): Addition[] {
  return ownStatements(text).flatMap((statement) => {
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.flatMap((one) => ofDeclaration(text, one));
    return ts.isExpressionStatement(statement) ? ofAssignment(text, statement.expression) : [];
  });
}

function ofDeclaration(text: CheckedText, { name, type, initializer }: ts.VariableDeclaration): Addition[] {
  if (!initializer) return [];
  // The entry's last expression is the value of `resN`, and awaited anyway; it may be an assignment.
  if (isAdded(text, name)) return ofAssignment(text, withoutAwait(text, initializer));
  if (type && hasPromise(text.checker.getTypeFromTypeNode(type), text.checker)) return [];
  return ofValue(text, initializer);
}

function ofAssignment(text: CheckedText, expression: ts.Expression): Addition[] {
  const bare = withoutParentheses(expression);
  if (!isAssignment(bare)) return [];
  const { left, right } = bare;
  const isPattern = ts.isArrayLiteralExpression(left) || ts.isObjectLiteralExpression(left);
  if (!isPattern && hasPromise(text.checker.getTypeAtLocation(left), text.checker)) return [];
  return ofValue(text, right);
}

function ofValue(text: CheckedText, value: ts.Expression): Addition[] {
  const bare = withoutAwait(text, value);
  const inner = withoutParentheses(bare);
  if (isAssignment(inner)) return ofAssignment(text, inner);
  if (!isAnswer(text.checker.getTypeAtLocation(bare), text.checker)) return [];
  const [start, end] = [bare.getStart(text.source), bare.end].map((position) => text.layout.toOriginal(position));
  if (ts.isLeftHandSideExpression(bare)) return [{ at: start, text: 'await ', saved: true }];
  return [
    { at: start, text: 'await (', saved: true },
    { at: end, text: ')', saved: true },
  ];
}

function isAssignment(node: ts.Node): node is ts.BinaryExpression {
  if (!ts.isBinaryExpression(node)) return false;
  const { kind } = node.operatorToken;
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

function withoutAwait(text: CheckedText, node: ts.Expression): ts.Expression {
  if (!ts.isAwaitExpression(node) || !isAdded(text, node)) return node;
  const { expression } = node;
  return ts.isParenthesizedExpression(expression) && isAdded(text, expression) ? expression.expression : expression;
}

const withoutParentheses = (node: ts.Expression): ts.Expression =>
  ts.isParenthesizedExpression(node) ? withoutParentheses(node.expression) : node;

/** A promise of a job's answer, or a union that has no other promise: `ready ? rdd.count() : 0`. */
function isAnswer(type: ts.Type, checker: ts.TypeChecker): boolean {
  const members = type.isUnion() ? type.types : [type];
  return (
    members.some((member) => isJobPromise(member)) &&
    members.every((member) => isJobPromise(member) || !isPromise(member, checker))
  );
}

/** Whether a declared type has room for a promise. */
function hasPromise(type: ts.Type, checker: ts.TypeChecker): boolean {
  return (type.isUnion() ? type.types : [type]).some((member) => isPromise(member, checker));
}

export const isPromise = (type: ts.Type, checker: ts.TypeChecker): boolean =>
  (type.flags & ts.TypeFlags.Object) !== 0 && checker.getPropertyOfType(type, 'then') !== undefined;

/** A promise that an action returns. */
const isJobPromise = (type: ts.Type): boolean => type.symbol?.name === 'JobPromise' && isOfApi(type);
