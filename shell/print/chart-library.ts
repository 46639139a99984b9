// The chart library for `.plot --to`: a bundle of its own, which the session loads when asked, and which a page of a chart carries with it.
import { BarChart, LineChart, ScatterChart } from 'echarts/charts';
import { DataZoomComponent, GridComponent, TitleComponent, ToolboxComponent, TooltipComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { CanvasRenderer, SVGRenderer } from 'echarts/renderers';

use([
  BarChart,
  LineChart,
  ScatterChart,
  DataZoomComponent,
  GridComponent,
  TitleComponent,
  ToolboxComponent,
  TooltipComponent,
  CanvasRenderer,
  SVGRenderer,
]);

/** A chart as a text of SVG, without a browser. */
export function svgOf(option: EChartsCoreOption, width: number, height: number): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ ...option, animation: false });
  const text = chart.renderToSVGString();
  chart.dispose();
  return text;
}

interface Page {
  addEventListener(event: 'resize', listener: () => void): void;
}

type Element = Parameters<typeof init>[0];

/** Draws a chart in an element of a page, and again when the window changes its size. */
export function draw(element: Element, option: EChartsCoreOption, page: Page): void {
  const chart = init(element);
  chart.setOption(option);
  page.addEventListener('resize', () => chart.resize());
}
