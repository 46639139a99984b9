// Shows a line of the user's text with a mark below a place in it; a line wider than the screen is cut around that place.

import type { Screen } from '../contract/screen';
import { cut, escapeControls, paint, widthOf } from './safe-text';
import { clusters } from './width';

export interface Marked {
  /** The whole line, as typed. */
  readonly line: string;
  /** The line number to show. */
  readonly number: number;
  /** Where the mark starts (one-based) and its length, both in UTF-16 units. */
  readonly column: number;
  readonly length: number;
  /** What the mark is drawn with: `^` for a point, `~` for a stretch. */
  readonly mark: '^' | '~';
}

/** Columns reserved for the text after the mark. */
const roomAfter = 12;
const deepIndent = 12;

const shown = (text: string) => escapeControls(text.replaceAll('\t', '  '));

/** Two lines: the number with the text, and the mark. */
export function excerpt(marked: Marked, screen: Screen): string {
  const { line, number, column, length, mark } = withoutDeepIndent(marked);
  const colors = paint(screen.color);
  const gutter = ` ${number} │ `;
  const space = Math.max(4, screen.columns - gutter.length);
  const from = Math.min(Math.max(0, column - 1), line.length);
  const before = shown(line.slice(0, from));
  const target = shown(line.slice(from, from + length));
  const after = shown(line.slice(from + length));
  const head = tailOf(before, widthOf(target), widthOf(after), space);
  const text = cut(head + target + after, space);
  const markWidth = Math.max(1, Math.min(widthOf(target), space - widthOf(head)));
  const empty = ' '.repeat(gutter.length - 2);
  return [
    colors.dim(gutter) + text,
    `${colors.dim(`${empty}│ `)}${' '.repeat(widthOf(head))}${colors.red(mark.repeat(markWidth))}`,
  ].join('\n');
}

/** Moves a deeply indented line to the left, such as the last of several statements on one line. */
function withoutDeepIndent(marked: Marked): Marked {
  const indent = marked.line.length - marked.line.trimStart().length;
  if (indent <= deepIndent || marked.column <= indent) return marked;
  return { ...marked, line: marked.line.slice(indent), column: marked.column - indent };
}

/** The end of the text before the mark, short enough to leave room for the mark and some text after it. */
function tailOf(before: string, marked: number, after: number, space: number): string {
  const total = widthOf(before) + marked + after;
  if (total <= space) return before;
  const room = Math.max(1, space - Math.min(marked, Math.floor(space / 2)) - Math.min(after, roomAfter, Math.floor(space / 4)));
  if (widthOf(before) <= room) return before;
  const kept: string[] = [];
  let width = 1;
  for (const cluster of clusters(before).reverse()) {
    width += widthOf(cluster);
    if (width > room) break;
    kept.push(cluster);
  }
  return `…${kept.reverse().join('')}`;
}
