// How far a new line is indented: two columns for each line that leaves brackets open, and back again where they are closed.
import { matchBrackets, readTokens } from './tokens';

const step = '  ';

/** Longer texts are not read at each newline. */
const maxRead = 48 * 1024;

/** What a newline at `cursor` is followed by, and what comes after the cursor when it stands between two brackets. */
export interface NewLine {
  readonly indentation: string;
  /** A line of its own for the bracket behind the cursor. */
  readonly after: string;
}

export function newLineAt(text: string, cursor: number): NewLine {
  const before = text.slice(0, cursor);
  const lineStart = before.lastIndexOf('\n') + 1;
  const own = indentationOf(before.slice(lineStart));
  if (before.length > maxRead) return { indentation: own, after: '' };
  const { tokens } = readTokens(before);
  const last = tokens.at(-1);
  // What stands in a template or a comment is text: its lines are not ours to move.
  if (last?.closed === false && /Template|Comment/.test(last.type)) return { indentation: '', after: '' };
  const opening = matchBrackets(tokens).at(-1);
  if (!opening || opening.start < lineStart) return { indentation: own, after: '' };
  return { indentation: own + step, after: /^[)\]}]/.test(text.slice(cursor)) ? `\n${own}` : '' };
}

/** Where the indentation of a closing bracket begins that is typed as the first thing of its line: that of the line that opened it. */
export function closingIndentation(text: string, cursor: number): string | undefined {
  const before = text.slice(0, cursor);
  const lineStart = before.lastIndexOf('\n') + 1;
  if (lineStart === 0 || before.slice(lineStart).trim() !== '' || before.length > maxRead) return undefined;
  const opening = matchBrackets(readTokens(before).tokens).at(-1);
  if (!opening) return undefined;
  return indentationOf(before.slice(before.lastIndexOf('\n', opening.start) + 1));
}

const indentationOf = (line: string): string => /^[ \t]*/.exec(line)?.[0] ?? '';
