// The message of a type error, in terms of datasets where that says it better, and which errors only follow from another.
import path from 'node:path';
import ts from 'typescript';
import { isPromise } from '../additions/added-awaits-in-declarations';
import { isOfApi } from '../symbols';
import { functionInstead } from './column-names';
import { operationInstead } from './dataset-names';
import { readerInstead } from './reader-names';

/** The checked file of an error. */
interface CheckedFile {
  readonly checker: ts.TypeChecker;
  readonly source: ts.SourceFile;
}

const wrongThis = 2684;
const unknownName = 2304;
const noSuchModule = 2307;
const noOverload = 2769;
const wrongArgument = 2345;
const wrongCount = 2554;
const noSuchProperty = new Set([2339, 2551]);

const datasetType = /^(\w*(?:RDD|DStream))<(.*)>$/s;

const articleOf = (type: string): string => (type.startsWith('RDD') ? 'an' : 'a');

/** The message for a diagnostic, rewritten where the user's terms say it better. */
export function messageOf(diagnostic: ts.Diagnostic, checked: CheckedFile): string {
  const promise = promiseAt(diagnostic, checked);
  return messageFor(diagnostic, checked) + (promise === undefined ? '' : `\n${promise} is a promise: write await ${promise}.`);
}

function messageFor(diagnostic: ts.Diagnostic, checked: CheckedFile): string {
  const plain = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
  if (diagnostic.start === undefined) return plain;
  const node = innermost(checked.source, diagnostic.start);
  if (isWrongThis(diagnostic)) {
    const needed = pairsNeeded(node, diagnostic.start + (diagnostic.length ?? 0), checked);
    if (needed !== undefined) return needed;
  }
  if (noSuchProperty.has(diagnostic.code)) return nameOfOthers(node, checked) ?? plain;
  if (diagnostic.code === wrongArgument || diagnostic.code === wrongCount || diagnostic.code === noOverload) {
    const instead = functionInstead(node, checked);
    if (instead !== undefined) return instead;
  }
  if (diagnostic.code === noOverload) return widestOverload(diagnostic) ?? plain;
  if (diagnostic.code === unknownName && node.getText(checked.source) === '_') return 'There is no last value to continue yet.';
  if (diagnostic.code === noSuchModule) return missingPackage(node, checked.source.fileName) ?? plain;
  return plain;
}

/** For a package that is not installed: where it was looked for, and how to get it. */
function missingPackage(node: ts.Node, file: string): string | undefined {
  const name = ts.isStringLiteral(node) ? /^(?!node:)(?:@[\w.-]+\/)?\w[\w.-]*/.exec(node.text)?.[0] : undefined;
  if (name === undefined) return undefined;
  const folder = path.dirname(file);
  return `There is no package ${name}: it was looked for in node_modules of ${folder} and of the folders above. To install it: npm i ${name}`;
}

/** The error of the last overload, the widest, stands for all; TypeScript lists one per overload. */
function widestOverload({ messageText }: ts.Diagnostic): string | undefined {
  const reason = typeof messageText === 'string' ? undefined : messageText.next?.at(-1)?.next?.[0];
  return reason && ts.flattenDiagnosticMessageText(reason, '\n');
}

const noSuchElement = 7053;

/**
 * Types that are `any` because nothing says what they are: of parameters, members, elements, `this`, results, and properties that are set
 * later. An error only where the user asks for it.
 */
const implicitAny = new Set([
  2564, 2683, 7005, 7006, 7008, 7009, 7010, 7011, 7012, 7013, 7014, 7015, 7017, 7018, 7019, 7020, 7022, 7023, 7024, 7025, 7031,
  7032, 7033, 7034, 7041, 7050, 7051, 7052, 7053, 7055, 7057,
]);

/** The errors that another one does not explain. */
export function firstCauses(
  diagnostics: readonly ts.Diagnostic[],
  strict: boolean,
  checked: CheckedFile,
): readonly ts.Diagnostic[] {
  const causes = withoutUnknowns(diagnostics, checked);
  const certain = causes.filter((one) => !implicitAny.has(one.code) || isIndexed(one, checked));
  // An unknown name leaves every lambda behind it without types.
  return strict && certain.length === 0 ? causes : certain;
}

/** Whether a dataset or a promise is indexed: it has no such element, whatever its type. */
function isIndexed({ code, start }: ts.Diagnostic, checked: CheckedFile): boolean {
  if (code !== noSuchElement || start === undefined) return false;
  const access = around(innermost(checked.source, start), ts.isElementAccessExpression);
  const type = access && checked.checker.getTypeAtLocation(access.expression);
  return type !== undefined && (isPromise(type, checked.checker) || isOfApi(type));
}

/** Whether the receiver of a call is of another type than the method declares; of several signatures each says so. */
const isWrongThis = ({ code, messageText }: ts.Diagnostic): boolean =>
  code === wrongThis ||
  (code === noOverload &&
    typeof messageText !== 'string' &&
    (messageText.next ?? []).some(({ next }) => next?.[0]?.code === wrongThis));

/** The code that is shown: one for a wrong `this`, whether the method has one signature or several. */
export const codeOf = (diagnostic: ts.Diagnostic): number => (isWrongThis(diagnostic) ? wrongThis : diagnostic.code);

/** Drops errors caused by a wrong `this`: it makes the closure's parameters unknown, so each use of them in the call is an error. */
function withoutUnknowns(diagnostics: readonly ts.Diagnostic[], { source }: CheckedFile): readonly ts.Diagnostic[] {
  const calls = diagnostics.filter(isWrongThis).flatMap(({ start = 0, length = 0 }) => {
    const access = callOn(innermost(source, start), start + length);
    return access ? [{ from: access.end, to: access.parent.end }] : [];
  });
  return diagnostics.filter(({ start = 0 }) => !calls.some(({ from, to }) => start >= from && start < to));
}

/** Characters of a promise's text in a message. */
const longestPromise = 60;

/** The text of the promise that an error is about: what it points to, an operand of it, or what a member is asked of. */
function promiseAt({ start, length = 0 }: ts.Diagnostic, { source, checker }: CheckedFile): string | undefined {
  if (start === undefined) return undefined;
  const candidates: ts.Node[] = [];
  for (let node: ts.Node | undefined = innermost(source, start); node && !ts.isSourceFile(node); node = node.parent) {
    if (node.getStart(source) < start && !ts.isPropertyAccessExpression(node)) break;
    candidates.push(...partsOf(node));
    if (ts.isStatement(node) || ts.isFunctionLike(node) || node.end > start + length) break;
  }
  const promise = candidates.find((node) => ts.isExpression(node) && isPromise(checker.getTypeAtLocation(node), checker));
  const text = promise?.getText(source);
  return text === undefined || text.length > longestPromise || text.includes('\n') ? undefined : text;
}

function partsOf(node: ts.Node): ts.Node[] {
  if (ts.isBinaryExpression(node)) return [node.left, node.right];
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) return [node.expression];
  if (ts.isVariableDeclaration(node)) return node.initializer ? [node.initializer] : [];
  if (ts.isIdentifier(node) && ts.isPropertyAccessExpression(node.parent) && node.parent.name === node)
    return [node.parent.expression];
  if (ts.isIdentifier(node) && (ts.isVariableDeclaration(node.parent) || ts.isBindingElement(node.parent)))
    return partsOf(around(node, ts.isVariableDeclaration) ?? node.parent);
  if (ts.isForOfStatement(node) || ts.isSpreadElement(node)) return [node.expression];
  return [node];
}

function innermost(file: ts.SourceFile, position: number): ts.Node {
  let found: ts.Node = file;
  const visit = (node: ts.Node): void => {
    if (node.getStart(file) > position || position >= node.end) return;
    found = node;
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return found;
}

function around<N extends ts.Node>(node: ts.Node, is: (node: ts.Node) => node is N): N | undefined {
  let current: ts.Node | undefined = node;
  while (current && !is(current)) current = current.parent;
  return current;
}

function accessAround(node: ts.Node): ts.PropertyAccessExpression | undefined {
  for (let current: ts.Node | undefined = node; current; current = current.parent) {
    if (ts.isCallExpression(current) && ts.isPropertyAccessExpression(current.expression)) return current.expression;
    if (ts.isPropertyAccessExpression(current) && current.name === node) return current;
  }
  return undefined;
}

/** For `reduceByKey` on a dataset of numbers TypeScript mentions the `this` context; the user must make pairs. */
function pairsNeeded(first: ts.Node, end: number, { checker }: CheckedFile): string | undefined {
  const access = callOn(first, end);
  if (!access) return undefined;
  const type = checker.typeToString(checker.getTypeAtLocation(access.expression));
  if (!datasetType.test(type)) return undefined;
  const operation = access.name.text;
  if (!pairOperation(access, checker)) return `${operation} does not fit the elements of this ${type}.`;
  return `${operation} needs pairs: this is ${articleOf(type)} ${type}. Make pairs first: .map(x => [x, 1]) or .keyBy(f).`;
}

/** The called method whose receiver starts with a node and ends at a position: TypeScript places errors of `this` there. */
function callOn(first: ts.Node, end: number): ts.PropertyAccessExpression | undefined {
  for (let node: ts.Node | undefined = first; node; node = node.parent) {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) continue;
    if (node.expression.expression.end === end || node.expression.end === end) return node.expression;
  }
  return undefined;
}

/** Whether the operation declares its `this` as a dataset of pairs. */
function pairOperation(access: ts.PropertyAccessExpression, checker: ts.TypeChecker): boolean {
  const signatures = checker.getTypeAtLocation(access).getCallSignatures();
  return signatures.some((signature) => {
    const parameters: readonly ts.Node[] = signature.declaration?.parameters ?? [];
    const self = parameters.filter(ts.isParameter).find(({ name }) => ts.isIdentifier(name) && name.text === 'this');
    return self?.type !== undefined && /(?:RDD|DStream)<\s*(?:readonly\s*)?\[/.test(self.type.getText());
  });
}

/** The message for what other tools call an operation of datasets or a reader of tables. */
function nameOfOthers(node: ts.Node, { checker }: CheckedFile): string | undefined {
  const access = accessAround(node);
  if (!access) return undefined;
  const type = checker.typeToString(checker.getTypeAtLocation(access.expression));
  return readerInstead(type, access.name.text) ?? operationInstead(type, access.name.text);
}
