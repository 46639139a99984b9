// Where the values of expressions may come from, and the parts of syntax that the search for changes looks at.
import type { AnyNode } from 'acorn';

/** What a captured variable of a function is, for the calls that it makes. */
export type Captured = 'function' | 'plain' | 'harmless' | 'value';

/** Where an object may come from, as bits. */
export const first = 1;
export const others = 2;
export const captured = 4;
export const anywhere = first | others | captured;

/** What an expression may give: the object itself, and what can be reached from it. */
export interface Value {
  self: number;
  below: number;
}

export const nothing: Value = { self: 0, below: 0 };
export const all: Value = { self: anywhere, below: anywhere };
export const reach = ({ self, below }: Value) => self | below;
export const within = ({ below }: Value): Value => ({ self: below, below });
export const fresh = (below: number): Value => ({ self: 0, below });
export const either = (a: Value, b: Value): Value => ({ self: a.self | b.self, below: a.below | b.below });

export type Node<T extends AnyNode['type']> = Extract<AnyNode, { type: T }>;
export type FunctionNode = Node<'FunctionExpression' | 'FunctionDeclaration' | 'ArrowFunctionExpression'>;

export const isFunction = (node: AnyNode | null | undefined): node is FunctionNode =>
  node?.type === 'FunctionExpression' || node?.type === 'FunctionDeclaration' || node?.type === 'ArrowFunctionExpression';

/** The function that is shipped, within what is put around it. */
export function rootIn(wrapper: FunctionNode): FunctionNode | undefined {
  const last = wrapper.body.type === 'BlockStatement' ? wrapper.body.body.at(-1) : undefined;
  const list = last?.type === 'ReturnStatement' ? last.argument : undefined;
  const [made] = list?.type === 'ArrayExpression' ? list.elements : [];
  const named =
    made?.type === 'MemberExpression' && made.object.type === 'ObjectExpression' ? made.object.properties[0] : undefined;
  const f = (named?.type === 'Property' ? named.value : made) as AnyNode | undefined;
  return isFunction(f) ? f : undefined;
}

export function childrenOf(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  for (const value of Object.values(node) as unknown[]) {
    for (const child of Array.isArray(value) ? value : [value])
      if (typeof (child as AnyNode | null)?.type === 'string') found.push(child as AnyNode);
  }
  return found;
}

/** What can be reached from some values. */
export const reachOf = (values: readonly Value[]): number => values.reduce((bits, value) => bits | reach(value), 0);

/** What an expression begins with: `a` of `a.b().c`. */
export function rootOf(node: AnyNode): AnyNode {
  let root = node;
  for (;;) {
    if (root.type === 'MemberExpression') root = root.object as AnyNode;
    else if (root.type === 'CallExpression') root = root.callee as AnyNode;
    else if (root.type === 'ChainExpression') root = root.expression as AnyNode;
    else return root;
  }
}

/** The function of the captured variables that is put around what is shipped. */
export function wrapperIn([statement]: readonly AnyNode[]): FunctionNode | undefined {
  return statement?.type === 'ExpressionStatement' && isFunction(statement.expression) ? statement.expression : undefined;
}
