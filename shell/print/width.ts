// Measures and cuts text by terminal columns, and replaces characters that must not reach the terminal.
import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** Characters of one column that never join with others: ASCII, and the dots, rules and bars of tables and panes. */
const narrow = /^[\x20-\x7e\xb7\u2026\u2500-\u259f]*$/;
const sgr = /(\x1b\[[0-9;:]*m)/;
const everySgr = /\x1b\[[0-9;:]*m/g;

/** Control characters but newline and Tab, line and paragraph separators, marks of writing direction, the byte order mark. */
const unsafe = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** How a Tab in an entry is drawn; in the text it stays one character. */
const tabCell = '    ';

/** The user-perceived characters of a text. */
export function clusters(text: string): string[] {
  if (narrow.test(text)) return text.split('');
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

/** A control character in readable form: `^[` for escape, `\x9b` for a C1 character, `\u202e` for a mark of direction. */
function caret(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return '^' + String.fromCharCode(code + 0x40);
  if (code > 0xff) return '\\u' + code.toString(16).padStart(4, '0');
  return code === 0x7f ? '^?' : '\\x' + code.toString(16).padStart(2, '0');
}

/** How one cluster of an entry is drawn. */
export function cell(cluster: string): string {
  if (cluster === '\t') return tabCell;
  return cluster.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, caret);
}

/** The columns of a text that has no escapes but colours. */
export function widthOf(text: string): number {
  const plain = text.includes('\x1b') ? text.replace(everySgr, '') : text;
  // Measuring by clusters takes about 50 µs per line, and panes are measured ten times a second.
  return narrow.test(plain) ? plain.length : stringWidth(plain);
}

/** Cuts a line, which may hold colours, to a number of columns; a cut line ends with `…`. */
export function clip(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line;
  let shown = '';
  let width = 0;
  let coloured = false;
  for (const part of line.split(sgr)) {
    if (sgr.test(part)) {
      shown += part;
      coloured = true;
      continue;
    }
    for (const cluster of clusters(part)) {
      const next = widthOf(cluster);
      if (width + next > columns - 1) return shown + '…' + (coloured ? '\x1b[0m' : '');
      shown += cluster;
      width += next;
    }
  }
  return shown;
}

/**
 * Makes printed text safe for the screen: colours and newlines pass; other escapes, control characters and marks of direction are made
 * visible. Data can then neither move the cursor nor write into the line being typed.
 */
export function safeText(text: string): string {
  return text
    .replace(/\r\n/g, '\n')
    .split(sgr)
    .map((part) => (sgr.test(part) ? part : part.replace(unsafe, caret)))
    .join('');
}
