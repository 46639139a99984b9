// Indents a new line: two columns for each line that leaves brackets open, and back where they close.
import { matchBrackets, readTokens } from './tokens';

const step = '  ';

/** Longer texts are not tokenized at each newline. */
const maxRead = 48 * 1024;

/** The text to insert for a newline at `cursor`, and what follows the cursor between two brackets. */
export interface NewLine {
  readonly indentation: string;
  /** The newline that puts the bracket after the cursor on its own line. */
  readonly after: string;
}

export function newLineAt(text: string, cursor: number): NewLine {
  const before = text.slice(0, cursor);
  const lineStart = before.lastIndexOf('\n') + 1;
  const own = indentationOf(before.slice(lineStart));
  if (before.length > maxRead) return { indentation: own, after: '' };
  const { tokens } = readTokens(before);
  const last = tokens.at(-1);
  // Lines in a template or a comment are text: they are not indented.
  if (last?.closed === false && /Template|Comment/.test(last.type)) return { indentation: '', after: '' };
  const opening = matchBrackets(tokens).at(-1);
  if (!opening || opening.start < lineStart) return { indentation: own, after: '' };
  return { indentation: own + step, after: /^[)\]}]/.test(text.slice(cursor)) ? `\n${own}` : '' };
}

/** The indentation of a closing bracket typed first on its line: that of the line that opened it. */
export function closingIndentation(text: string, cursor: number): string | undefined {
  const before = text.slice(0, cursor);
  const lineStart = before.lastIndexOf('\n') + 1;
  if (lineStart === 0 || before.slice(lineStart).trim() !== '' || before.length > maxRead) return undefined;
  const opening = matchBrackets(readTokens(before).tokens).at(-1);
  if (!opening) return undefined;
  return indentationOf(before.slice(before.lastIndexOf('\n', opening.start) + 1));
}

const indentationOf = (line: string): string => /^[ \t]*/.exec(line)?.[0] ?? '';
