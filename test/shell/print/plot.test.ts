// Plots in characters: bars and lines with their axes at any width, what is drawn of which value, and what is refused.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { axisNumber, drawPlot, type Plot } from '../../../shell/print/plot';
import { widthOf } from '../../../shell/print/safe-text';
import { plotData } from '../../../shell/session/plot-data';
import { ErrorSession } from '../../helpers/error-session';
import { errorOf } from '../../helpers/errors';
import { clearScreen } from '../../helpers/hostile';

const test = suite('plots');
const session = new ErrorSession(test);

const bars = (...bars: [string, number][]): Plot => ({ kind: 'bars', bars: bars.map(([label, value]) => ({ label, value })) });

test('bars have the length of their values, in eighths, with label and value', () => {
  assert.equal(
    drawPlot(bars(['a', 8], ['bb', 4], ['c', 1], ['d', 0]), 16),
    [' a  │████████ 8', ' bb │████ 4', ' c  │█ 1', ' d  │ 0'].map((line) =>
      line.replace('████████', '█'.repeat(9)).replace('│████ ', '│████▌ ').replace('│█ 1', '│█▏ 1'),
    ),
  );
});

test('negative bars go to the left of zero', () => {
  const [up, down] = drawPlot(bars(['up', 10], ['down', -10]), 30);
  assert.match(up, /│ {9,10}█+/);
  assert.match(down, /│█{9,10} -10$/);
});

test('a line has its range on the axes; a flat one and a single point are drawn too', () => {
  const lines = drawPlot(
    {
      kind: 'line',
      times: false,
      points: [
        [0, 0],
        [1, 1],
        [2, 4],
      ],
    },
    40,
  );
  assert.match(lines[0], /^ 4 ┤/);
  assert.match(lines[11], /^ 0 ┤/);
  assert.match(lines.at(-1)!, /^ +0 +1 +2$/);
  for (const points of [
    [[1, 5]],
    [
      [1, 5],
      [2, 5],
    ],
  ] as [number, number][][]) {
    assert.match(drawPlot({ kind: 'line', times: false, points }, 40).join('\n'), /[\u2801-\u28ff]/);
  }
});

test('times are labelled by what tells within their span', () => {
  const start = Date.UTC(2024, 0, 1);
  const axis = (span: number) =>
    drawPlot(
      {
        kind: 'line',
        times: true,
        points: [
          [start, 1],
          [start + span, 2],
        ],
      },
      60,
    ).at(-1)!;
  assert.match(axis(60_000), /00:00:00 .*00:01:00$/);
  assert.match(axis(86_400_000), /01-01 00:00 .*01-02 00:00$/);
  assert.match(axis(30 * 86_400_000), /2024-01-01 .*2024-01-31$/);
});

test('no plot is wider than its terminal, whatever the labels', () => {
  const label = `漢字${clearScreen}${'x'.repeat(300)}`;
  const points = Array.from({ length: 50 }, (_, index) => [index * 1e9, Math.sin(index) * 1e-9] as const);
  const plots: Plot[] = [bars([label, 1e300], ['b', -1], ['c', Number.NaN]), { kind: 'line', times: false, points }];
  for (const plot of plots) {
    for (let columns = 8; columns < 120; columns += 3) {
      for (const line of drawPlot(plot, columns)) {
        assert.ok(widthOf(line) <= columns, `${columns}: ${line}`);
        assert.not.match(line, /\x1b/);
      }
    }
  }
});

test('axis numbers are short', () => {
  assert.equal([0, 1204, -3, 0.1 + 0.2, 1e9, 12345.678, 1e-9].map(axisNumber), [
    '0',
    '1204',
    '-3',
    '0.3',
    '1e+9',
    '12350',
    '1e-9',
  ]);
});

test('numbers of a dataset are a histogram of all of them, counted by jobs', async () => {
  const { plot, title } = await plotData(session.sc.range(0, 1000, 1, 4));
  assert.is(title, 'histogram of 1 000 numbers');
  if (plot.kind !== 'bars') throw new Error(plot.kind);
  assert.is(plot.bars.length, 20);
  assert.is(
    plot.bars.reduce((sum, { value }) => sum + value, 0),
    1000,
  );
  const one = await plotData(session.sc.parallelize([7, 7, Number.NaN, Number.POSITIVE_INFINITY]));
  assert.is(one.title, 'histogram of 2 numbers');
});

test('pairs of a dataset are its largest, named by their keys', async () => {
  const { plot, title } = await plotData(session.sc.range(0, 100, 1, 4).map((x) => [`k${x}`, x * x]));
  assert.is(title, 'the 20 largest of 100 rows');
  if (plot.kind !== 'bars') throw new Error(plot.kind);
  assert.equal(plot.bars[0], { label: 'k99', value: 9801 });
});

test('a large line is averaged by a job and keeps its shape', async () => {
  const { plot, title } = await plotData(session.sc.range(0, 20_000, 1, 4).map((x) => [x, 2 * x]));
  assert.match(title, /^line of 20 000 points, averaged in 400 parts$/);
  if (plot.kind !== 'line') throw new Error(plot.kind);
  for (const [x, y] of plot.points) assert.ok(Math.abs(y - 2 * x) < 60, `${x} ${y}`);
});

test('arrays, maps, objects of numbers and histograms are drawn; dates make a time axis', async () => {
  assert.match((await plotData([3, 1, 2])).title, /line of 3 numbers by index/);
  assert.is((await plotData(new Map([['a', 1]]))).plot.kind, 'bars');
  assert.is((await plotData({ a: 1, b: 2n })).plot.kind, 'bars');
  assert.is((await plotData({ edges: [0, 1, 2], counts: [5, 6] })).plot.kind, 'bars');
  const { plot } = await plotData(
    session.sc.parallelize([
      [new Date(2000), 2],
      [new Date(1000), 1],
    ] as [Date, number][]),
  );
  assert.equal(plot, {
    kind: 'line',
    times: true,
    points: [
      [1000, 1],
      [2000, 2],
    ],
  });
});

for (const [name, value] of [
  ['texts', ['a']],
  ['nothing', []],
  ['null', null],
  ['a proxy', new Proxy([], {})],
  ['records', [{ a: 1 }]],
] as const) {
  test(`${name} cannot be drawn`, async () => {
    assert.match((await errorOf('BAD_ARGUMENT', () => plotData(value))).remedy, /\.plot/);
  });
}

test('an empty dataset and one of texts cannot be drawn', async () => {
  await errorOf('BAD_ARGUMENT', () => plotData(session.sc.emptyRDD()));
  assert.match((await errorOf('BAD_ARGUMENT', () => plotData(session.sc.parallelize(['a'])))).message, /the first row is "a"/);
});

test.run();
