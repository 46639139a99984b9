// The marks with which the shell draws (lines, bars, dots, arrows), for terminals whose locale is not UTF-8: one ASCII sign for each.

const signs: Readonly<Record<string, string>> = {
  '│': '|',
  '─': '-',
  '┼': '+',
  '…': '~',
  '→': '>',
  '←': '<',
  '↑': '^',
  '↓': 'v',
  '·': '.',
  '•': '*',
  '×': 'x',
  '≥': '>',
  '≤': '<',
  '█': '#',
  '▉': '#',
  '▊': '#',
  '▋': '#',
  '▌': '#',
  '▍': ' ',
  '▎': ' ',
  '▏': ' ',
  '▁': '_',
  '▂': '.',
  '▃': ':',
  '▄': '-',
  '▅': '=',
  '▆': '+',
  '▇': '*',
  '\u2800': ' ',
};

/** Arrows, lines, blocks and dots of braille; `…`, `·` and signs of comparison. */
const marks = /[…·•×≥≤←-↓\u2500-\u259f\u2800-\u28ff]/g;

/** What has no sign of its own: corners of lines, parts of blocks, dots. */
const otherSign = (mark: string): string => (mark < '\u2580' ? '+' : mark < '\u25a0' ? '#' : '*');

/** As POSIX decides. Where nothing is set at all, as in containers, terminals show UTF-8 nevertheless. */
export function showsUtf8({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return locale === '' || /utf-?8/i.test(locale);
}

/** A text of the same width whose marks are ASCII. Letters of the user's data stay. */
export const asciiMarks = (text: string): string => text.replace(marks, (mark) => signs[mark] ?? otherSign(mark));

/** A text of the shell as this process may write it. */
export const shownMarks: (text: string) => string = showsUtf8(process.env) ? (text) => text : asciiMarks;
