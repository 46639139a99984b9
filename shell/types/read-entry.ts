// Reads an entry as an object, a continuation of the last value, or statements; it is whole, unfinished or wrong.
import ts from 'typescript';
import { continuationStart } from '../base/continuation';
import type { Diagnostic } from '../contract/type-service';
import { parse, parseErrors, stopsEarly } from './entry-syntax';
import { syntaxMessage } from './messages/scala-words';
import { Layout } from './text-layout';

interface Range {
  readonly start: number;
  readonly end: number;
}

/** A whole entry. Ranges are positions of the text as typed. */
export interface WholeEntry {
  readonly status: 'whole';
  readonly file: ts.SourceFile;
  /** Where `_` is inserted before a leading dot. */
  readonly continues?: number;
  /** The expression that the entry ends in. */
  readonly expression?: Range;
}

export type Reading =
  | WholeEntry
  | { readonly status: 'incomplete' }
  | { readonly status: 'error'; readonly diagnostics: readonly Diagnostic[] };

/** The name of the last value. */
export const lastValue = '_';

const openBrace = /^\s*\{/;

/** The text as it is parsed: `_` stands before a leading dot, at the second answer. */
function layoutContinued(text: string): [layout: Layout, continues: number | undefined] {
  const continues = continuationStart(text);
  const layout = new Layout(text);
  if (continues !== undefined) layout.insert(continues, lastValue);
  return [layout, continues];
}

/** Reads an entry. A text in braces is an object if it parses as one. */
export function readEntry(text: string): Reading {
  const object = openBrace.test(text) ? readObject(text) : undefined;
  if (object) return object;
  const [layout, continues] = layoutContinued(text);
  const file = parse(layout.composed());
  const errors = parseErrors(file);
  if (errors.length === 0) return { status: 'whole', file, continues, expression: lastExpression(file, layout) };
  if (stopsEarly(file) || (openBrace.test(text) && stopsEarly(parse(`(${text}`)))) return { status: 'incomplete' };
  return { status: 'error', diagnostics: errors.map((error) => syntaxError(error, layout)) };
}

function readObject(text: string): WholeEntry | undefined {
  const file = parse(`(${text}\n)`);
  const [statement, ...more] = file.statements;
  if (parseErrors(file).length > 0 || more.length > 0 || !ts.isExpressionStatement(statement)) return undefined;
  // In `{ a: 1 } + (2)` our bracket would close too early; the parentheses must span the whole text.
  if (!ts.isParenthesizedExpression(statement.expression) || statement.expression.end !== text.length + 3) return undefined;
  const inner = statement.expression.expression;
  return { status: 'whole', file, expression: { start: inner.getStart(file) - 1, end: inner.end - 1 } };
}

function lastExpression(file: ts.SourceFile, layout: Layout): Range | undefined {
  // Functions and types have no time of their own: what stands before them is the last that runs.
  const last = file.statements.findLast((statement) => !ts.isEmptyStatement(statement) && !isTimeless(statement));
  if (!last || !ts.isExpressionStatement(last)) return undefined;
  return { start: layout.toOriginal(last.expression.getStart(file)), end: layout.toOriginal(last.expression.end) };
}

function isTimeless(statement: ts.Statement): boolean {
  return ts.isFunctionDeclaration(statement) || ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
}

function syntaxError(error: ts.DiagnosticWithLocation, layout: Layout): Diagnostic {
  const start = layout.toOriginal(error.start);
  const end = layout.toOriginal(error.start + error.length);
  return { message: syntaxMessage(error), code: error.code, start, length: end - start };
}
