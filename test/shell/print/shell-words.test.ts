// Words of the shell that are found by arithmetic or in a text: settings, skew, the rewrite of groupByKey, counts and sizes.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesText, compact, msText } from '../../../runtime/base/units';
import { skewOf } from '../../../runtime/status/skew';
import type { StageStatus } from '../../../runtime/status/stage-status';
import { StatusStore } from '../../../runtime/status/status-store';
import { changedSettings, defaultSettings, settingsText, settingWords } from '../../../shell/base/settings';
import { groupByKeyHint } from '../../../shell/print/group-by-key-hint';
import { skewLine, skewNotice } from '../../../shell/print/skew-notice';
import { fitsScreen, pagerCommand } from '../../../shell/terminal/pager';

const hints: readonly (readonly [js: string, rewrite: string | undefined])[] = [
  ['p.groupByKey().mapValues(v => v.length)', '.mapValues(() => 1).reduceByKey((a, b) => a + b)'],
  ['p.groupByKey(8).mapValues(v => v.reduce((a, b) => a + b))', '.reduceByKey((a, b) => a + b, 8)'],
  ['p.groupByKey().mapValues((v) => v.reduce((a, b) => a + b, 0))', '.reduceByKey((a, b) => a + b)'],
  ['p.groupByKey().mapValues(v => [...v].reduce((a, b) => Math.max(a, b), 0))', '.reduceByKey((a, b) => Math.max(a, b))'],
  ['p.groupByKey().mapValues(v => Array.from(v).reduce((a, b) => b + a))', '.reduceByKey((a, b) => b + a)'],
  ['p.groupByKey().mapValues(v => Math.max(...v))', '.reduceByKey((a, b) => Math.max(a, b))'],
  ['p.groupByKey().mapValues(v => v.reduce((n, s) => n + s.length, 0))', '.aggregateByKey(0, (n, s) => n + s.length, merge)'],
  ['f(await x.filter(y => y).groupByKey().mapValues(v => v.length).collect())', '.mapValues(() => 1)'],
  ['p.groupByKey().mapValues(v => v.sort())', undefined],
  ['p.groupByKey().mapValues(v => [v.length, v[0]])', undefined],
  ['p.groupByKey().mapValues(v => other.length)', undefined],
  ['p.reduceByKey((a, b) => a + b).mapValues(v => v.length)', undefined],
  ['const groupByKey = 1', undefined],
];
for (const [js, rewrite] of hints) {
  test(`groupByKey: ${js}`, () => {
    const hint = groupByKeyHint(js);
    if (rewrite === undefined) assert.is(hint, undefined);
    else assert.ok(hint?.includes(rewrite), hint);
  });
}

function stage(tasks: readonly (readonly [ms: number, records: number, bytes?: number])[]): StageStatus {
  const store = new StatusStore();
  const { listener } = store;
  const ids = { jobId: 3, stageId: 7, time: 0 };
  const about = { title: 'reduceByKey', numTasks: tasks.length };
  const graph = { stageId: 7, ...about, parents: [], datasets: [] };
  listener.onJobStart?.({ ...ids, title: 'count of reduceByKey', stageIds: [7], stages: [graph], properties: {} });
  listener.onStageSubmitted?.({ ...ids, ...about, attempt: 0 });
  tasks.forEach(([runMs, recordsRead, shuffleBytesRead = 0], partition) => {
    const metrics = { runMs, recordsRead, shuffleBytesRead, shuffleBytesWritten: 0 };
    const task = { ...ids, taskId: partition, stageAttempt: 0, partition, attempt: 0, executorId: 'e1', speculative: false };
    listener.onTaskStart?.(task);
    listener.onTaskEnd?.({ ...task, time: runMs, end: 'success', metrics });
  });
  listener.onStageCompleted?.({ ...ids, attempt: 0 });
  return store.stage(7)!;
}

const skewIn = (tasks: Parameters<typeof stage>[0]) => skewOf(stage(tasks), 0);
const noticeOf = (tasks: Parameters<typeof stage>[0]) => skewNotice(stage(tasks), 0);

test('skew is a slowest task of five times the median; it is told when it costs a second, with its cause and what to do', () => {
  const even = [100, 110, 90, 120].map((ms) => [ms, 10] as const);
  assert.is(skewIn(even), undefined);
  const two = [[100, 10] as const, [900, 10] as const];
  assert.is(skewIn(two), undefined, 'of two tasks a median says nothing');
  assert.is(skewIn([1, 1, 2, 1, 90].map((ms) => [ms, 10])), undefined, 'what takes no time holds nothing up');
  assert.is(skewIn([...even, [700, 29]])?.explainedBy, undefined, 'three times the rows explain it, and not less');
  assert.is(skewIn([...even, [700, 30]])?.explainedBy, 'rows');
  assert.is(noticeOf([...even, [700, 10]]), undefined);
  const unevenBytes = [...even.map(([ms, n]) => [ms, n, 1_000] as const), [5_000, 10, 90_000] as const];
  assert.is(skewIn(unevenBytes)?.explainedBy, 'bytes');
  assert.match(noticeOf(unevenBytes) ?? '', /A few keys have most/);
  assert.is(skewLine(7, skewIn(unevenBytes)!), ' ! stage 7: partition 4 on e1 took 45 times the median; it read far more bytes');
  assert.match(
    noticeOf([...even.map(([ms, n]) => [ms, n, 1_000] as const), [5_000, 900, 90_000]]) ?? '',
    /^stage 7, reduceByKey, is skewed: partition 4 took 5\.0 s, the median is 110 ms, with 900 of 940 rows\..*few keys.*\.stages 3/,
  );
  assert.match(noticeOf([...even, [5_000, 900]]) ?? '', /piece of the input is larger.*repartition/);
  assert.match(noticeOf([...even, [5_000, 10]]) ?? '', /no more rows than others/);
});

test('settings are checked, shown, completed and taken back', () => {
  const changed = changedSettings(changedSettings(defaultSettings, 'rows', '50'), 'hints', 'off');
  assert.equal([changed.rows, changed.hints], [50, false]);
  assert.match(settingsText(changed, 'hints'), /^hints off/);
  assert.is(changedSettings(changed, 'rows', 'default').rows, defaultSettings.rows);
  for (const [name, value] of [
    ['rows', '1.5'],
    ['rows', 'x'],
    ['seconds', '0'],
    ['hints', 'yes'],
    ['colors', 'red'],
    ['nope', '1'],
    ['constructor', '1'],
  ])
    assert.throws(
      () => changedSettings(defaultSettings, name, value),
      (error: { code: string }) => error.code === 'BAD_ARGUMENT',
    );
  assert.ok(settingWords([]).some(({ name }) => name === 'pager'));
  assert.equal(
    settingWords(['hints']).map(({ name }) => name),
    ['on', 'off', 'default'],
  );
});

test('the pager is a program with arguments: the setting, $PAGER, less, or none', () => {
  assert.equal(pagerCommand('auto', {}), ['less']);
  assert.equal(pagerCommand('auto', { PAGER: 'most -s' }), ['most', '-s']);
  assert.equal(pagerCommand('bat --plain', { PAGER: 'most' }), ['bat', '--plain']);
  assert.is(pagerCommand('off', { PAGER: 'most' }), undefined);
  assert.ok(fitsScreen('a\nb', { columns: 10, rows: 4 }));
  assert.not(fitsScreen('a\nb\nc\nd', { columns: 10, rows: 4 }));
  assert.not(fitsScreen('a'.repeat(11), { columns: 10, rows: 4 }));
});

test('counts, sizes and times are short', () => {
  assert.equal([0, 999, 1_234, 34_000_000].map(compact), ['0', '999', '1.2 k', '34 M']);
  const bytes = [0, 1_023, 1_024, 1_234, 123_456, 1_048_000, 3_400_000, 2 ** 40, 2 ** 51];
  const inWords = ['0 B', '1023 B', '1.0 KiB', '1.2 KiB', '121 KiB', '1023 KiB', '3.2 MiB', '1.0 TiB', '2048 TiB'];
  assert.equal(bytes.map(bytesText), inWords);
  assert.is(bytesText(2 ** 20 - 1), '1.0 MiB');
  const times = [-1, 45, 999.4, 999.6, 3_210, 99_949, 99_951, 245_000, 720_000, 3_599_600, 7_800_000, 3_600_000 * 30 - 1];
  const said = [
    '0 ms',
    '45 ms',
    '999 ms',
    '1.0 s',
    '3.2 s',
    '99.9 s',
    '1 min 40 s',
    '4 min 5 s',
    '12 min',
    '1 h',
    '2 h 10 min',
    '30 h',
  ];
  assert.equal(times.map(msText), said);
});

test.run();
