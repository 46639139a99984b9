// Published datasets: the type of what is published goes along as text, and the names and types of what others published are declared.
import ts from 'typescript';
import { isOfApi } from '../symbols';
import type { QueryFacts } from './added-queries';
import { type Addition, type CheckedText, isAdded, ownStatements } from './addition';
import { structuralText } from './structural-type';

/** Whether a text may read or publish a shared dataset: else nobody is asked. */
export const mayShare = (text: string): boolean => /(\bdataset|\.\s*stream)\s*[(<]/.test(text);

/** A type as text that is longer is not told. */
const longestType = 10_000;

/** The types of the elements that `publish` names, as its last argument. */
export function publishedElements(text: CheckedText): Addition[] {
  if (!/\bpublish\s*\(/.test(text.source.text)) return [];
  const found: Addition[] = [];
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
    const { expression: dataset, name } = node.expression;
    const own = node.arguments.filter((argument) => !isAdded(text, argument));
    if (name.text !== 'publish' || own.length < 1 || own.length > 2) return;
    const type = text.checker.getTypeAtLocation(dataset);
    const element = type.getProperty('element');
    if (!element || !isOfApi(type)) return;
    const told = structuralText(text.checker.getTypeOfSymbolAtLocation(element, dataset), text.checker);
    if (told === 'any' || told.length > longestType) return;
    const at = text.layout.toOriginal(own[own.length - 1].end);
    found.push({ at, text: `${own.length === 1 ? ',{}' : ''},${JSON.stringify(told)}` });
  };
  for (const statement of ownStatements(text)) visit(statement);
  return found;
}

const membersOf = (name: string, types: Readonly<Record<string, string>>): string => {
  const lines = Object.entries(types).map(([member, type]) => `${JSON.stringify(member)}: ${parsedType(type) ?? 'any'};`);
  return `interface ${name} {${lines.join('')}}\n`;
};

/** The published datasets and streams as declarations, as far as they are known. */
export function publishedDeclaration(facts: QueryFacts): string {
  const { types = {}, streams = {} } = facts.get({ key: 'published', published: true }) ?? {};
  return `${membersOf('MillracePublished', types)}${membersOf('MillracePublishedStreams', streams)}`;
}

/** The text of a type, written anew from what was parsed; undefined where it is no type and nothing else. */
function parsedType(text: string): string | undefined {
  const source = ts.createSourceFile('type.ts', `type T = ${text};`, ts.ScriptTarget.ESNext, true);
  const [statement, ...others] = source.statements;
  const { parseDiagnostics } = source as unknown as { readonly parseDiagnostics: readonly unknown[] };
  if (text === '' || others.length > 0 || parseDiagnostics.length > 0 || !statement || !ts.isTypeAliasDeclaration(statement))
    return undefined;
  return ts.createPrinter({ removeComments: true }).printNode(ts.EmitHint.Unspecified, statement.type, source);
}
