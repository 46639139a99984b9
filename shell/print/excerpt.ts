// A line of the user's text with a mark under a place in it, cut around the place where the line is wider than the screen.

import type { Screen } from '../contract/screen';
import { cut, escapeControls, paint, widthOf } from './text';
import { clusters } from './width';

export interface Marked {
  /** The whole line, as it was written. */
  readonly line: string;
  /** Its number, as it is shown. */
  readonly number: number;
  /** One-based column at which the mark starts, in UTF-16 units, and how many units it covers. */
  readonly column: number;
  readonly length: number;
  /** What the mark is drawn with: `^` for a point, `~` for a stretch. */
  readonly mark: '^' | '~';
}

/** Columns that are kept free behind a mark, so that what follows it can be seen. */
const roomAfter = 12;
const deepIndent = 12;

const shown = (text: string) => escapeControls(text.replaceAll('\t', '  '));

/** Two lines: the text behind its number, and the mark. */
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

/** A line that stands far to the right, such as the last of several statements, is moved to the left. */
function withoutDeepIndent(marked: Marked): Marked {
  const indent = marked.line.length - marked.line.trimStart().length;
  if (indent <= deepIndent || marked.column <= indent) return marked;
  return { ...marked, line: marked.line.slice(indent), column: marked.column - indent };
}

/** As much of the end of the text before the mark as leaves room for the mark and some of what follows. */
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
