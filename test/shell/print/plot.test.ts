// Plots in characters: bars and lines with their axes at any width, what is drawn of which value, and what is refused.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { axisNumber, drawPlot, type Plot } from '../../../shell/print/plot';
import { widthOf } from '../../../shell/print/safe-text';
import { plotArgument } from '../../../shell/repl/commands/arguments';
import { plotData } from '../../../shell/session/tables/plot-data';
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

/** Pairs with texts as keys, what is drawn of them, and their labels in order. */
const timed: readonly (readonly [what: string, keys: readonly string[], labels: readonly string[]])[] = [
  ['months of a year', ['2024-10', '2024-02', '2023-12'], ['2023-12', '2024-02', '2024-10']],
  ['years', ['2014', '1999'], ['1999', '2014']],
  ['hours', ['10:00', '9:30', '09:00:30'], ['09:00:30', '9:30', '10:00']],
  ['names of months', ['Mar', 'january', 'Feb'], ['january', 'Feb', 'Mar']],
  ['days of the week', ['Sun', 'Monday', 'wed'], ['Monday', 'wed', 'Sun']],
  ['weeks and quarters', ['2024-W10', '2024-W09'], ['2024-W09', '2024-W10']],
  ['times of a web server', ['02/Feb/2024:10', '10/Jan/2024:09'], ['10/Jan/2024:09', '02/Feb/2024:10']],
  ['dates with times and zones', ['2024-01-01T01:00+02:00', '2023-12-31 22:30'], ['2023-12-31 22:30', '2024-01-01T01:00+02:00']],
  ['what is no time', ['b', 'a', 'Mark'], ['b', 'a', 'Mark']],
];
for (const [what, keys, labels] of timed) {
  test(`bars of texts: ${what}`, async () => {
    const rows = keys.map((key, index) => [key, index + 1] as [string, number]);
    const { plot } = await plotData(rows);
    assert.equal(plot.kind === 'bars' && plot.bars.map(({ label }) => label), labels);
    if (what === 'what is no time') return;
    const { plot: ofDataset } = await plotData(session.sc.parallelize(rows, 2));
    assert.equal(ofDataset, plot);
  });
}

test('more dates than bars are a line by time; other texts keep the largest', async () => {
  const day = (index: number) => new Date(Date.UTC(2024, 0, 1 + index)).toISOString().slice(0, 10);
  const rows = Array.from({ length: 40 }, (_, index) => [day((index * 7) % 40), index] as [string, number]);
  for (const value of [rows, new Map(rows), session.sc.parallelize(rows, 3)]) {
    const { plot, title } = await plotData(value);
    assert.is(title, 'line of 40 points');
    assert.ok(plot.kind === 'line' && plot.times && plot.points[0][0] === Date.UTC(2024, 0, 1));
  }
});

test('points are not joined, and a large scatter plot has a point for each part of the plane that has one', async () => {
  const few = await plotData(
    [
      [1, 1],
      [9, 9],
    ] as [number, number][],
    { scatter: true },
  );
  assert.is(few.title, 'scatter plot of 2 points');
  assert.is(
    drawPlot(few.plot, 40)
      .join('')
      .match(/[\u2801-\u28ff]/g)?.length,
    2,
  );
  const many = session.sc.range(0, 20_000, 1, 3).map((i) => [i % 100, i % 7] as [number, number]);
  const { plot, title } = await plotData(many, { scatter: true });
  assert.is(title, 'scatter plot of 20 000 points');
  assert.ok(plot.kind === 'scatter' && plot.points.length === 700, `${plot.kind === 'scatter' && plot.points.length}`);
});

test('a log axis counts in powers of ten, leaves out what is not above zero, and labels with values', async () => {
  const rows = [
    [1, 1],
    [2, 100],
    [3, 10_000],
    [4, 0],
  ] as [number, number][];
  const { plot, title } = await plotData(rows, { log: { x: false, y: true } });
  assert.is(title, 'line of 4 points, log y axis, without 1 that is not above 0');
  const lines = drawPlot(plot, 40);
  assert.match(lines[0], /^ 10000 ┤/);
  assert.match(lines[6], /^ +100 ┤/);
  assert.match(lines[11], /^ +1 ┤/);
  const both = await plotData(
    rows.slice(0, 3).map(([x, y]) => [y, x]),
    { log: { x: true, y: true } },
  );
  assert.match(drawPlot(both.plot, 60).at(-1)!, /^ +1 +100 +10000$/);
  const { plot: bars } = await plotData(
    [
      ['a', 1000],
      ['b', 10],
      ['c', 0],
    ],
    { log: { x: false, y: true } },
  );
  const lengths = drawPlot(bars, 60).map((line) => line.match(/[█▏▎▍▌▋▊▉]/g)?.length ?? 0);
  assert.ok(lengths[0] > 2.5 * lengths[1] && lengths[1] > 0 && lengths[2] === 0, String(lengths));
  await errorOf('BAD_ARGUMENT', () => plotData([[1, -1]], { log: { x: false, y: true } }));
});

test('the options of .plot stand after its expression; others are refused', async () => {
  const plain = { scatter: false, log: '', columns: {}, to: undefined, overwrites: false };
  assert.equal(plotArgument('xs.map(x => x) --log --scatter'), {
    ...plain,
    expression: 'xs.map(x => x)',
    scatter: true,
    log: 'y',
  });
  assert.equal(plotArgument('xs --log=xy'), { ...plain, expression: 'xs', log: 'xy' });
  assert.equal(plotArgument('xs x=hour y="n of all" --to "a b.svg" --force'), {
    ...plain,
    expression: 'xs',
    columns: { x: 'hour', y: 'n of all' },
    to: 'a b.svg',
    overwrites: true,
  });
  assert.equal(plotArgument("f('a --b')").expression, "f('a --b')");
  await errorOf('BAD_ARGUMENT', async () => plotArgument('xs --line'));
  await errorOf('BAD_ARGUMENT', async () => plotArgument('--log'));
});

test.run();
