// Makes text safe and fit for the screen: escapes control characters, cuts by columns, pads, colours.
import { Chalk, type ChalkInstance } from 'chalk';
import { clusters, widthOf } from './width';

export { widthOf };

/** Longest cluster shown whole, in UTF-16 units: a family emoji has 11, a flag 14; piled combining marks have no limit. */
const maxClusterUnits = 16;

/** Control characters, line and paragraph separators, direction marks, the byte order mark, lone surrogates. */
const unsafe =
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const shortEscapes: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
};

function escapeOne(character: string): string {
  const short = shortEscapes[character];
  if (short) return short;
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Replaces everything that a terminal would obey, newlines and tabs too, with JavaScript escapes. */
export function escapeControls(text: string): string {
  return text.replace(unsafe, escapeOne);
}

/** The same for text of several lines: newlines stay, tabs become two spaces. */
export function escapeLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => escapeControls(line.replaceAll('\t', '  ')))
    .join('\n');
}

/** A string as a JavaScript literal in double quotes. */
export function quote(text: string): string {
  return `"${escapeControls(text.replace(/["\\]/g, '\\$&'))}"`;
}

/** Cuts a text without colours to `columns`; a cut text ends with `…`. */
export function cut(text: string, columns: number): string {
  if (columns <= 0) return '';
  // Only the start is measured; the bound is needed because combining marks have no width.
  const bounded = text.length > columns * maxClusterUnits ? text.slice(0, columns * maxClusterUnits) : text;
  let shown = '';
  let width = 0;
  // The longest start that leaves room for the ellipsis.
  let shortened = '';
  for (const cluster of clusters(bounded)) {
    const piece = cluster.slice(0, maxClusterUnits);
    width += widthOf(piece);
    if (width > columns) return `${shortened}…`;
    shown += piece;
    if (width < columns) shortened = shown;
  }
  if (bounded.length === text.length) return shown;
  return `${shortened}…`;
}

/** Pads with spaces to `columns`, on the left if `right`. */
export function pad(text: string, columns: number, right = false): string {
  const spaces = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return right ? spaces + text : text + spaces;
}

/** A whole number with separated thousands: `1 204`. */
export function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** A count with its noun: `1 row`, `1 204 rows`. */
export function counted(count: number, noun: string): string {
  return `${grouped(String(count))} ${noun}${count === 1 ? '' : 's'}`;
}

const coloured = new Chalk({ level: 1 });
const plain = new Chalk({ level: 0 });

/** The colours of a screen; without colour each returns its text unchanged. */
export function paint(color: boolean): ChalkInstance {
  return color ? coloured : plain;
}
