// Fields that a class of plain JavaScript makes by assigning them: `class Sum { constructor() { this.n = 0 } }`.
import ts from 'typescript';
import { type Addition, type CheckedText, isAdded, ownStatements } from './addition';

/** A declaration for each field that is only assigned; the emitted code does not have it. */
export function assignedFields(text: CheckedText): Addition[] {
  const found: Addition[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node)) {
      const names = fieldsAssigned(node).filter((name) => isUndeclared(text, node, name));
      const declared = names.map((name) => `declare ${name}: any;`).join(' ');
      if (names.length > 0) found.push({ at: text.layout.toOriginal(node.members.pos), text: ` ${declared}` });
    }
    ts.forEachChild(node, visit);
  };
  for (const statement of ownStatements(text)) visit(statement);
  return found;
}

/** The names that the constructor and the methods of a class assign to `this`, in order. */
function fieldsAssigned(node: ts.ClassLikeDeclaration): string[] {
  const names = new Set<string>();
  const visit = (part: ts.Node): void => {
    // These have a `this` of their own.
    if (ts.isClassLike(part) || ts.isFunctionDeclaration(part) || ts.isFunctionExpression(part)) return;
    const name = assignedName(part);
    if (name !== undefined) names.add(name);
    ts.forEachChild(part, visit);
  };
  for (const member of node.members) {
    const isStatic =
      ts.canHaveModifiers(member) && ts.getModifiers(member)?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
    if (!isStatic && !ts.isClassStaticBlockDeclaration(member)) ts.forEachChild(member, visit);
  }
  return [...names];
}

function assignedName(node: ts.Node): string | undefined {
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.EqualsToken) return undefined;
  const { left } = node;
  const isOfThis = ts.isPropertyAccessExpression(left) && left.expression.kind === ts.SyntaxKind.ThisKeyword;
  return isOfThis && ts.isIdentifier(left.name) ? left.name.text : undefined;
}

/** Whether neither the class nor one that it extends has the member, but for what was added. */
function isUndeclared(text: CheckedText, node: ts.ClassLikeDeclaration, name: string): boolean {
  const declarations = text.checker.getPropertyOfType(text.checker.getTypeAtLocation(node), name)?.declarations ?? [];
  return declarations.every((declaration) => declaration.parent === node && isAdded(text, declaration));
}
