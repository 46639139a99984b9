// Chooses the members of a dataset to offer: operators whose `this` its elements fit, and no internal members.
import ts from 'typescript';

export interface Receiver {
  readonly checker: ts.TypeChecker;
  readonly type: ts.Type;
}

/** The receiver before the dot at a position. */
export function receiverAt(program: ts.Program | undefined, file: string, position: number): Receiver | undefined {
  const source = program?.getSourceFile(file);
  if (!program || !source) return undefined;
  let found: ts.PropertyAccessExpression | undefined;
  const visit = (node: ts.Node): void => {
    if (node.pos > position || position > node.end) return;
    if (ts.isPropertyAccessExpression(node) && position >= node.expression.end) found = node;
    ts.forEachChild(node, visit);
  };
  visit(source);
  if (!found) return undefined;
  const checker = program.getTypeChecker();
  return { checker, type: checker.getTypeAtLocation(found.expression) };
}

/** False for internal members, and for methods that require another `this`, such as pair operators on numbers. */
export function fitsReceiver(symbol: ts.Symbol, { checker, type }: Receiver): boolean {
  const declarations = symbol.declarations ?? [];
  if (declarations.some((declaration) => ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === 'internal')))
    return false;
  const selves = declarations.map(thisParameter);
  return selves.length === 0 || selves.some((self) => self === undefined || fits(self, type, checker));
}

function thisParameter(declaration: ts.Declaration): ts.TypeNode | undefined {
  if (!ts.isMethodSignature(declaration) && !ts.isMethodDeclaration(declaration)) return undefined;
  const [first] = declaration.parameters;
  return first && ts.isIdentifier(first.name) && first.name.text === 'this' ? first.type : undefined;
}

/** Type parameters of the operator may be anything, so only pairs and plain types can be excluded. */
function fits(self: ts.TypeNode, receiver: ts.Type, checker: ts.TypeChecker): boolean {
  const wanted = ts.isTypeReferenceNode(self) ? self.typeArguments?.[0] : undefined;
  const [element] = checker.getTypeArguments(receiver as ts.TypeReference);
  if (!wanted || !element || (element.flags & ts.TypeFlags.Any) !== 0) return true;
  if (ts.isTupleTypeNode(wanted)) {
    return (
      checker.isTupleType(element) && checker.getTypeArguments(element as ts.TupleTypeReference).length === wanted.elements.length
    );
  }
  return !isPrimitive(wanted.kind) || checker.isTypeAssignableTo(element, checker.getTypeFromTypeNode(wanted));
}

const isPrimitive = (kind: ts.SyntaxKind) => kind === ts.SyntaxKind.NumberKeyword || kind === ts.SyntaxKind.StringKeyword;
