// Outputs that show: what `watch` gives to a pane, where it goes, and what jobs of streams say of themselves.
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, type DStream, ManualClock, type PaneUpdate, StreamingContext } from '../../../runtime/index';
import { plainDisplay } from '../../../runtime/streaming/graph/display';
import { sessionOutputs } from '../../../runtime/streaming/graph/session-display';
import { StreamMonitor } from '../../../runtime/streaming/status/stream-monitor';
import type { PaneModel } from '../../../shell/contract/pane';
import { ShellStreams } from '../../../shell/session/stream-commands';
import { ShellDisplay } from '../../../shell/session/stream-display';
import { streamsText } from '../../../shell/session/stream-text';
import { masterOf } from '../../helpers/master';
import { until, within } from '../../helpers/within';

const test = suite('stream outputs');
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local'));
});

test.after(() => sc.stop());

class Panes {
  readonly updates: PaneUpdate[] = [];
  readonly closed: number[] = [];
  readonly notices: string[] = [];
  printed(): void {}
  pane(_: number, update: PaneUpdate): void {
    this.updates.push(update);
  }
  paneClosed(id: number): void {
    this.closed.push(id);
  }
  notice(message: string, error?: Error): void {
    this.notices.push(`${message}: ${error?.message}`);
  }
}

/** What a pane gets of the batches, under a clock that stands still between them. */
async function watched<T>(batches: T[][], watch: (stream: DStream<T>) => unknown): Promise<Panes> {
  const clock = new ManualClock(0);
  const display = new Panes();
  const streaming = new StreamingContext(sc, '1s', { clock, display });
  watch(streaming.queueStream(batches).setName('words'));
  streaming.start();
  clock.advance(1000 * batches.length);
  await streaming.idle();
  await streaming.stop();
  return display;
}

test('pairs with numbers come by their value, greatest first, of all partitions', async () => {
  const rows = Array.from({ length: 500 }, (_, i) => [`w${i}`, (i * 7919) % 500] as [string, number]);
  const { updates, closed } = await watched([rows], (s) => s.repartition(4).watch({ rows: 3 }));
  const [update] = updates;
  assert.equal(
    (update.rows as [string, number][]).map(([, n]) => n),
    [499, 498, 497],
  );
  assert.equal([update.total, update.more, update.time, update.records, update.interval], [500, true, 1000, 500, 1000]);
  assert.is(closed.length, 1, 'told once when it has ended');
});

test('other rows come as they are, or by a number of the user', async () => {
  const rows = ['ccc', 'a', 'bb', 'dddd'];
  const first = await watched([rows], (s) => s.coalesce(1).watch({ rows: 2, title: 'first' }));
  assert.equal(first.updates[0].rows, ['ccc', 'a']);
  const sign = -1;
  const ranked = await watched([rows], (s) => s.watch({ rows: 2, by: (word) => sign * word.length }));
  assert.equal(ranked.updates[0].rows, ['a', 'bb']);
  const mixed = await watched(
    [
      [
        ['a', 1],
        ['b', 'x'],
        ['c', 9],
      ] as [string, unknown][],
    ],
    (s) => s.coalesce(1).watch(),
  );
  assert.equal(mixed.updates[0].rows.length, 3);
  const none = await watched([[Number.NaN, 3, 1].map((n) => ['k', n] as [string, number])], (s) => s.coalesce(1).watch());
  assert.equal(
    (none.updates[0].rows as [string, number][]).map(([, n]) => n),
    [3, 1, Number.NaN],
  );
});

test('an empty batch has a pane too', async () => {
  const { updates } = await watched<string>([[], []], (s) => s.watch());
  assert.equal(
    updates.map(({ total, rows }) => [total, rows.length]),
    [
      [0, 0],
      [0, 0],
    ],
  );
});

test('what cannot be watched is refused where it is written', () => {
  const stream = new StreamingContext(sc, '1s', { clock: new ManualClock() }).queueStream<number>([]);
  const refused = (options: object, says: RegExp) => assert.throws(() => stream.watch(options), says);
  refused({ rows: 0 }, /the number of rows is 0/);
  refused({ rows: 1.5 }, /the number of rows is 1.5/);
  refused({ by: 'count' }, /by is "count"/);
  refused({ title: 3 }, /the title is 3/);
});

test('jobs of a stream say for which output they run, and take no property of the entry that started it', async () => {
  const before = sc.jobs().length;
  sc.setJobGroup('mine', 'my queries');
  await watched([['a']], (s) => s.watch());
  await sc.range(3).count();
  sc.clearJobGroup();
  const [stream, mine] = sc.jobs().slice(before);
  assert.equal([stream.output, stream.group, stream.description?.slice(0, 8)], ['watch of words', undefined, 'batch of']);
  assert.equal([mine.output, mine.group], [undefined, 'mine']);
});

test('a session displays the outputs of all its contexts, and starts what is watched', async () => {
  const display = new Panes();
  const opened: unknown[] = [];
  sessionOutputs.set(sc, {
    display,
    startsOnWatch: (streaming) => streaming.interval === 1000,
    opened: (streaming) => opened.push(streaming),
  });
  try {
    const clock = new ManualClock(0);
    const streaming = new StreamingContext(sc, '1s', { clock });
    const words = streaming.queueStream([['a']]).setName('words');
    words.print();
    assert.is(streaming.state, 'initialized');
    const pane = words.watch();
    assert.is(streaming.state, 'active');
    clock.advance('1s');
    await streaming.idle();
    assert.equal([opened.length, display.updates.length], [1, 1]);
    const other = new StreamingContext(sc, '2s', { clock });
    other.queueStream([]).watch();
    assert.is(other.state, 'initialized', 'only where the session wants it');
    pane.stop();
    pane.stop();
    assert.is(display.closed.length, 1);
    await streaming.stop();
    assert.is(display.closed.length, 1);
  } finally {
    sessionOutputs.delete(sc);
  }
});

test('a stream tells its lineage, a line a stream', async () => {
  const streaming = new StreamingContext(sc, '1s', { clock: new ManualClock() });
  const pairs = streaming
    .queueStream<string>([])
    .setName('words')
    .map((w) => [w, 1]);
  const joined = pairs.join(pairs.ago('5s')).setName('changes');
  assert.is(
    joined.toDebugString(),
    [
      'changes (join) every 1s',
      '|-map#1 every 1s',
      '| words (queueStream) every 1s',
      '|-ago#2 every 1s',
      '| map#1 every 1s (see above)',
    ].join('\n'),
  );
  await streaming.stop();
});

test('what repeats itself is counted; what is heard again after a while, or of other streams, is told', () => {
  let said: string[] = [];
  let now = 0;
  const events = { print: (text: string) => said.push(text.split('\n')[0]), output() {}, progress() {}, pane() {} };
  const display = new ShellDisplay(
    events,
    () => ({ columns: 80, color: false, live: true }),
    () => now,
  );
  const heard = (...times: number[]) => {
    said = [];
    for (const at of times) {
      now = at;
      display.notice('it is connected again');
      display.notice('save failed', new Error('no disk'));
    }
    return said;
  };
  assert.equal(heard(1000, 2000, 3000), ['(it is connected again)', '(save failed)']);
  assert.equal(heard(20_000), ['(it is connected again)']);
  assert.equal(heard(90_000), ['(it is connected again)', '(save failed)']);
  display.begin();
  assert.equal(heard(90_001), ['(it is connected again)', '(save failed)']);
});

test('a pane whose batches fail says since when, and one whose window is not full says until when', async () => {
  const shown: (PaneModel | undefined)[] = [];
  const events = { print() {}, output() {}, progress() {}, pane: (_: number, model: PaneModel | undefined) => shown.push(model) };
  const clock = new ManualClock(0);
  const screen = { columns: 80, color: false, live: true };
  const display = new ShellDisplay(events, () => screen);
  const streaming = new StreamingContext(sc, '1s', { clock, display });
  const numbers = streaming.generatorStream(1, (i) => i);
  numbers
    .map((i) => {
      if (i === 2 || i === 3) throw new Error(`bad ${i}`);
      return i;
    })
    .watch();
  numbers.window('3s').count().watch({ title: 'window' });
  streaming.start();
  const latest = (title: string) => shown.findLast((model) => model?.title === title);
  const after = async (seconds: number, window: RegExp, map: RegExp) => {
    for (let i = 0; i < seconds; i++) {
      clock.advance('1s');
      await streaming.idle();
    }
    await until(5000, () => window.test(`${latest('window')?.time} ${latest('window')?.facts[0]}`), `${window}`);
    await until(5000, () => map.test(`${latest('map#1')?.time} ${latest('map#1')?.late}`), `${map}`);
  };
  await after(2, /:02 window not full yet, until \d\d:\d\d:03$/, /:02 undefined$/);
  await after(2, /:04 1 row$/, /:02 failing since \d\d:\d\d:03, 2 batches: Error: bad 3$/);
  assert.equal(latest('map#1')?.rows[0].cells, ['1']);
  await after(1, /:05 1 row$/, /:05 undefined$/);
  await streaming.stop();
});

test('a pane that has failed from its first batch on says so too', async () => {
  const shown: PaneModel[] = [];
  const events = {
    print() {},
    output() {},
    progress() {},
    pane: (_: number, model: PaneModel | undefined) => void (model && shown.push(model)),
  };
  const clock = new ManualClock(0);
  const display = new ShellDisplay(events, () => ({ columns: 80, color: false, live: true }));
  const streaming = new StreamingContext(sc, '1s', { clock, display });
  const broken = streaming.generatorStream(1, (i): number => {
    throw new Error(`bad ${i}\u001b[2J`);
  });
  broken.watch({ title: 'broken' });
  streaming.start();
  clock.advance('1s');
  await streaming.idle();
  await until(5000, () => shown.length > 0, 'a pane');
  const { title, time, late, rows } = shown[0];
  assert.equal([title, time, rows], ['broken', 'no batch yet', []]);
  assert.match(late ?? '', /^failing since .*:01, 1 batch: Error: bad 0/);
  assert.not.match(late ?? '', /\u001b/);
  await streaming.stop();
});

test('.streams says which output tries a batch again', async () => {
  const clock = new ManualClock(0);
  const streaming = new StreamingContext(sc, '1s', { clock, display: new Panes() });
  const monitor = new StreamMonitor(streaming);
  let isDown = true;
  const numbers = streaming.generatorStream(1, (i) => i).setName('numbers');
  numbers.foreachRDD(() => {
    if (isDown) throw new Error('no network');
  }, 'store');
  streaming.start();
  clock.advance('3s');
  await streaming.idle();
  assert.match(
    streamsText([monitor], 200),
    /store of numbers {2}failed 1 time at the batch of .*:01 and tries it again, later ones wait: no network/,
  );
  isDown = false;
  clock.advance('2s');
  await streaming.idle();
  assert.match(streamsText([monitor], 200), /store of numbers {2}ok/);
  await streaming.stop();
});

test('.streams says how many bytes of files were read, and which output has been at work for long', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-streams-'));
  writeFileSync(join(folder, 'three'), 'a\nb\nc\n');
  // As one that was moved in: whole at once.
  utimesSync(join(folder, 'three'), new Date(1e9), new Date(1e9));
  const clock = new ManualClock(0);
  const streaming = new StreamingContext(sc, '1s', { clock, display: new Panes() });
  const monitor = new StreamMonitor(streaming);
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  const lines = streaming.textFileStream(folder, { newFilesOnly: false }).setName('lines');
  let batch = 0;
  lines.foreachRDD(() => (++batch === 2 ? held : undefined), 'slow');
  streaming.start();
  clock.advance('1s');
  await streaming.idle();
  clock.advance('1s');
  await until(20_000, () => batch === 2, 'the second batch');
  clock.advance('5s');
  const text = streamsText([monitor], 100);
  go();
  await streaming.stop();
  rmSync(folder, { recursive: true });
  assert.match(text, /lines {2}textFileStream {2}6 B/);
  assert.match(text, /slow of lines {2}ok · at work for 5\.0 s/);
});

test('a second .stop cancels what the first one waits for', async () => {
  const screen = { columns: 80, color: false, live: false };
  const shell = new ShellStreams(sc, { progress() {}, output() {}, print() {}, pane() {} }, () => screen);
  try {
    const clock = new ManualClock(0);
    const streaming = shell.stream('1s', { clock });
    let hasBegun = false;
    streaming.queueStream([[1]]).foreachRDD(() => {
      hasBegun = true;
      return new Promise(() => {});
    }, 'stuck');
    streaming.start();
    clock.advance('1s');
    await until(10_000, () => hasBegun, 'the output');
    const first = shell.stop(undefined);
    const ends = await within(10_000, Promise.all([shell.stop(undefined), first]), 'the second .stop');
    assert.match(ends.join(), /all streams have ended.*stuck of queueStream#\d+ stopped/s);
    assert.is(await shell.stop(undefined), 'no streams run');
  } finally {
    sessionOutputs.delete(sc);
  }
});

test('notices of programs show what a terminal would obey as escapes', () => {
  const lines: string[] = [];
  const display = plainDisplay((line) => lines.push(line));
  display.notice('refused \x1b]0;title\x07\r', new Error('line 1\n\tline 2 \x9b2J é'));
  assert.equal(lines, ['refused \\x1b]0;title\\x07\\x0d: line 1\n\tline 2 \\x9b2J é']);
});

test.run();
