// The measured ratios against Apache Spark as an SVG chart: one bar per work, for light and dark pages.

export interface Comparison {
  /** Of the measurement, YYYY-MM-DD. */
  readonly date: string;
  readonly works: readonly { readonly work: string; readonly title: string; readonly spark: number; readonly millrace: number }[];
}

const row = 30;
const left = 250;
/** Where the longest bar ends. */
const right = 590;
const width = 840;
const top = 52;

const rules = (text: string, dim: string, bar: string, grid: string) =>
  `text{fill:${text}}.dim{fill:${dim}}.bar{fill:${bar}}line{stroke:${grid}}`;

/** Seconds of Spark divided by seconds of Millrace: above 1 Millrace is faster. */
export const ratioOf = ({ spark, millrace }: { readonly spark: number; readonly millrace: number }): string =>
  (spark / millrace).toFixed(2);

export function chartSvg({ date, works }: Comparison): string {
  const sorted = [...works].sort((a, b) => b.spark / b.millrace - a.spark / a.millrace);
  const scale = (right - left) / Number(ratioOf(sorted[0]));
  const x = (ratio: number) => Number((left + ratio * scale).toFixed(1));
  const height = top + sorted.length * row + 34;
  const bars = sorted.map((measured, at) => {
    const y = top + at * row;
    const ratio = ratioOf(measured);
    return [
      `<text x="${left - 12}" y="${y + 17}" text-anchor="end">${measured.title}</text>`,
      `<rect class="bar" x="${left}" y="${y + 4}" width="${(x(Number(ratio)) - left).toFixed(1)}" height="18" rx="2"/>`,
      `<text x="${x(Number(ratio)) + 8}" y="${y + 17}" class="bold">${ratio} ×</text>`,
      `<text x="${x(Number(ratio)) + 82}" y="${y + 17}" class="dim">${measured.millrace} s, Spark ${measured.spark} s</text>`,
    ].join('');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>How many times as fast as Apache Spark: ${sorted.map((m) => `${m.title} ${ratioOf(m)}`).join(', ')}</title>
<style>
text{font:14px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif}.bold{font-weight:600}
${rules('#1f2328', '#59636e', '#0969da', '#8c959f')}
@media (prefers-color-scheme:dark){${rules('#e6edf3', '#9198a1', '#4493f8', '#6e7681')}}
</style>
<text x="${left}" y="22" class="bold">Times as fast as Apache Spark on the same machine, two cores</text>
${bars.join('\n')}
<line x1="${x(1)}" y1="${top - 8}" x2="${x(1)}" y2="${height - 30}" stroke-dasharray="3 3"/>
<text x="${x(1)}" y="${top - 12}" text-anchor="middle" class="dim">Spark</text>
<text x="${left}" y="${height - 10}" class="dim">Measured on ${date}; both gave the same results.</text>
</svg>
`;
}
