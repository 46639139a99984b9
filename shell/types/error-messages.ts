// The message of a type error, in terms of datasets where that says it better, and which errors only follow from another.
import path from 'node:path';
import ts from 'typescript';

/** The checked file of an error. */
interface CheckedFile {
  readonly checker: ts.TypeChecker;
  readonly file: ts.SourceFile;
}

const wrongThis = 2684;
const unknownName = 2304;
const noSuchModule = 2307;
const noOverload = 2769;
const noSuchProperty = new Set([2339, 2551]);

const datasetType = /^(\w*(?:RDD|DStream))<(.*)>$/s;

const articleOf = (type: string): string => (type.startsWith('RDD') ? 'an' : 'a');

/** The message for a diagnostic, rewritten where the user's terms say it better. */
export function messageOf(diagnostic: ts.Diagnostic, checked: CheckedFile): string {
  const plain = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
  if (diagnostic.start === undefined) return plain;
  const node = innermost(checked.file, diagnostic.start);
  if (diagnostic.code === wrongThis) return pairsNeeded(node, diagnostic.start + (diagnostic.length ?? 0), checked) ?? plain;
  if (noSuchProperty.has(diagnostic.code)) return arrayMethodOnDataset(node, checked) ?? plain;
  if (diagnostic.code === noOverload) return widestOverload(diagnostic) ?? plain;
  if (diagnostic.code === unknownName && node.getText(checked.file) === '_') return 'There is no last value to continue yet.';
  if (diagnostic.code === noSuchModule) return missingPackage(node, checked.file.fileName) ?? plain;
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

const ofUnknownType = 18046;

/** Drops errors caused by a wrong `this`: it makes the closure's parameters unknown, so each use of them is an error. */
export function withoutConsequences(diagnostics: readonly ts.Diagnostic[]): ts.Diagnostic[] {
  const ends = diagnostics.filter(({ code }) => code === wrongThis).map(({ start = 0, length = 0 }) => start + length);
  const first = Math.min(...ends);
  return diagnostics.filter(({ code, start = 0 }) => code !== ofUnknownType || start < first);
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

const arrayHabits: Readonly<Record<string, string>> = {
  length: 'count()',
  forEach: 'foreach(f)',
  slice: 'take(n)',
  find: 'filter(f).take(1)',
  some: 'filter(f).isEmpty()',
  every: 'filter(f).count()',
  includes: 'filter(x => x === value).isEmpty()',
  sort: 'sortBy(f)',
  concat: 'union(other)',
  toArray: 'collect()',
  reduceRight: 'reduce(f)',
};

/** The message for an array method that datasets name differently. */
function arrayMethodOnDataset(node: ts.Node, { checker }: CheckedFile): string | undefined {
  const access = accessAround(node);
  const instead = access && Object.hasOwn(arrayHabits, access.name.text) ? arrayHabits[access.name.text] : undefined;
  if (!access || !instead) return undefined;
  const type = checker.typeToString(checker.getTypeAtLocation(access.expression));
  return /^\w*RDD</.test(type) ? `An ${type} has no ${access.name.text}; use ${instead}.` : undefined;
}
