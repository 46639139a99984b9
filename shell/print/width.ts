// How wide text is on a terminal, cluster by cluster, and how what cannot be shown raw is shown instead.
import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** Characters of one column that never join with others: ASCII, and the dots, rules and bars that tables and panes are drawn with. */
const narrow = /^[\x20-\x7e\xb7\u2026\u2500-\u259f]*$/;
const sgr = /(\x1b\[[0-9;:]*m)/;
const everySgr = /\x1b\[[0-9;:]*m/g;

/** What a Tab in an entry looks like; it stays one character of the text. */
const tabCell = '    ';

/** The user-perceived characters of a text. */
export function clusters(text: string): string[] {
  if (narrow.test(text)) return text.split('');
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

/** A control character as a person writes it: `^[` for escape, `\x9b` for one of the second set. */
function caret(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return '^' + String.fromCharCode(code + 0x40);
  return code === 0x7f ? '^?' : '\\x' + code.toString(16).padStart(2, '0');
}

/** How one cluster of an entry is drawn. */
export function cell(cluster: string): string {
  if (cluster === '\t') return tabCell;
  return cluster.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, caret);
}

/** Columns that a text without escapes, or with colours only, takes. */
export function widthOf(text: string): number {
  const plain = text.includes('\x1b') ? text.replace(everySgr, '') : text;
  // Measuring by clusters takes some 50 µs a line: panes are measured ten times a second.
  return narrow.test(plain) ? plain.length : stringWidth(plain);
}

/** Cuts a line (which may hold colours) to a number of columns, with `…` in the last one when something was cut. */
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
 * Makes printed text safe for the screen: colours and newlines pass, every other escape or control character is shown and not obeyed,
 * so that data can neither move the cursor nor write into the line being typed.
 */
export function safeText(text: string): string {
  return text
    .replace(/\r\n/g, '\n')
    .split(sgr)
    .map((part) => (sgr.test(part) ? part : part.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, caret)))
    .join('');
}
