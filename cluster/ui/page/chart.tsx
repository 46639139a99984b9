// A chart over time, drawn by uPlot, with its last and greatest value as text for readers who cannot see it.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { timeOfDay } from './format';

interface ChartProps {
  readonly title: string;
  readonly unit?: string;
  /** Seconds since the epoch. */
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** A line under which the values should stay. */
  readonly limit?: { readonly value: number; readonly name: string };
  readonly show: (value: number) => string;
}

const height = 130;

const color = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

type Shown = Pick<ChartProps, 'limit' | 'show'>;

function optionsOf({ limit, show }: Shown, width: number): uPlot.Options {
  const axis = {
    stroke: color('--muted'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  };
  const line = { stroke: color('--accent'), fill: color('--accent-soft'), width: 1.5, points: { show: false } };
  const limitLine = { stroke: color('--warn'), width: 1, dash: [4, 4], points: { show: false } };
  const top = (most: number) => Math.max(most, limit?.value ?? 0) * 1.1 || 1;
  return {
    width,
    height,
    series: limit ? [{}, line, limitLine] : [{}, line],
    axes: [
      { ...axis, values: (_, times) => times.map((seconds) => timeOfDay(seconds * 1000)), space: 80, size: 26 },
      { ...axis, values: (_, values) => values.map((value) => show(value)), size: 62, space: 34 },
    ],
    scales: { y: { range: (_, __, most) => [0, top(most)] } },
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 30, 0, 0],
  };
}

const dataOf = ({ times, values, limit }: Pick<ChartProps, 'times' | 'values' | 'limit'>): uPlot.AlignedData =>
  limit ? [[...times], [...values], times.map(() => limit.value)] : [[...times], [...values]];

export function Chart(props: ChartProps) {
  const { title, unit, values, limit, show } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const element = place.current!;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(latest.current, element.clientWidth), dataOf(latest.current), element);
    };
    draw();
    const sizes = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    sizes.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    return () => {
      sizes.disconnect();
      scheme.removeEventListener('change', draw);
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(dataOf(props)));
  const last = values.at(-1) ?? 0;
  const text = (value: number) => (unit === undefined ? show(value) : `${show(value)} ${unit}`);
  const line = limit ? `, the ${limit.name} is ${text(limit.value)}` : '';
  const summary = `now ${text(last)}, at most ${text(Math.max(...values))}${line}`;
  return (
    <figure class="chart">
      <figcaption>
        <strong>{title}</strong> <span class="muted">{summary}</span>
      </figcaption>
      <div ref={place} role="img" aria-label={`${title} over the last ${values.length} batches: ${summary}`} />
    </figure>
  );
}
