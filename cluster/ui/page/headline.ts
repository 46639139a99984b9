// What of a text of the user's says best which job it is, on the pages and in `.jobs`.
import type { Site } from '../messages';

/** The line of the call, with the lines that it goes on from. */
export function headline({ text, line, at }: Site): string {
  if (at === undefined) return text;
  const lines = text.split('\n');
  const last = at - line;
  const indent = indentOf(lines[last]);
  let first = last;
  while (first > 0 && (goesOn.test(lines[first] ?? '') || indentOf(lines[first]) > indent)) first--;
  return lines.slice(first, last + 1).join('\n') || text;
}

/** A line that begins so goes on from one before it. */
const goesOn = /^\s*[.)\]}]/;
const indentOf = (line = ''): number => line.length - line.trimStart().length;
