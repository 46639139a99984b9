// Picks the lines of the user's text that identify a job best, for the pages and for `.jobs`.
import type { Site } from './messages';

/** The line of the call, with the earlier lines of the same expression. */
export function headline({ text, line, at }: Site): string {
  if (at === undefined) return text;
  const lines = text.split('\n');
  const last = at - line;
  const indent = indentOf(lines[last]);
  let first = last;
  while (first > 0 && (continues.test(lines[first] ?? '') || indentOf(lines[first]) > indent)) first--;
  return lines.slice(first, last + 1).join('\n') || text;
}

/** A line that begins like this continues the line before it. */
const continues = /^\s*[.)\]}]/;
const indentOf = (line = ''): number => line.length - line.trimStart().length;
