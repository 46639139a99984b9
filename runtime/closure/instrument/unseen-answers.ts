// Whether what a function answers may come from code that its text does not show: from a call, or from a getter.
import type { AnyNode } from 'acorn';
import { childrenOf, type FunctionInfo } from './scope';

export function answersUnseen({ makesCalls, node }: Pick<FunctionInfo, 'makesCalls' | 'node'>): boolean {
  if (makesCalls) return true;
  if (!('body' in node) || !('params' in node)) return false;
  const body = node.body as AnyNode;
  if (body.type !== 'BlockStatement') return isUnseen(body, () => node.params.some(readsProperty));
  // A variable may hold what a property gave.
  return readsProperty(body) || node.params.some(readsProperty);
}

/** Whether the value of an expression is what a property gave; what is made here, such as a sum or a list, is not. */
function isUnseen(node: AnyNode, hasTakenApart: () => boolean): boolean {
  switch (node.type) {
    case 'MemberExpression':
    case 'ChainExpression':
      return true;
    case 'Identifier':
      return hasTakenApart();
    case 'ConditionalExpression':
      return isUnseen(node.consequent, hasTakenApart) || isUnseen(node.alternate, hasTakenApart);
    case 'LogicalExpression':
      return isUnseen(node.left, hasTakenApart) || isUnseen(node.right, hasTakenApart);
    case 'SequenceExpression':
      return isUnseen(node.expressions[node.expressions.length - 1], hasTakenApart);
    case 'AssignmentExpression':
      return isUnseen(node.right, hasTakenApart);
    default:
      return false;
  }
}

function readsProperty(node: AnyNode): boolean {
  if (node.type === 'MemberExpression' || node.type === 'ObjectPattern') return true;
  const isInner = node.type.endsWith('Function') || node.type.includes('FunctionExpression') || node.type.startsWith('Class');
  if (isInner) return false;
  for (const child of childrenOf(node)) if (readsProperty(child)) return true;
  return false;
}
