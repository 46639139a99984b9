// What is inserted into an entry before it is checked, and the checked text that shows what is needed.
import type ts from 'typescript';
import { Layout, type TypedText } from '../text-layout';

/** A text that is inserted at a position of the entry as typed. */
export interface Addition {
  readonly at: number;
  readonly text: string;
  /** `.save` writes it too: a script needs it. */
  readonly saved?: boolean;
}

/** The entry as it was checked last, with what had been added to it. */
export interface CheckedText {
  readonly source: ts.SourceFile;
  readonly checker: ts.TypeChecker;
  readonly layout: TypedText;
}

export const sameAdditions = (a: readonly Addition[], b: readonly Addition[]): boolean =>
  a.length === b.length && a.every(({ at, text }, i) => at === b[i].at && text === b[i].text);

/** The statements of the entry itself, without the tail. */
export const ownStatements = ({ source, layout }: CheckedText): readonly ts.Statement[] =>
  source.statements.filter((statement) => statement.getStart(source) < layout.bodyLength());

/** Whether a node was added. */
export const isAdded = ({ source, layout }: CheckedText, node: ts.Node): boolean => layout.isInsertion(node.getStart(source));

/** The text with those additions that a script needs too; undefined where there are none. `from` is where it begins in the text as typed. */
export function scriptOf(text: string, additions: readonly Addition[], from = 0): string | undefined {
  const layout = new Layout(text);
  const saved = additions.filter((addition) => addition.saved && addition.at >= from && addition.at <= from + text.length);
  for (const addition of saved) layout.insert(addition.at - from, addition.text);
  return saved.length === 0 ? undefined : layout.composed();
}
