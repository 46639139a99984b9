// A recorded session as an SVG of a terminal, for readers with light and with dark pages.

/** Neighbouring characters of one style. */
interface Run {
  readonly text: string;
  /** Codes of its style, as the escape has them: `1;31`. */
  readonly style: string;
  readonly column: number;
}

const columns = 100;
const cell = { width: 8.4, height: 19 };
const margin = { side: 18, top: 50, bottom: 18 };

/** GitHub's own palettes: each colour is readable on its background. */
const palettes = {
  light: {
    page: '#ffffff',
    edge: '#d0d7de',
    bar: '#f6f8fa',
    text: '#1f2328',
    dim: '#59636e',
    colours: ['#cf222e', '#116329', '#7d4e00', '#0969da', '#8250df', '#1b7c83'],
  },
  dark: {
    page: '#0d1117',
    edge: '#30363d',
    bar: '#161b22',
    text: '#e6edf3',
    dim: '#9198a1',
    colours: ['#ff7b72', '#3fb950', '#d29922', '#79c0ff', '#d2a8ff', '#39c5cf'],
  },
} as const;

const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The rows of the screen: a line that is wider continues in the next row, as on a terminal. */
function rowsOf(painted: string): Run[][] {
  return painted.trimEnd().split('\n').flatMap(wrapped);
}

function wrapped(line: string): Run[][] {
  const rows: Run[][] = [[]];
  let style = '';
  let column = 0;
  for (const [piece] of line.matchAll(/\x1b\[[\d;]*m|[^\x1b]/gu)) {
    if (piece.startsWith('\x1b')) {
      style = piece.slice(2, -1).replace(/^0$/, '');
      continue;
    }
    if (column === columns) {
      rows.push([]);
      column = 0;
    }
    const row = rows[rows.length - 1];
    const last = row.at(-1);
    if (last?.style === style) row[row.length - 1] = { ...last, text: last.text + piece };
    else row.push({ text: piece, style, column });
    column++;
  }
  return rows;
}

const x = (column: number) => Number((margin.side + column * cell.width).toFixed(1));

/** Each run has its place and its width, so that columns stand below each other in any font. */
function drawnRun({ text, style, column }: Run, y: number): string {
  if (text.trim() === '') return '';
  const names = style
    .split(';')
    .filter(Boolean)
    .map((code) => `s${code}`);
  const styled = names.length > 0 ? ` class="${names.join(' ')}"` : '';
  const length = Number((text.length * cell.width).toFixed(1));
  return `<text x="${x(column)}" y="${y}" textLength="${length}"${styled}>${escapeXml(text)}</text>`;
}

function rules({ page, edge, bar, text, dim, colours }: (typeof palettes)['light' | 'dark']): string {
  const styles = colours.map((colour, at) => `.s${31 + at}{fill:${colour}}`).join('');
  return `.page{fill:${page};stroke:${edge}}.bar{fill:${bar};stroke:${edge}}text{fill:${text}}.s2,.title{fill:${dim}}${styles}`;
}

/** `painted` is the text of the terminal with its escapes, `title` what its window says. */
export function terminalSvg(painted: string, title: string, description: string): string {
  const rows = rowsOf(painted);
  const width = Math.ceil(margin.side * 2 + columns * cell.width);
  const height = margin.top + rows.length * cell.height + margin.bottom;
  const lines = rows.map((row, at) => row.map((run) => drawnRun(run, margin.top + (at + 0.75) * cell.height)).join(''));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escapeXml(description)}</title>
<style>
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono','DejaVu Sans Mono',monospace;white-space:pre}
.s1{font-weight:bold}
${rules(palettes.light)}
@media (prefers-color-scheme:dark){${rules(palettes.dark)}}
</style>
<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="9"/>
<path class="bar" d="M0.5 34.5V9.5a9 9 0 0 1 9-9H${width - 9.5}a9 9 0 0 1 9 9V34.5Z"/>
<text class="title" x="${width / 2}" y="22" text-anchor="middle">${escapeXml(title)}</text>
${lines.filter(Boolean).join('\n')}
</svg>
`;
}
