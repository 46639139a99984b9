// The progress line: what it says, and what it leaves out where the terminal is narrow.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { progressLine } from '../../../shell/print/progress';
import { widthOf } from '../../../shell/print/safe-text';

const job = { stage: 2, stages: 3, done: 41, total: 80, running: 2, records: 15_000_000, seconds: 12.5 };

test('a wide terminal shows everything', () => {
  assert.is(progressLine(job, 100), '[stage 2/3 ██████████░░░░░░░░░░ 41/80 · 2 running · 1.2 M rows/s · 12 s left]');
});

const narrowing: readonly (readonly [columns: number, shown: string])[] = [
  [64, '[stage 2/3 ███░░░ 41/80 · 2 running · 1.2 M rows/s · 12 s left]'],
  [60, '[stage 2/3 ██████░░░░░░░ 41/80 · 2 running · 1.2 M rows/s]'],
  [40, '[stage 2/3 ████░░░░░░ 41/80 · 2 running]'],
  [30, '[stage 2/3 █████░░░░░░ 41/80]'],
  [20, '[stage 2/3 41/80]'],
  [10, '[41/80]'],
  [5, '41/80'],
  [4, ''],
];

for (const [columns, shown] of narrowing) {
  test(`${columns} columns`, () => {
    const line = progressLine(job, columns);
    assert.ok(widthOf(line) <= columns, line);
    assert.is(line.replace(/[█░]+/, 'bar'), shown.replace(/[█░]+/, 'bar'));
  });
}

test('never wider than the terminal', () => {
  for (let columns = 0; columns < 120; columns++) {
    for (const changed of [{}, { records: 0 }, { done: 0 }, { total: 1e6, done: 123_456 }, { seconds: 1e6 }]) {
      assert.ok(widthOf(progressLine({ ...job, ...changed }, columns)) <= columns);
    }
  }
});

test('what is not known is left out', () => {
  assert.not.match(progressLine({ ...job, records: 0 }, 100), /rows/);
  assert.not.match(progressLine({ ...job, done: 0 }, 100), /left/);
  assert.not.match(progressLine({ ...job, seconds: 0 }, 100), /rows|NaN|Infinity/);
  assert.match(progressLine({ ...job, total: 0, done: 0 }, 100), /░{20} 0\/0/);
});

test('the bar is full only when all is done', () => {
  assert.match(progressLine({ ...job, done: 79 }, 100), /█{19}░ 79\/80/);
  assert.match(progressLine({ ...job, done: 80 }, 100), /█{20} 80\/80/);
});

test('rates and times have units that fit', () => {
  const rate = (records: number) => /· ([^·]+) rows\/s/.exec(progressLine({ ...job, records, seconds: 1 }, 100))?.[1];
  assert.is(rate(7), '7');
  assert.is(rate(999), '999');
  assert.is(rate(1_200), '1.2 k');
  assert.is(rate(34_000_000), '34 M');
  assert.is(rate(5_600_000_000), '5.6 G');
  assert.is(rate(999_999), '1.0 M');
  const left = (seconds: number) => /· ([^·]+) left/.exec(progressLine({ ...job, done: 40, seconds }, 100))?.[1];
  assert.is(left(0.1), '1 s');
  assert.is(left(60), '60 s');
  assert.is(left(600), '10 min');
  assert.is(left(10_000), '3 h');
});

test.run();
