// The real prompt on Spark, on a pseudo-terminal: Ctrl-C in each phase of a job, streams in panes, what commands tell.
// time limit: 600 s
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { promptFolder, Shell } from '../helpers/prompt';
import { allGone, descendants, keys, type Terminal } from '../helpers/terminal';
import { until } from '../helpers/within';

const limitMs = 60_000;
let marks = 0;

async function onSpark(body: (shell: Shell, terminal: Terminal) => Promise<void>): Promise<void> {
  const shell = new Shell({ columns: 160 }, ['--master', 'spark-local[2]']);
  const { terminal } = shell;
  try {
    await terminal.waitFor(/^>$/m, 20_000);
    await terminal.waitFor(/Spark \d[\d.]+ is there; its own pages are at http:\/\/127\.0\.0\.1:\d+/, limitMs);
    await body(shell, terminal);
    const all = descendants(terminal.pid);
    terminal.type(keys.ctrl('d'));
    assert.is(await terminal.exited, 0);
    await allGone(all, 10_000);
  } finally {
    await terminal.close();
  }
}

const note = (mark: string) => `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "")`;
const forEver = (mark: string) => `{ ${note(mark)}; for (;;); }`;

/** Entries that note when they are in their phase. */
const phases: Readonly<Record<string, (mark: string) => string>> = {
  // The bytes of what is captured go to Spark, and from there to the workers, once the entry has noted its mark.
  shipping: (mark) =>
    `{ const bulk = Array.from({ length: 3_000_000 }, (_, i) => 'text ' + i); ${note(mark)}; await sc.range(0, 8, 1, 4).map(x => bulk[x].length).count() }`,
  'the map of a job': (mark) => `await sc.range(0, 8, 1, 4).map((x): number => ${forEver(mark)}).count()`,
  'the map before a shuffle': (mark) =>
    `await sc.range(0, 8, 1, 4).map((x): [number, number] => ${forEver(mark)}).reduceByKey((a, b) => a + b).count()`,
  'the reduce of a job': (mark) =>
    `await sc.range(0, 8, 1, 4).map((x): [number, number] => [x % 2, x]).reduceByKey((a, b) => a + b).mapValues((x): number => ${forEver(mark)}).count()`,
  'the writing of a cache': (mark) => `await sc.range(0, 8, 1, 4).map((x): number => ${forEver(mark)}).cache().count()`,
  'a barrier': (mark) =>
    `await sc.range(0, 2, 1, 2).barrier().mapPartitionsWithIndex((i): number[] => { if (i === 1) ${forEver(mark)}; BarrierTaskContext.get().barrier(); return [i]; }).count()`,
  // The first partition notes the mark when all of its rows are made; the answers come after that.
  'the answers of a job': (mark) =>
    `(await sc.range(0, 3_000_000, 1, 4).map(x => { if (x === 700_000) ${note(mark)}; return 'row ' + x; }).collect()).length`,
};

test(`ctrl-c in each of ${Object.keys(phases).length} phases: the prompt is back, and the next job is right`, () =>
  onSpark(async (shell, terminal) => {
    await shell.entry('await sc.range(0, 100, 1, 4).sum()', /= 4950/, limitMs);
    for (const [name, phase] of Object.entries(phases)) {
      const mark = path.join(promptFolder, `mark-${marks++}`);
      const before = terminal.everything().length;
      terminal.type(phase(mark) + keys.enter);
      await until(limitMs, () => existsSync(mark), name);
      terminal.type(keys.ctrl('c'));
      const isBack = () => /\(interrupted\)\n>$/.test(terminal.everything().slice(before));
      await terminal.until(isBack, `the prompt after ${name}`, limitMs);
      await shell.entry('await sc.range(0, 100, 1, 4).sum()', /= 4950/, limitMs);
    }
  }));

test('a stream in a pane, .streams and .stop', () =>
  onSpark(async (shell, terminal) => {
    await shell.entry(
      "const counts = stream('500ms').queueStream(Array.from({ length: 500 }, (_, i) => ['a', 'b', i % 2 ? 'a' : 'c'])).map(w => [w, 1]).reduceByKeyAndWindow((a, b) => a + b, (a, b) => a - b, '2s').setName('counts')",
      />$/,
      limitMs,
    );
    terminal.type('const pane = counts.watch({ rows: 4 })\r');
    // Four batches: twice `c`, four times `b`.
    await terminal.waitFor(/── counts[\s\S]*"b" +4 /, limitMs);
    terminal.type('.streams\r');
    await terminal.waitFor(/watch of counts/, limitMs);
    terminal.type('await sc.range(0, 100, 1, 4).sum()\r');
    await terminal.waitFor(/= 4950[\s\S]*── counts/, limitMs);
    terminal.type('.stop counts\r');
    await terminal.waitFor(/watch of counts stopped\n>$/, limitMs);
    await shell.entry('await sc.range(0, 100, 1, 4).sum()', /= 4950/, limitMs);
  }));

test('.jobs, .stages, .executors, .datasets and .ui tell what Spark does', () =>
  onSpark(async (shell) => {
    await shell.entry('const kept = sc.range(0, 1000, 1, 4).map(x => [x % 3, x]).cache().setName("kept")', />$/, limitMs);
    await shell.entry('await kept.reduceByKey((a, b) => a + b).count()', /= 3/, limitMs);
    await shell.entry('.jobs', /done +\S+ s +1,?012 records +count of reduceByKey/, limitMs);
    await shell.entry('.stages', / 4\/4 [\s\S]* 1.000 [\s\S]* 4\/4 [\s\S]* 12 /, limitMs);
    await shell.entry('.executors', /driver +\S+ +0 of 2 slots busy[\s\S]*Spark [\d.]+: its own pages are at http:/, limitMs);
    await shell.entry('.datasets', /kept[\s\S]*4 of 4 partitions[\s\S]*in memory/, limitMs);
    await shell.entry('.ui', /127\.0\.0\.1[\s\S]*Spark [\d.]+ has pages of its own at http:\/\/127\.0\.0\.1:\d+/, limitMs);
  }));

test('SQL at the prompt reads datasets of Spark', () =>
  onSpark(async (shell) => {
    await shell.entry('const rows = sc.range(0, 100, 1, 4).map(x => ({ key: x % 3, x }))', />$/, limitMs);
    await shell.entry('.sql select key, count(*) as n from rows group by key order by key', /34[\s\S]*33[\s\S]*33/, limitMs);
  }));

test.run();
