// Questions about syntax that instrumentation asks: directives, inferred names, keys, what an expression waits for.
import type { AnyNode } from 'acorn';
import { childrenOf, type FunctionInfo } from './scope';

/** How `import.meta` is called among the names of a text. */
export const importMeta = 'import.meta';

/** A start of names that occurs nowhere in the text. */
export function hiddenPrefix(js: string): string {
  for (let i = 0; ; i++) {
    const prefix = i === 0 ? '$m_' : `$m${i}_`;
    if (!js.includes(prefix)) return prefix;
  }
}

export function hasStrictDirective(statements: readonly AnyNode[]): boolean {
  return statements.some((s) => s.type === 'ExpressionStatement' && s.directive === 'use strict');
}

/** Where the first statement that is not a directive may stand. */
export function afterDirectives(statements: readonly AnyNode[], start: number): number {
  let position = start;
  for (const statement of statements) {
    if (statement.type !== 'ExpressionStatement' || statement.directive === undefined) break;
    position = statement.end;
  }
  return position;
}

export function hashbangEnd(js: string): number {
  if (!js.startsWith('#!')) return 0;
  const end = js.indexOf('\n');
  return end < 0 ? js.length : end + 1;
}

/** Whether a function stands among the parameters of another one. */
export function isInParameters(info: FunctionInfo, around: AnyNode): boolean {
  if (!('params' in around)) return false;
  return around.params.some((p) => p.start <= info.node.start && info.node.end <= p.end);
}

/** The object literal that each method or accessor is a property of. */
export function objectsByProperty(program: AnyNode): Map<AnyNode, AnyNode> {
  const found = new Map<AnyNode, AnyNode>();
  const visit = (node: AnyNode) => {
    if (node.type === 'ObjectExpression') for (const property of node.properties) found.set(property, node);
    for (const child of childrenOf(node)) visit(child);
  };
  visit(program);
  return found;
}

/** Whether evaluating the expression itself may wait: `await` and `yield` outside of functions inside it. */
export function suspends(node: AnyNode): boolean {
  if (node.type === 'AwaitExpression' || node.type === 'YieldExpression') return true;
  if (node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression') return false;
  for (const child of childrenOf(node)) if (suspends(child)) return true;
  return false;
}

/** The text of a key that is not computed. */
export function literalKey(key: AnyNode): string {
  if (key.type === 'PrivateIdentifier') return `#${key.name}`;
  return key.type === 'Identifier' ? key.name : String((key as AnyNode & { value: unknown }).value);
}

/** The name that the language gives to an anonymous function in this place. */
export function inferredName(node: AnyNode, parent: AnyNode | undefined): string | undefined {
  if (!parent || ('id' in node && node.id)) return undefined;
  const name = nameFromParent(node, parent);
  return name === '__proto__' ? undefined : name;
}

function nameFromParent(node: AnyNode, parent: AnyNode): string | undefined {
  const nameOf = (id: AnyNode) => (id.type === 'Identifier' ? id.name : undefined);
  switch (parent.type) {
    case 'VariableDeclarator':
      return parent.init === node ? nameOf(parent.id as AnyNode) : undefined;
    case 'Property':
    case 'PropertyDefinition':
      return parent.value === node && !parent.computed ? literalKey(parent.key as AnyNode) : undefined;
    case 'AssignmentExpression':
    case 'AssignmentPattern':
      return parent.right === node ? nameOf(parent.left as AnyNode) : undefined;
    default:
      return undefined;
  }
}

/** Whether a function expression is the method or accessor that its parent declares. */
export function isMethod(parent: AnyNode): boolean {
  return parent.type === 'Property' && (parent.method || parent.kind !== 'init');
}

const identifier = /^[A-Za-z_$][\w$]*$/;

/** Text around an anonymous function that gives it a name, as its place would. */
export function naming(name: string): readonly [before: string, after: string] {
  if (identifier.test(name)) return [`({${name}:`, `}).${name}`];
  const quoted = JSON.stringify(name);
  return [`({${quoted}:`, `})[${quoted}]`];
}

/** What a path of properties starts from: `a` of `a.b?.c`. */
export function rootOf(target: AnyNode): AnyNode {
  if (target.type === 'MemberExpression') return rootOf(target.object as AnyNode);
  return target.type === 'ChainExpression' ? rootOf(target.expression) : target;
}

/** Expressions that run other code, which may answer a promise. */
export const calls: ReadonlySet<AnyNode['type']> = new Set([
  'CallExpression',
  'NewExpression',
  'TaggedTemplateExpression',
  'ImportExpression',
] as const);

/** Methods that change the array, Map, Set or typed array that they are called on. */
export const mutators = new Set(
  'push pop shift unshift splice sort reverse fill copyWithin set add delete clear write'.split(' '),
);
