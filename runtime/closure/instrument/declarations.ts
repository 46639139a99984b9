// Declarations, found before the statements are visited: a name means the same before its declaration as after it.
import type { AnyNode, Pattern } from 'acorn';
import { type BindingKind, childrenOf, type Scope } from './scope';

/** Declares what a list of statements declares in their scope: `var`s at any depth, the others of the statements themselves. */
export function declareAll(statements: readonly AnyNode[], scope: Scope): void {
  for (const statement of statements) declareVars(statement, scope);
  declareLexical(statements, scope);
}

/** Declares the names of the statements themselves: let, const, functions, classes, imports. */
export function declareLexical(statements: readonly AnyNode[], scope: Scope): void {
  for (const statement of statements) {
    const node = 'declaration' in statement && statement.declaration ? (statement.declaration as AnyNode) : statement;
    if (node.type === 'VariableDeclaration' && node.kind !== 'var') {
      const kind: BindingKind = node.kind === 'let' || node.kind === 'const' ? node.kind : 'using';
      for (const d of node.declarations) for (const id of namesOf(d.id)) scope.declare(id.name, kind, node);
    } else if ((node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') && node.id) {
      scope.declare(node.id.name, node.type === 'ClassDeclaration' ? 'class' : 'function', node);
    } else if (node.type === 'ImportDeclaration') {
      for (const specifier of node.specifiers) scope.declare(specifier.local.name, 'import', node);
    }
  }
}

/** Declares the `var`s in a statement, those of nested functions left out. */
function declareVars(node: AnyNode, scope: Scope): void {
  if (isFunctionOrClass(node) || node.type === 'ExpressionStatement') return;
  if (node.type === 'VariableDeclaration' && node.kind === 'var') {
    for (const d of node.declarations) for (const id of namesOf(d.id)) scope.declare(id.name, 'var', node);
    return;
  }
  for (const child of childrenOf(node)) declareVars(child, scope);
}

function isFunctionOrClass(node: AnyNode): boolean {
  return node.type.startsWith('Function') || node.type.startsWith('Class') || node.type === 'ArrowFunctionExpression';
}

interface DeclaringIdentifier {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly shorthand: boolean;
}

/** The identifiers that a pattern declares or assigns. */
export function* namesOf(pattern: Pattern | null, shorthand = false): Generator<DeclaringIdentifier> {
  switch (pattern?.type) {
    case 'Identifier':
      yield { name: pattern.name, start: pattern.start, end: pattern.end, shorthand };
      return;
    case 'ObjectPattern':
      for (const property of pattern.properties) {
        if (property.type === 'RestElement') yield* namesOf(property.argument);
        else yield* namesOf(property.value, property.shorthand);
      }
      return;
    case 'ArrayPattern':
      for (const element of pattern.elements) yield* namesOf(element);
      return;
    case 'AssignmentPattern':
      yield* namesOf(pattern.left, shorthand);
      return;
    case 'RestElement':
      yield* namesOf(pattern.argument);
      return;
  }
}
