// Live panes as text: what fits, what gives way, and that nothing of a row reaches the terminal as it is.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PaneUpdate } from '../../../runtime/index';
import type { PaneModel } from '../../../shell/contract/pane';
import { nextTrend, paneModel } from '../../../shell/print/pane-model';
import { widthOf } from '../../../shell/print/width';
import { PaneBoard, paneLines } from '../../../shell/terminal/live-panes';

function update(rows: readonly unknown[], more: Partial<PaneUpdate> = {}): PaneUpdate {
  const batch = {
    time: 5000,
    inputs: [],
    records: 1200,
    submittedAt: 5000,
    startedAt: 5003,
    endedAt: undefined,
    schedulingDelay: 3,
    processingTime: undefined,
    totalDelay: undefined,
    outputs: [],
  };
  const shape = { stream: 'counts', time: 5000, more: false, total: rows.length, waiting: 0, records: 1200, interval: 1000 };
  return { ...shape, rows, batch, tookMs: 45, delayMs: 48, options: {}, ...more };
}

const model = (rows: readonly unknown[], more: Partial<PaneUpdate> = {}): PaneModel =>
  paneModel(update(rows, more), '12:00:05', [1, 2, 3, 4, 8]);

const words = [
  ['spark', 1204],
  ['stream', 602],
  ['a', 1],
];

test('a pane has a title, what it does, and rows with bars', () => {
  assert.equal(paneLines(model(words), 60, 20, false), [
    `── counts ${'─'.repeat(38)} 12:00:05 ──`,
    ' 3 rows · 1.2 k/s · took 45 ms · delay 3 ms  ▂▃▄▅█',
    ' "spark"   1204  ██████████████████████████████',
    ' "stream"   602  ███████████████',
    ' "a"          1  ▏',
  ]);
});

test('objects are columns under their names, with bars of the last amounts', () => {
  const rows = [
    { page: '/a', hits: 12_000, at: 1_760_000_000_000, userId: 5 },
    { page: '/b', hits: 6_000, userId: 12 },
  ];
  const [, , ...lines] = paneLines(model(rows.map(({ at: _, ...row }) => row)), 60, 20, false);
  assert.equal(lines, [
    ' page    hits  userId',
    ' "/a"  12 000       5  ██████████████████████████████',
    ' "/b"   6 000      12  ███████████████',
  ]);
  const cut = paneLines(model(rows), 60, 4, false);
  assert.equal(cut.length, 4);
  assert.match(cut[3], /… 2 more|\/a/);
});

test('a stream that is behind says so first', () => {
  const [, facts] = paneLines(model(words, { waiting: 3, delayMs: 4200 }), 80, 20, false);
  assert.match(facts, /^ behind by 4\.2 s, 3 batches wait · 3 rows/);
});

test('a pane whose window is not full yet says until when', () => {
  const [, facts] = paneLines(model(words, { fullFrom: 9000 }), 80, 20, false);
  assert.match(facts, /^ window not full yet, until \d\d:\d\d:09 · 3 rows/);
});

test('rows that are no pairs show as they are, numbers have bars, and empty batches say so', () => {
  assert.match(paneLines(model([5, 10]), 40, 9, false).join('\n'), /\n {2}5 {2}█+\n 10 {2}█+$/);
  assert.match(paneLines(model([{ a: 1 }, 'x']), 40, 9, false).join('\n'), /\n \{ a: 1 \}\n "x"$/);
  assert.match(paneLines(model([]), 40, 9, false).join('\n'), /\n no rows$/);
  assert.match(
    paneLines(
      model([
        ['a', -3],
        ['b', Number.NaN],
        ['c', Number.POSITIVE_INFINITY],
      ]),
      40,
      9,
      false,
    ).join('\n'),
    /"a" +-3\n/,
  );
});

test('nothing is wider than the terminal, or taller than the room, whatever they are', () => {
  const wide = [
    ['日本語'.repeat(40), 12345678],
    ['👩‍👩‍👧', 3],
    ['x'.repeat(500), 0.5],
  ];
  for (const rows of [words, wide, [1, 2], []]) {
    for (const columns of [1, 2, 3, 5, 8, 11, 14, 17, 20, 25, 40, 80, 130]) {
      for (const height of [0, 1, 2, 3, 4, 20]) {
        const lines = paneLines(model(rows, { total: 50 }), columns, height, true);
        assert.ok(lines.length <= height, `${lines.length} lines for ${height}`);
        for (const line of lines) {
          const plain = line.replace(/\x1b\[\d+m/g, '');
          assert.ok(widthOf(plain) <= columns, `${columns}: ${JSON.stringify(line)}`);
        }
      }
    }
  }
});

test('hostile values never reach the terminal as they are', () => {
  const hostile = '\x1b[2J\x1b]0;owned\x07\x9b31m\r\n\u202e\u2028';
  const text = JSON.stringify(
    model(
      [
        [hostile, 1],
        [{ [hostile]: hostile }, 2],
        [hostile, hostile],
      ],
      { stream: hostile },
    ),
  );
  for (const character of ['\\u001b', '\\u0007', '\\r', '\x9b', '\u202e', '\u2028'])
    assert.not.ok(text.replaceAll('\\\\r', '').includes(character), character);
});

test('several panes share the height; small ones get all they need', () => {
  const board = new PaneBoard(() => false);
  const long = Array.from({ length: 30 }, (_, i) => [`w${i}`, i]);
  board.update(1, model(long));
  board.update(2, model(words));
  board.update(3, model(long));
  const lines = board.render(80, 21);
  assert.is(lines.length, 21);
  assert.equal(
    lines.flatMap((line, index) => (line.startsWith('── counts') ? [index] : [])),
    [0, 8, 13],
  );
  assert.match(lines[7], /… \d+ more$/);
  assert.is(board.render(80, 2).length <= 2, true);
  assert.is(board.render(80, 0).length, 0);
  const snapshot = board.close(2, 80);
  assert.is(snapshot.split('\n').length, 6, 'the last state of one pane');
  assert.is(board.close(2, 80), '', 'once');
  board.closeAll(80);
  assert.is(board.isEmpty, true);
});

test('the trend holds the last sixty batches', () => {
  let trend: number[] = [];
  for (let i = 0; i < 70; i++) trend = nextTrend(trend, update([], { records: i }));
  assert.equal([trend.length, trend[0], trend.at(-1)], [60, 10, 69]);
  assert.equal(nextTrend([], update([], { records: undefined, total: 7 })), [7], 'rows where the source does not know');
});

test.run();
