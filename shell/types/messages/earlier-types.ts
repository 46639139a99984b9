// Which version of a type an error speaks of, where a name was declared again: values made before keep the earlier type.
import ts from 'typescript';
import type { CheckedText } from '../additions/addition';
import { cleanTypeText } from '../entry-names';

/** Where the entries of a session declared their names. */
export interface Declarations {
  /** The module that a name stands for now. */
  current(name: string): string | undefined;
  /** What the user knows an entry by; undefined for the entry being checked. */
  label(module: string): string | undefined;
}

const entryModule = /__in_\d+$/;
const qualified = /import\("([^"]*\/__in_\d+)"\)\.([\p{ID_Start}$_][\p{ID_Continue}$]*)/gu;

/** The message with the entry of each earlier version: `P of <input 1>`; and when the name was declared again. */
export function withEarlierTypes(
  message: string,
  { start, length = 0 }: ts.Diagnostic,
  text: CheckedText,
  known: Declarations,
): string {
  const earlier = new Map<string, string>();
  const isEarlier = (name: string, module: string) => known.current(name) !== module && known.label(module) !== undefined;
  const shown = message.replace(qualified, (_, module: string, name: string) => {
    if (!isEarlier(name, module)) return name;
    earlier.set(name, known.label(module)!);
    return `${name} of ${known.label(module)}`;
  });
  // TypeScript qualifies a name only where both versions are in the message.
  if (start !== undefined && earlier.size === 0)
    for (const { name, module } of typesAt(text, start, start + length))
      if (new RegExp(`\\b${name}\\b`).test(message) && isEarlier(name, module)) earlier.set(name, known.label(module)!);
  const notes = [...earlier].map(([name, label]) => {
    const again = known.label(known.current(name) ?? '') ?? 'this entry';
    return `\n${name} of ${label} was declared again in ${again}: values made before keep the earlier type.`;
  });
  return cleanTypeText(shown) + notes.join('');
}

interface Declared {
  readonly name: string;
  readonly module: string;
}

/** The types of entries that the nodes of an error have. */
function typesAt({ source, checker }: CheckedText, start: number, end: number): Declared[] {
  const found: Declared[] = [];
  const visit = (node: ts.Node): void => {
    if (node.end < start || node.getStart(source) > end) return;
    if (ts.isPropertyAccessExpression(node) && node.name.getStart(source) === start)
      collect(checker.getTypeAtLocation(node.expression), 0);
    if (node.getStart(source) >= start && ts.isExpression(node)) collect(checker.getTypeAtLocation(node), 0);
    ts.forEachChild(node, visit);
  };
  const collect = (type: ts.Type, depth: number): void => {
    const symbol = type.aliasSymbol ?? type.symbol;
    const file = symbol?.declarations?.[0]?.getSourceFile().fileName.replace(/(?:\.d)?\.ts$/, '');
    if (symbol && file && entryModule.test(file)) found.push({ name: symbol.name, module: file });
    if (depth > 2) return;
    for (const part of type.isUnionOrIntersection() ? type.types : []) collect(part, depth + 1);
    for (const part of checker.getTypeArguments(type as ts.TypeReference) ?? []) collect(part, depth + 1);
  };
  visit(source);
  return found;
}
