// What `filter(e => e.user)` says of the elements that it leaves, as a type predicate of its function.
import ts from 'typescript';
import { type Addition, type CheckedText, isAdded, ownStatements } from './addition';

type Filter = ts.ArrowFunction & { readonly body: ts.Expression };

/** What is true of an element that is left has neither null nor undefined in its type. */
export function narrowedFilters(text: CheckedText): Addition[] {
  const found: Addition[] = [];
  const visit = (node: ts.Node): void => {
    const filter = filterOf(text, node);
    if (filter) found.push(...predicateOf(text, filter));
    ts.forEachChild(node, visit);
  };
  for (const statement of ownStatements(text)) visit(statement);
  return found;
}

/** Where the functions of such filters stand: that they do not answer a boolean is no error. */
export function predicateBodies(text: CheckedText): number[] {
  const found: number[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isArrowFunction(node) && node.type && isAdded(text, node.type)) found.push(node.body.getStart(text.source));
    ts.forEachChild(node, visit);
  };
  for (const statement of ownStatements(text)) visit(statement);
  return found;
}

function filterOf(text: CheckedText, node: ts.Node): Filter | undefined {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  const [f, ...more] = node.arguments;
  if (node.expression.name.text !== 'filter' || more.length > 0 || !f || !ts.isArrowFunction(f)) return undefined;
  if (ts.isBlock(f.body) || f.parameters.length !== 1 || (f.type && !isAdded(text, f.type))) return undefined;
  const [{ name, type }] = f.parameters;
  return ts.isIdentifier(name) && !type && !f.modifiers ? (f as Filter) : undefined;
}

function predicateOf(text: CheckedText, { parameters: [parameter], body, equalsGreaterThanToken }: Filter): Addition[] {
  const name = parameter.name.getText(text.source);
  const paths = conjunctsOf(body).flatMap((node) => pathOf(node, name, text) ?? []);
  if (paths.length === 0) return [];
  const parts = paths.map((path) => presence(`(typeof ${name})`, path));
  const at = (position: number) => text.layout.toOriginal(position);
  const predicate = `:${name} is typeof ${name} & ${parts.join(' & ')}`;
  // `(e) => …` has its parentheses already.
  const after = text.source.text.slice(parameter.end);
  const isBare = text.layout.isInsertion(parameter.end) ? after.startsWith(')') : /^\s*=>/.test(after);
  if (!isBare) return [{ at: at(equalsGreaterThanToken.getStart(text.source)), text: `${predicate} ` }];
  return [
    { at: at(parameter.getStart(text.source)), text: '(' },
    { at: at(parameter.end), text: `)${predicate}` },
  ];
}

const conjunctsOf = (node: ts.Expression): ts.Expression[] => {
  if (ts.isParenthesizedExpression(node)) return conjunctsOf(node.expression);
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.AmpersandAmpersandToken) return [node];
  return [...conjunctsOf(node.left), ...conjunctsOf(node.right)];
};

/** The members from the parameter down to what a condition says is there; undefined for conditions that say nothing like it. */
function pathOf(condition: ts.Expression, name: string, { checker }: CheckedText): string[][] | undefined {
  const subject = subjectOf(condition);
  const type = subject && checker.getTypeAtLocation(subject);
  if (!subject || !type?.isUnion() || !type.types.some(isNothingType)) return undefined;
  const path: string[] = [];
  let node = subject;
  while (ts.isPropertyAccessExpression(node) || ts.isNonNullExpression(node)) {
    if (ts.isPropertyAccessExpression(node)) path.unshift(node.name.text);
    node = node.expression;
  }
  return ts.isIdentifier(node) && node.text === name ? [path] : undefined;
}

const isNothingType = ({ flags }: ts.Type): boolean => (flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)) !== 0;

const isNothing = (node: ts.Expression): boolean =>
  node.kind === ts.SyntaxKind.NullKeyword || (ts.isIdentifier(node) && node.text === 'undefined');

/** What a condition says is there: `x`, `!!x`, `Boolean(x)`, `x != null`. */
function subjectOf(node: ts.Expression): ts.Expression | undefined {
  if (ts.isParenthesizedExpression(node)) return subjectOf(node.expression);
  if (ts.isPrefixUnaryExpression(node) && ts.isPrefixUnaryExpression(node.operand)) return subjectOf(node.operand.operand);
  if (ts.isCallExpression(node)) return node.expression.getText() === 'Boolean' ? node.arguments[0] : undefined;
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const isUnequal = kind === ts.SyntaxKind.ExclamationEqualsToken || kind === ts.SyntaxKind.ExclamationEqualsEqualsToken;
    return isUnequal && isNothing(node.right) ? node.left : undefined;
  }
  return ts.isIdentifier(node) || ts.isPropertyAccessExpression(node) ? node : undefined;
}

/** `{ user: … }` without null and undefined. */
function presence(of: string, [member, ...rest]: readonly string[]): string {
  if (member === undefined) return '{}';
  const type = `${of}['${member}'] & {}`;
  return rest.length === 0 ? `{ ${member}: ${type} }` : `{ ${member}: ${presence(`(${type})`, rest)} }`;
}
