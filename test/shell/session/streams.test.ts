// Streams at the real prompt, on a pseudo-terminal: live panes above what is typed, tables, notices, commands, and how streams end.
// time limit: 480 s
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../../runtime/base/time';
import { promptFolder, withShell } from '../../helpers/prompt';
import { allGone, descendants, keys, type Size, type Terminal } from '../../helpers/terminal';

/** A stream with something new in each batch, named `lines`; `counts` are its words. */
const source = (interval: string, words = 30) =>
  `const lines = stream('${interval}').queueStream(Array.from({ length: 2000 }, (_, i) => Array.from({ length: ${words} }, (_, j) => 'w' + ((i + j * j) % 17)))).setName('lines'); ` +
  `const counts = lines.map(w => [w, 1]).reduceByKey((a, b) => a + b).setName('counts')\r`;

const paneTitle = /^── counts ─/gm;
const panesOn = (text: string) => text.match(paneTitle)?.length ?? 0;

/** A shell in which `counts` runs in a pane of `rows` rows, with the prompt below. */
function withPane(rows: number, body: (terminal: Terminal) => Promise<void>, size: Size = {}, interval = '100ms'): Promise<void> {
  return withShell(async (_, terminal) => {
    terminal.type(source(interval));
    terminal.type(`const pane = counts.watch({ rows: ${rows} })\r`);
    await terminal.waitFor(/── counts[\s\S]*\n>$/, 30_000);
    await body(terminal);
  }, size);
}

/** Waits for so many repaints of the pane. */
async function repaints(terminal: Terminal, count: number): Promise<void> {
  const painted = () => terminal.raw.split('took').length;
  const before = painted();
  await terminal.until(() => painted() >= before + count, `${count} repaints`);
}

test('a stream prints its type, name, slide and graph; a context its state, sources and outputs', () =>
  withShell(async (shell, terminal) => {
    terminal.type(source('1s'));
    await shell.entry(
      'counts',
      /res0: DStream<\[string, number\]> {2}counts · every 1s +not started\n counts \(reduceByKey\) every 1s\n map#1 every 1s\n lines \(queueStream\) every 1s\n/,
      20_000,
    );
    await shell.entry('counts.print()', /res1: OutputHandle {2}print of counts +waits for start\(\)/);
    await shell.entry('stream()', /StreamingContext {2}every 1s · 0 batches +not started\n sources\n {2}lines {2}queueStream/);
    await shell.entry("stream('2s')", /error: stream: the batch interval is 2s, but must be 1s[\s\S]*\.stop ends its streams/);
    await shell.entry('.explain counts', /lines \(queueStream\)/);
    await shell.entry('lines.map(x => counts)', /counts[\s\S]*DStream/);
  }));

test('a pane redraws above the prompt while queries run; stopping leaves its last state once', () =>
  withPane(5, async (terminal) => {
    await repaints(terminal, 5);
    assert.is(panesOn(terminal.everything()), 1, 'one copy on the screen, none in the scrollback');
    terminal.type('sc.range(7).count()\r');
    await terminal.waitFor(/res0: number = 7[\s\S]*── counts/);
    await repaints(terminal, 30);
    assert.is(panesOn(terminal.everything()), 1);
    assert.match(terminal.screen(), /rows · \S+( k)?\/s · took \S+ m?s · delay \S+ m?s( {2}[▁-█]+)?\n "w\d+" +\d {2}█/);
    // A command of the system has the screen for itself: the pane waits, and comes back.
    terminal.type('.sh echo begun; sleep 0.5; read x; echo "got $x"\r');
    await terminal.waitFor(/^begun$/m);
    terminal.type('it\r');
    await terminal.waitFor(/\nbegun\nit\ngot it\n[\s\S]*── counts/);
    assert.is(panesOn(terminal.everything()), 1);
    terminal.type('.stop counts\r');
    await terminal.waitFor(/watch of counts stopped\n>$/);
    assert.is(panesOn(terminal.everything()), 1, 'the last state');
    assert.match(terminal.screen(), /── counts[\s\S]*watch of counts stopped/);
    terminal.type('.streams\r');
    await terminal.waitFor(/outputs: none\n>$/);
    terminal.type("stream('5ms')\r");
    await terminal.waitFor(/at least 20ms[\s\S]*\n>$/);
    terminal.type('stream().queueStream([[1]]).updateStateByKey((v, s) => s)\r');
    await terminal.waitFor(/updateStateByKey needs pairs: this is a DStream<number>[\s\S]*\n>$/);
    // Again, beside nothing: the streams are still there, whatever was refused.
    terminal.type('const again = counts.watch()\r');
    await terminal.until(() => panesOn(terminal.everything()) === 2, 'a second pane');
  }));

test('not one of 500 random keys is lost or garbled while a pane redraws', () =>
  withPane(10, async (terminal) => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1e6);
    console.log(`seed ${seed}`);
    const random = new Random(seed);
    let text = '';
    let cursor = 0;
    const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;:+-*/<>=!?äßñ日本🙂';
    const type = (character: string) => {
      text = text.slice(0, cursor) + character + text.slice(cursor);
      cursor += character.length;
      return character;
    };
    const before = (at: number) => at - (at > 0 && /[\udc00-\udfff]/.test(text[at - 1]) ? 2 : Math.min(1, at));
    const moves: readonly (() => string)[] = [
      () => {
        cursor = before(cursor);
        return keys.left;
      },
      () => {
        const from = before(cursor);
        text = text.slice(0, from) + text.slice(cursor);
        cursor = from;
        return keys.backspace;
      },
      () => {
        cursor = text.length;
        return keys.end;
      },
      () => {
        cursor = 0;
        return keys.home;
      },
    ];
    const alphabet = Array.from(letters);
    const painted = terminal.raw.split('took').length;
    terminal.type('"');
    for (let pressed = 0; pressed < 500; pressed++) {
      const seen = terminal.raw.length;
      const move = random.next() < 0.12 ? moves[random.below(moves.length)] : undefined;
      // The quote in front is no part of the text: at its start Home and Left would go before it.
      if (move && (cursor > 1 || text.length === 0)) {
        const key = text.length === 0 ? type('x') : move();
        terminal.type(key === keys.home ? keys.home + keys.right : key);
      } else terminal.type(type(alphabet[random.below(alphabet.length)]));
      // The next key goes out with whatever is painted next: an echo, or the pane.
      if (random.next() < 0.3) await terminal.until(() => terminal.raw.length > seen, 'an answer');
    }
    terminal.type(keys.end + '"\r');
    await terminal.until(() => /^res0: string = "/m.test(terminal.everything()), 'the value');
    assert.ok(
      terminal.everything().includes(`> "${text}"\n`),
      `the entry as typed, seed ${seed}: ${text}\n${terminal.everything()}`,
    );
    assert.ok(terminal.raw.split('took').length > painted + 3, 'the pane was redrawn meanwhile');
  }));

test('print shows a head line and a table, never in the line being typed, nor in an entry of several lines', () =>
  withShell(async (_, terminal) => {
    terminal.type(source('100ms'));
    terminal.type('const shown = counts.print(2); stream().start()\r');
    await terminal.waitFor(/\d\d:\d\d:\d\d(\.\d+)? {2}counts · first 2 rows\n 0 +│ +1\n/, 30_000);
    terminal.type('const total = [\r1,\r2');
    await terminal.waitFor(/"w\d+" +│ +\d+\n> const total = \[\n… 1,\n… 2$/);
    const scrolled = terminal.everything().length;
    await terminal.until(() => terminal.everything().length > scrolled + 500, 'more tables');
    assert.match(terminal.screen(), /\n> const total = \[\n… 1,\n… 2$/);
    terminal.type('\r].length\rtotal\r');
    await terminal.until(() => /res0: number = 2$/m.test(terminal.everything()), 'the value');
    assert.match(terminal.everything(), /^> const total = \[\n… 1,\n… 2\n… \]\.length$/m);
    terminal.type('.stop\r');
    await terminal.waitFor(/print of counts stopped\nall streams have ended; stream\('1s'\) makes a new context\n>$/);
    terminal.type("stream('2s')\r");
    await terminal.waitFor(/every 2s · 0 batches +not started/);
  }));

test('ctrl-c cancels the job of the prompt and leaves streams running', () =>
  withPane(3, async (terminal) => {
    terminal.type(
      "console.log('be' + 'gun'); sc.range(0, 4, 1, 1).map(x => { const end = Date.now() + 60_000; while (Date.now() < end); return x }).count()\r",
    );
    await terminal.until(() => /^begun$/m.test(terminal.everything()), 'the job');
    terminal.type(keys.ctrl('c'));
    await terminal.until(() => /\(interrupted\)\n/.test(terminal.everything()), 'the interrupt', 3_000);
    await repaints(terminal, 5);
    terminal.type('.streams\r');
    await terminal.until(() => /watch of counts {2}ok · /.test(terminal.everything()), 'no failed batch');
    assert.not.match(terminal.everything(), /watch of counts failed/);
  }));

test('an output that fails is named once and then counted; the others go on', () =>
  withPane(2, async (terminal) => {
    terminal.type(
      "const bad = counts.foreachRDD(() => { throw new Error('no ' + 'disk') }, { name: 'save', onFailure: 'skip' })\r",
    );
    await terminal.until(() => terminal.everything().includes('(save of counts failed, 10 times so far)'), 'ten failures');
    assert.is(terminal.everything().split('Error: no disk').length, 2, 'shown once');
    terminal.type('.streams\r');
    await terminal.until(() => /save of counts +failed in \d+ of \d+ batches: no disk/.test(terminal.everything()), 'the report');
    assert.match(terminal.everything(), /watch of counts +ok/);
  }));

test('hostile rows, names and titles never reach the terminal as they are', () =>
  withShell(async (_, terminal) => {
    terminal.type(
      "const evil = '\\x1b]0;owned\\x07\\x1b[2J\\x9b31m\\r\\u202e'; const rows = stream('100ms').queueStream(Array.from({ length: 500 }, () => [[evil, 1], [evil + 'b', 2]]))\r",
    );
    terminal.type(
      'const p = rows.watch({ title: evil }); const q = rows.setName(evil).print(); rows.foreachRDD(() => { throw new Error(evil) }, evil)\r',
    );
    await terminal.until(
      () => /took[\s\S]*owned/.test(terminal.screen()) && /failed/.test(terminal.everything()),
      'all outputs',
      30_000,
    );
    await repaints(terminal, 3);
    terminal.type('rows\r.streams\r.jobs\r');
    await terminal.until(() => /done +[\d.]+ m?s {2}\d+ records {2}\w+/.test(terminal.everything()), 'the jobs');
    for (const sent of ['\x1b]', '\x07', '\x1b[2J', '\x9b', '\u202e'])
      assert.not.ok(terminal.raw.includes(sent), JSON.stringify(sent));
  }));

test('several panes share the height, and more are added while others run', () =>
  withPane(
    30,
    async (terminal) => {
      terminal.type(
        "const b = lines.map(w => [w.length, 1]).reduceByKey((a, b) => a + b).setName('lengths').watch({ rows: 30 })\r",
      );
      await terminal.waitFor(/── counts[\s\S]*── lengths/);
      terminal.type("const c = counts.map(([w, n]) => n).watch({ title: 'numbers' })\r");
      const screen = await terminal.waitFor(/── counts[\s\S]*── lengths[\s\S]*── numbers[\s\S]*\n>$/);
      const rows = screen.split('\n');
      assert.ok(rows.length - rows.findIndex((row) => row.startsWith('── counts')) <= 17, 'a third is left to output');
      terminal.type('.stop lengths\r');
      await terminal.waitFor(/watch of lengths stopped\n── counts[\s\S]*── numbers/);
    },
    { rows: 24 },
  ));

for (const [name, size] of Object.entries({
  'forty columns': { columns: 40, rows: 20 },
  'ten rows': { columns: 80, rows: 10 },
})) {
  test(`on ${name} the prompt is seen and used`, () =>
    withPane(
      20,
      async (terminal) => {
        terminal.type('1 + 1\r');
        await terminal.until(() => /^res0: number = 2$/m.test(terminal.everything()), 'the value');
        terminal.type('[1,\r2,\r3,\r4');
        await terminal.waitFor(/\n> \[1,\n… 2,\n… 3,\n… 4$/);
        await repaints(terminal, 3);
        assert.match(terminal.screen(), /\n> \[1,\n… 2,\n… 3,\n… 4$/);
        assert.ok(terminal.screen().split('\n').length <= size.rows);
        terminal.type(keys.ctrl('c'));
        await terminal.waitFor(/\n>$/);
        assert.is(panesOn(terminal.scrollback()), 0, 'no copy in the scrollback');
      },
      size,
    ));
}

test('a storm of resizes leaves one pane and the line as it was', () =>
  withPane(
    6,
    async (terminal) => {
      terminal.type('"typed" + "befo');
      await terminal.waitFor(/"typed" \+ "befo$/);
      for (let i = 0; i < 30; i++) {
        terminal.resize(60 + ((i * 17) % 60), 15 + ((i * 7) % 20));
        const seen = terminal.raw.length;
        await terminal.until(() => terminal.raw.length > seen, 'a repaint');
        if (i === 20) terminal.type('re');
      }
      terminal.resize(100, 30);
      await repaints(terminal, 3);
      const rows = terminal.screen().split('\n');
      const last = rows.findLastIndex((row) => row.startsWith('── counts'));
      assert.match(rows[last], /^── counts ─+ \S+ ──$/);
      assert.is([...rows[last]].length, 100, 'drawn for the width that is');
      assert.match(terminal.screen(), /\n> "typed" \+ "before$/);
      terminal.type('"\r');
      await terminal.until(() => /^res0: string = "typedbefore"$/m.test(terminal.everything()), 'the entry');
    },
    { columns: 100, rows: 30 },
  ));

test('with TERM=dumb streams print plain lines', () =>
  withShell(
    async (_, terminal) => {
      terminal.type(source('200ms'));
      terminal.type('const pane = counts.watch({ rows: 2 })\r');
      await terminal.until(
        () => /^-- \S+ counts\n\["w\d+", \d\]\n\["w\d+", \d\]\n…$/m.test(terminal.everything()),
        'lines',
        30_000,
      );
      terminal.type('.stop\r');
      await terminal.until(() => /watch of counts stopped/.test(terminal.everything()), 'the end');
      assert.not.match(terminal.raw, /\x1b/);
      terminal.type('"still" + "here"\r');
      await terminal.until(() => /"stillhere"/.test(terminal.everything()), 'the prompt');
    },
    { env: { TERM: 'dumb' } },
  ));

test('with TERM=dumb what streams print has lines of its own, and the prompt comes again after it', () =>
  withShell(
    async (_, terminal) => {
      terminal.type(source('400ms'));
      terminal.type('const pane = counts.watch({ rows: 2 })\r');
      const batches = () => terminal.everything().match(/^-- \S+ counts$/gm)?.length ?? 0;
      await terminal.until(() => batches() >= 3, 'batches', 30_000);
      await terminal.waitFor(/\n…\n>$/);
      terminal.type('"half ');
      const before = batches();
      await terminal.until(() => batches() > before, 'a batch over the line being typed');
      await terminal.waitFor(/\n…\n>$/);
      terminal.type('typed"\r');
      await terminal.until(() => /^res0: string = "half typed"$/m.test(terminal.everything()), 'the entry');
      await terminal.waitFor(/\n>$/);
      terminal.type('.stop\r');
      await terminal.waitFor(/watch of counts stopped[\s\S]*\n>$/);
      const glued = terminal.everything().match(/^> .*-- \d.*$/gm) ?? [];
      assert.equal(glued, []);
      assert.not.match(terminal.everything(), /^>\n>$/m, 'one prompt after each');
    },
    { env: { TERM: 'dumb' } },
  ));

for (const leave of [keys.ctrl('d'), '.exit\r']) {
  test(`${JSON.stringify(leave)} works off what was received, and leaves the pane and no process`, () =>
    withPane(3, async (terminal) => {
      const file = path.join(promptFolder, `done-${leave.length}`);
      terminal.type(
        `const fs = await import('node:fs'); const done = counts.foreachRDD(async (rdd, time) => { await rdd.count(); fs.appendFileSync(${JSON.stringify(file)}, time + '\\n') }, 'log')\r`,
      );
      await terminal.until(() => existsSync(file), 'the first batch');
      const processes = descendants(terminal.pid);
      const pressed = Date.now();
      terminal.type(leave);
      assert.is(await terminal.exited, 0);
      await allGone(processes, 1_000);
      assert.is(panesOn(terminal.everything()), 1, 'its last state');
      const times = readFileSync(file, 'utf8').trim().split('\n').map(Number);
      assert.ok(times.at(-1)! >= pressed, 'the batch that was being received');
      for (const [index, time] of times.entries()) if (index > 0) assert.is(time - times[index - 1], 100, 'none left out');
    }));
}

test('a session that dies leaves the last state of its panes, and the next one begins', () =>
  withPane(3, async (terminal) => {
    terminal.type('process.kill(process.pid, "SIGKILL")\r');
    await terminal.waitFor(/── counts[\s\S]*The session ended: SIGKILL ended it[\s\S]*\n>$/);
    terminal.type('"a" + "new"\r');
    await terminal.until(() => /"anew"/.test(terminal.everything()), 'the new session', 20_000);
    assert.is(panesOn(terminal.everything()), 1);
  }));

test.run();
