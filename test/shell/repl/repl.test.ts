// The whole shell on a pseudo-terminal, as a person uses it: entries, errors, commands, Ctrl-C, and every way in which it ends.
// time limit: 300 s
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { promptFolder as folder, withShell } from '../../helpers/prompt';
import { allGone, descendants, keys, type Terminal } from '../../helpers/terminal';
import { until } from '../../helpers/within';

/** Runs a loop that never ends, and waits until it runs. */
async function startLoop(terminal: Terminal, before = ''): Promise<void> {
  terminal.type(before + 'console.log("loop" + "ing"); while (true) {}\r');
  await terminal.waitFor(/^looping$/m);
}

test('entries run in order, each shown once, also those typed before anything has started', () =>
  withShell(async (_, terminal) => {
    terminal.type('const xs = sc.parallelize([1, 2, 3])\rxs.count()\rxs.sum()\r');
    await terminal.waitFor(/res0: number = 3\n> xs\.sum\(\)\nres1: number = 6\n>$/, 20_000);
    for (const entry of ['const xs', 'xs.count', 'xs.sum']) assert.is(terminal.everything().split(entry).length, 2, entry);
  }));

test('a leading dot continues the last value, unless it is a command', () =>
  withShell(async (shell) => {
    await shell.entry('const xs = [1, 2, 3]', /3\]/);
    await shell.entry('.map(x => x * 2)', /res0: number\[\]/);
    await shell.entry('.length', /res1: number = 3/);
    await shell.entry('.type xs', /^number\[\]$/m);
    await shell.entry('.type _', /^number$/m);
  }));

test('a chain is written indented, and its value is that of the line before it', () =>
  withShell(async (shell) => {
    await shell.entry('[10, 20]', /res0: number\[\]/);
    await shell.entry('const v = [0], w = [1, 2, 3]', />/);
    await shell.entry('  .map(x => x + 1)', /res1: number\[\] = \[2, 3, 4\]/);
    await shell.entry('const o: { at?: number[] } = { at: [5] }', />/);
    await shell.entry('.type o', /at\?/);
    await shell.entry('  // the first', />/);
    await shell.entry('\t?.at', /res2: number\[\] \| undefined = \[5\]/);
    await shell.entry('  ?.[0]', /res3: number \| undefined = 5/);
    await shell.entry('JSON.parse("{")', /SyntaxError/);
    await shell.entry('  .toString()', /continues the entry before it, which failed/);
    await shell.entry('.toFixed(1)', /possibly 'undefined'/);
    await shell.entry('nobody', /Cannot find name/);
    await shell.entry('  .toString()', /continues the entry before it, which failed/);
  }));

test('a type error stops the entry and marks the place; the session goes on', () =>
  withShell(async (shell) => {
    await shell.entry('const s: string = console.log("ran")', /error: Type 'void'[\s\S]*\^|~/);
    assert.not.match(shell.terminal.everything(), /^ran$/m);
    await shell.entry('1 + 1', /res0: number = 2/);
  }));

test('.errors shows the last error again, with every frame on request', () =>
  withShell(async (shell) => {
    await shell.entry('.errors', /^no errors yet$/m);
    await shell.entry("sc.range(2, 5).map(x => { if (x > 3) throw new TypeError('no ' + x); return x }).count()", /attempts/);
    await shell.entry('.errors', /TypeError: no 4/);
    assert.not.match(shell.terminal.everything(), /Runner\.run/);
    await shell.entry('.errors full', /Runner\.run/);
  }));

test('a built-in that was changed is back for the next job', () =>
  withShell(async (shell) => {
    await shell.entry('(Array.prototype as any).map = undefined', /your code changed Array\.prototype\.map\./);
    await shell.entry('sc.range(4).map(x => x * 2).collect()', /= \[0, 2, 4, 6\]/);
  }));

test('an error at run time keeps the names, and an interrupted loop too', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('let k = 7', />/);
    await shell.entry('throw new RangeError("no")', /RangeError: no/);
    await startLoop(terminal, 'k = 8; ');
    terminal.type(keys.ctrl('c'));
    await terminal.waitFor(/\(interrupted\)\n>$/);
    await shell.entry('k', /= 8/);
  }));

test('ctrl-c leaves an await that never settles, drops what waits, and never leaves the shell', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('1', /res0/);
    terminal.type('await new Promise(() => {})\r');
    await terminal.waitFor(/\{\}\)\n*$/);
    terminal.type('"typed ahead"\r');
    await terminal.waitFor(/^> "typed ahead"$/m);
    terminal.type(keys.ctrl('c'));
    await terminal.waitFor(/1 waiting entry dropped\)\n\(interrupted\)\n>$/);
    terminal.type(keys.ctrl('c'));
    await terminal.waitFor(/To leave, press Ctrl-D or type \.exit\)\n>$/);
    await shell.entry('2', /res\d: number = 2/);
  }));

test('output of timers goes above the line being typed', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('const t = setInterval(() => console.log("tick"), 50)', />/);
    terminal.type('clearInterval(t)');
    await terminal.waitFor(/tick\ntick\ntick\n> clearInterval\(t\)$/);
    await shell.entry('', />/);
  }));

test('a busy loop prints as it goes', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('1', /res0/);
    terminal.type('for (let i = 0; ; i++) if (i % 5e7 === 0) console.log("at", i)\r');
    await terminal.waitFor(/at 50000000\nat 100000000\n/, 20_000);
    terminal.type(keys.ctrl('c'));
    await terminal.waitFor(/\(interrupted\)\n>$/);
  }));

test('.load runs a file statement by statement, names the line of an error, and what ran before stays', () =>
  withShell(async (shell) => {
    writeFileSync(path.join(folder, 'half.ts'), 'export const half = (x: number) => x / 2;\n');
    writeFileSync(path.join(folder, 'good.ts'), "import { half } from './half';\nconst four = half(8);\nfour\n");
    writeFileSync(path.join(folder, 'bad.ts'), 'const before = 1;\n\n\n(null as any).x;\nconst after = 2;\n');
    await shell.entry('.load good.ts', /res0: number = 4/);
    await shell.entry('.load bad.ts', /bad\.ts:4/);
    await shell.entry('before', /= 1/);
    await shell.entry('after', /Cannot find name 'after'/);
    await shell.entry('.load nosuch.ts', /There is nothing at nosuch\.ts/);
  }));

test('.load refuses circles and endless depth, .reset inside a file goes on in the new session, and Ctrl-C ends what waits', () =>
  withShell(async (shell, terminal) => {
    const files = {
      'self.ts': '.load self.ts\n',
      'one.ts': 'const inOne = 1\n.load two.ts\n',
      'two.ts': '.load ./one.ts\nconst never = 2\n',
      'fresh.ts': 'const gone = 1\n.reset\nconst there = 2\n',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    for (let n = 1; n < 40; n++) writeFileSync(path.join(folder, `deep${n}.ts`), `.load deep${n + 1}.ts\n`);
    execFileSync('mkfifo', [path.join(folder, 'silent')]);
    await shell.entry('.load self.ts', /being loaded already \(self\.ts → self\.ts\)/);
    await shell.entry('.load one.ts', /\.\/one\.ts cannot be loaded here.*\(one\.ts → two\.ts → \.\/one\.ts\)/);
    await shell.entry('inOne', /= 1/);
    await shell.entry('.load deep1.ts', /deep33\.ts cannot be loaded here: 32 files/);
    terminal.type('.load silent' + keys.enter + keys.ctrl('c'));
    await terminal.waitFor(/\.load silent\n\(interrupted\)\n>$/);
    await shell.entry('.load fresh.ts', /a fresh session/, 20_000);
    await shell.entry('there', /= 2/);
    await shell.entry('gone', /Cannot find name 'gone'/);
  }));

test('a child that ignores Ctrl-C ends at the second, and a check that takes minutes at the first; no name is lost', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('const kept = 41', />/);
    const mark = path.join(folder, 'stubborn');
    terminal.type(`require('node:child_process').execSync('trap "" INT; echo > ${mark}; sleep 300; sleep 301')${keys.enter}`);
    await until(10_000, () => existsSync(mark), 'the child');
    const processes = descendants(terminal.pid);
    terminal.type(keys.ctrl('c'));
    const pressed = performance.now();
    await until(10_000, () => performance.now() - pressed > 2_100, 'the patience of Ctrl-C');
    assert.not.match(terminal.screen(), /interrupted/);
    terminal.type(keys.ctrl('c'));
    await terminal.waitFor(/\(interrupted\)\n>$/);
    await until(10_000, () => descendants(terminal.pid).length < processes.length, 'the end of the child');
    terminal.type(
      'type Grows<D extends any[]> = D["length"] extends 22 ? D : Grows<[...D, 0]> | Grows<[...D, 1]>; let huge: Grows<[]>',
    );
    await terminal.waitFor(/huge: Grows<\[\]>$/m);
    terminal.type(keys.enter);
    terminal.type(keys.ctrl('c'));
    await terminal.waitFor(/\(interrupted\)\n>$/);
    await shell.entry('kept + 1', /= 42/, 20_000);
  }));

test('a pasted session and lines that are commands run one by one; !n runs an entry again; words of other shells get a hint', () =>
  withShell(async (shell, terminal) => {
    const session =
      '> const pasted = 6\n> .set rows 5\n> pasted * 7\nres0: number = 42\n… 1 more\n> [1,\n… 2].length\nres1: number = 2';
    terminal.type(keys.paste(session));
    await terminal.waitFor(/\n> const pasted = 6\n> \.set rows 5\n> pasted \* 7\n> \[1,\n… 2\]\.length$/);
    terminal.type(keys.enter);
    await terminal.waitFor(/> pasted \* 7\nres0: number = 42\n> \[1,\n… 2\]\.length\nres1: number = 2\n>$/, 20_000);
    await shell.entry(keys.paste('const later = 8\n.type later\nlater * 2'), /^number\n> later \* 2\nres2: number = 16/m);
    await shell.entry('.history 2', /^ *(\d+) {2}later \* 2\n *\d+ {2}\.history 2$/m);
    const number = /(\d+) {2}later \* 2/.exec(terminal.everything())![1];
    await shell.entry(`!${number}`, /later \* 2\nres3: number = 16/);
    await shell.entry('!!', /later \* 2\nres4: number = 16/);
    await shell.entry('!99999', /The history has no entry !99999/);
    await shell.entry('!0', /res5: boolean = true/);
    for (const word of ['exit', 'quit()']) await shell.entry(word, /^\(To leave, press Ctrl-D or type \.exit\.\)$/m);
    await shell.entry('sc?', /^\(\.doc sc shows/m);
    await shell.entry('const exit = 5', />/);
    await shell.entry('exit', /= 5/);
  }));

test('.save writes the entries that ran to a file that runs again, and never overwrites files of others', () =>
  withShell(async (shell) => {
    await shell.entry('const base = 20', />/);
    await shell.entry('nosuch', /Cannot find/);
    await shell.entry('const doubled = base * 2', />/);
    await shell.entry('.save saved.ts', /2 entries written/);
    assert.match(readFileSync(path.join(folder, 'saved.ts'), 'utf8'), /^\/\/.*\nconst base = 20\nconst doubled = base \* 2\n$/);
    writeFileSync(path.join(folder, 'mine.ts'), 'mine\n');
    await shell.entry('.save mine.ts', /exists already: \.save overwrites only/);
    assert.is(readFileSync(path.join(folder, 'mine.ts'), 'utf8'), 'mine\n');
    await shell.entry('.load saved.ts', />/);
  }));

test('commands on values: .time, .explain, .jobs; a colon does as well', () =>
  withShell(async (shell) => {
    await shell.entry('.time sc.range(10).sum()', /number = 45\n\d\.\d{3} s/);
    await shell.entry('.explain sc.range(10).map(x => x + 1)', /map/);
    await shell.entry('.explain 5', /must be a dataset/);
    await shell.entry('.explain sc.range(3).setName("x\\u001b]0;owned\\u0007\\u202e")', / x\\x1b\]0;owned\\x07\\u202e \(range\)/);
    await shell.entry('.jobs', /done/);
    await shell.entry('.executors', /processors?.* of memory/);
    await shell.entry(':type 1 + 1', /^number$/m);
  }));

test('an unknown command names the nearest, and help has them all', () =>
  withShell(async (shell) => {
    await shell.entry('.lod file.ts', /no command \.lod\. Did you mean \.load\?/);
    await shell.entry('.help load', /statement by statement/);
    await shell.entry('.help', /\.save FILE[\s\S]*\.exit/);
  }));

test('an unfinished entry goes on at the continuation prompt', () =>
  withShell(async (shell, terminal) => {
    terminal.type('const f = (x: number) => {\r');
    await terminal.waitFor(/^…$/m);
    await shell.entry('return x + 1;\r}', />/);
    await shell.entry('f(1)', /= 2/);
    terminal.type('if (true)\r');
    await terminal.waitFor(/^> if \(true\)\n…$/m);
    terminal.type(keys.ctrl('c'));
    await terminal.waitFor(/^>$/m);
  }));

test('.editor reads lines until ctrl-d and runs them as one entry', () =>
  withShell(async (_, terminal) => {
    terminal.type('.editor\r');
    await terminal.waitFor(/Ctrl-D runs it/);
    terminal.type('const a = 1\rconst b = 2\ra + b\r' + keys.ctrl('d'));
    await terminal.waitFor(/res0: number = 3\n>$/);
  }));

test('tab completes members, names in a lambda, commands and paths', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('const lines = sc.parallelize(["a"])', />/);
    terminal.type('lines.map(l => l.toUpp' + keys.tab);
    await terminal.waitFor(/l\.toUpperCase$/m);
    terminal.type(keys.ctrl('u') + '.expla' + keys.tab);
    await terminal.waitFor(/^> \.explain$/m);
    writeFileSync(path.join(folder, 'data-file.txt'), 'x\n');
    terminal.type(keys.ctrl('u') + 'sc.textFile("data-f' + keys.tab);
    await terminal.waitFor(/textFile\("data-file\.txt$/m);
    terminal.type(keys.ctrl('u'));
  }));

test('history survives the session, and is written before the entry runs', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('"remember me"', /res0/);
    terminal.type('process.kill(process.ppid, "SIGKILL")\r');
    await terminal.exited;
    await withShell(async (_, next) => {
      next.type(keys.up);
      await next.waitFor(/^> process\.kill/m);
      next.type(keys.ctrl('c') + keys.ctrl('r') + 'remember');
      await next.waitFor(/"remember me"$/m);
    });
  }));

test('a session that dies is replaced and its entries can be run again', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('const kept = 41', />/);
    await shell.entry(' const secret = "hush"', />/);
    await shell.entry('process.kill(process.pid, "SIGKILL")', /SIGKILL ended it[\s\S]*a new session starts/);
    const file = /\.load (\S+replay-\d+\.ts)/.exec(terminal.everything().replaceAll('\n', ''))?.[1];
    assert.match(terminal.everything(), /Entries that began with a space are not in it/);
    assert.not.match(readFileSync(file!, 'utf8'), /hush/);
    await shell.entry('kept', /Cannot find name 'kept'/);
    await shell.entry(`.load ${file}`, />/);
    await shell.entry('kept + 1', /= 42/);
  }));

test('running out of memory is reported in one line', () =>
  withShell(
    async (shell, terminal) => {
      await shell.entry(
        'const all: unknown[] = []; while (true) all.push({ n: all.length })',
        /ended: it ran out of memory/,
        60_000,
      );
      assert.not.match(terminal.everything(), /GCs|FATAL|v8::/);
      await shell.entry('1 + 1', /= 2/);
    },
    { env: { NODE_OPTIONS: '--max-old-space-size=128' } },
  ));

test('process.exit leaves with its code', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('1', /res0/);
    terminal.type('process.exit(3)\r');
    assert.is(await terminal.exited, 3);
  }));

test('ctrl-d and .exit leave with 0 and no process stays', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('sc.range(10).count()', /= 10/, 20_000);
    const processes = descendants(terminal.pid);
    assert.ok(processes.length >= 3, 'a session, a type service, an executor');
    terminal.type(keys.ctrl('d'));
    assert.is(await terminal.exited, 0);
    await allGone(processes, 1_000);
    await withShell(async (_, next) => {
      next.type('.exit\r');
      assert.is(await next.exited, 0);
    });
  }));

test('entries typed before ctrl-d run first', () =>
  withShell(async (_, terminal) => {
    terminal.type('console.log("last" + " words")\r' + keys.ctrl('d'));
    assert.is(await terminal.exited, 0);
    assert.match(terminal.everything(), /^last words$/m);
  }));

for (const [signal, status] of [
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`${signal} ends everything, whatever runs`, () =>
    withShell(async (shell, terminal) => {
      await shell.entry('sc.range(10).count()', /= 10/, 20_000);
      await startLoop(terminal);
      const processes = descendants(terminal.pid);
      process.kill(terminal.pid, signal);
      assert.is(await terminal.exited, status);
      await allGone(processes, 1_000);
    }));
}

for (const [what, typed, shown, TERM] of [
  ['an idle prompt', '', />$/, 'xterm'],
  ['output of a timer', 'setInterval(() => console.log("out" + "put"), 10); 0\r', /^output$/m, 'xterm'],
  ['a loop', 'console.log("loop" + "ing"); while (true) {}\r', /^looping$/m, 'dumb'],
] as const) {
  test(`a closed terminal ends ${what} as a hang-up does`, () =>
    withShell(
      async (shell, terminal) => {
        await shell.entry('1 + 1', /= 2/, 20_000);
        terminal.type(typed);
        await terminal.waitFor(shown);
        const processes = descendants(terminal.pid);
        terminal.hangUp();
        assert.is(await terminal.exited, 129);
        await allGone(processes, 1_000);
      },
      { env: { TERM } },
    ));
}

test('a terminal that is killed takes its processes along within three seconds, whatever runs', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('sc.range(10).count()', /= 10/, 20_000);
    await startLoop(terminal);
    const processes = descendants(terminal.pid);
    process.kill(terminal.pid, 'SIGKILL');
    await allGone(processes, 3_000);
  }));

test('TERM=dumb gets lines without a code of the terminal', () =>
  withShell(
    async (_, terminal) => {
      terminal.type('const a = [\r1]\ra.length\r');
      await terminal.waitFor(/res0: number = 1\n>$/, 20_000);
      assert.not.match(terminal.raw, /\x1b/);
      await startLoop(terminal);
      terminal.type(keys.ctrl('c'));
      await terminal.waitFor(/\(interrupted\)\n>$/);
      terminal.type(keys.ctrl('d'));
      assert.is(await terminal.exited, 0);
    },
    { env: { TERM: 'dumb' } },
  ));

test.run();
