// `.plot … --to chart.html|svg|png`: what is drawn as a file that a browser opens, whole or not at all.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { MillraceError } from '../../../runtime';
import { asError } from '../../../runtime/base/errors';
import { bytesText } from '../../../runtime/base/units';
import { packageRoot } from '../../base/package-root';
import { replaceable } from '../../base/replaceable';
import { refuseExisting, WholeFile } from '../../base/whole-file';
import type * as library from '../../print/chart-library';
import type { Plot } from '../../print/plot';
import { escapeControls } from '../../print/safe-text';
import type { PlotColumns } from './plot-columns';

const width = 960;
const height = 540;
/** Bars of a chart with more are lower. */
const barHeight = 24;
/** Pixels of a PNG for one of the chart. */
const pngScale = 2;

export interface Chart {
  readonly plot: Plot;
  readonly title: string;
  readonly columns: PlotColumns;
}

const endings = ['.html', '.svg', '.png'];

const bundle = () => path.join(packageRoot(), 'dist', 'chart.js');

/** The bytes of a chart by the ending of its file. Throws BAD_ARGUMENT for another one, or where a PNG needs what is not installed. */
async function chartBytes(chart: Chart, file: string): Promise<Buffer> {
  const ending = path.extname(file).toLowerCase();
  if (!endings.includes(ending))
    throw new MillraceError('BAD_ARGUMENT', {
      operation: '.plot',
      argument: 'the ending of the file',
      value: ending || 'missing',
      rule: `one of ${endings.join(', ')}`,
      remedy: 'For example: .plot counts --to counts.html',
    });
  if (ending === '.html') return Buffer.from(await page(chart.title, optionOf(chart)));
  const svg = svgOfChart(chart);
  return ending === '.svg' ? Buffer.from(svg) : png(svg);
}

/** A chart as a text of SVG. */
export function svgOfChart(chart: Chart): string {
  return (require(bundle()) as typeof library).svgOf(optionOf(chart), width, heightOf(chart.plot));
}

/** Writes a chart to a file, which appears whole or not at all. Answers what was written. */
export async function saveChart(chart: Chart, named: string, shown: string, overwrites: boolean): Promise<string> {
  const file = await replaceable(named, shown);
  if (!overwrites) await refuseExisting('.plot', file, shown);
  const target = new WholeFile('.plot', file, shown);
  const bytes = await chartBytes(chart, named);
  try {
    await target.open();
    await target.write(bytes);
    await target.finish(overwrites);
  } catch (error) {
    await target.giveUp();
    throw error;
  }
  return `${chart.title}, ${bytesText(bytes.length)} written to ${escapeControls(shown)}`;
}

const heightOf = (plot: Plot): number => (plot.kind === 'bars' ? Math.max(height, 120 + plot.bars.length * barHeight) : height);

/** What the library draws: plain data. */
function optionOf({ plot, title, columns: { x = '', y = '' } }: Chart): Record<string, unknown> {
  const shared = {
    backgroundColor: '#ffffff',
    title: { text: title, left: 'center', textStyle: { fontSize: 15 } },
    grid: { left: 16, right: 32, top: 56, bottom: 40, containLabel: true },
    tooltip: { trigger: plot.kind === 'scatter' ? 'item' : 'axis' },
  };
  if (plot.kind === 'bars')
    return {
      ...shared,
      xAxis: { type: plot.log ? 'log' : 'value', name: y, nameLocation: 'middle', nameGap: 28 },
      yAxis: { type: 'category', inverse: true, name: x, nameLocation: 'start', data: plot.bars.map(({ label }) => label) },
      series: [{ type: 'bar', data: plot.bars.map(({ value }) => value) }],
    };
  const { kind, points, times, log } = plot;
  return {
    ...shared,
    xAxis: { type: times ? 'time' : log?.x ? 'log' : 'value', name: x, nameLocation: 'middle', nameGap: 28, scale: true },
    yAxis: { type: log?.y ? 'log' : 'value', name: y, scale: true },
    dataZoom: [{ type: 'inside' }],
    series: [{ type: kind, data: points, showSymbol: false, symbolSize: 5 }],
  };
}

const escaped = (text: string): string => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!);

/** A page that needs nothing from elsewhere: the library is in it. */
async function page(title: string, option: object): Promise<string> {
  const script = (await readFile(bundle(), 'utf8')).replaceAll('</script', '<\\/script');
  const data = JSON.stringify({ ...option, toolbox: { feature: { saveAsImage: {} } } }).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>
<style>html, body { height: 100%; margin: 0; } #chart { height: 100%; min-height: 320px; }</style></head>
<body><div id="chart"></div>
<script>${script}</script>
<script>millraceChart.draw(document.getElementById('chart'), ${data}, window);</script></body></html>
`;
}

interface Resvg {
  readonly Resvg: new (svg: string, options: object) => { render(): { asPng(): Buffer } };
}

function png(svg: string): Buffer {
  let resvg: Resvg;
  try {
    resvg = createRequire(path.join(process.cwd(), 'chart.js'))('@resvg/resvg-js');
  } catch {
    try {
      resvg = require('@resvg/resvg-js');
    } catch (e) {
      throw new MillraceError('BAD_ARGUMENT', {
        operation: '.plot',
        argument: 'a PNG',
        value: asError(e).message.split('\n')[0],
        rule: 'drawn by @resvg/resvg-js',
        remedy: 'Install it (npm install @resvg/resvg-js), or write .svg or .html.',
      });
    }
  }
  return new resvg.Resvg(svg, { fitTo: { mode: 'zoom', value: pngScale }, font: { loadSystemFonts: true } }).render().asPng();
}
