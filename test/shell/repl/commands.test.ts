// The commands of the prompt on a pseudo-terminal: showing, paging, background, stages, settings, the rc file; narrow terminals too.
// time limit: 300 s
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { widthOf } from '../../../shell/print/safe-text';
import { promptFolder as folder, withShell } from '../../helpers/prompt';
import { keys } from '../../helpers/terminal';

test('.bg frees the prompt at once and reports its end above the line being typed; _ and Ctrl-C do not touch it', () =>
  withShell(async (shell, terminal) => {
    const gate = path.join(folder, 'gate');
    await shell.entry("import { existsSync } from 'node:fs'; const k = 40; k", /res0: number = 40/);
    await shell.entry(
      `.bg sc.range(2).map(x => { while (!existsSync('${gate}')); return x }).sum()`,
      /\(b1 runs in the background; its value will be res1\)/,
    );
    await shell.entry('res1', /ReferenceError: res1 has no value yet/);
    await shell.entry('_ + 2', /res2: number = 42/);
    await shell.entry('.jobs', /running .* sum of map.*\(b1\)[\s\S]*b1 {2}background/);
    terminal.type(keys.ctrl('c'));
    await terminal.waitFor(/To leave, press Ctrl-D/);
    terminal.type('res1 + ');
    writeFileSync(gate, '');
    await terminal.waitFor(/\(b1 is done after [\d.]+ m?s: [^\n]*\n?[^\n]*\)\nres1: number = 1\n> res1 \+$/);
    terminal.type('0\r');
    await terminal.waitFor(/res3: number = 1\n>$/);
  }));

test('the console and stdout are those of a terminal: size, colours, progress, traces without our frames', () =>
  withShell(
    async (shell, terminal) => {
      const size = 'const { columns, rows, isTTY } = process.stdout; [columns, rows, isTTY, process.stdout.getWindowSize()]';
      await shell.entry(size, /= \[100, 30, true, \[100, 30\]\]/);
      await shell.entry("import { isatty } from 'node:tty'; [isatty(1), isatty(2)]", /= \[true, true\]/);
      const progress =
        'for (let i = 0; i < 4; i++) { process.stdout.write(`\\r${i * 25} %`); await new Promise(r => setTimeout(r, 20)) }';
      await shell.entry(`${progress}; 'after'`, /\n75 %\nres\d+: string = "after"\n>$/);
      await shell.entry(
        "console.log('a\\nb'); process.stdout.moveCursor(0, -1); process.stdout.clearLine(0); console.log('c')",
        /\na\nc\n>$/,
      );
      await shell.entry("console.trace('here')", /\nTrace: here\n {4}at <input \d+>:1:9\n>$/);
      const child = `import { execFileSync } from 'node:child_process'; void execFileSync('printf', ['one\\rtwo'], { stdio: 'inherit' })`;
      await shell.entry(child, /\ntwo\n>$/);
      await shell.entry('void process.stdout.on("resize", () => console.log("now", process.stdout.columns))', />$/);
      terminal.resize(90, 30);
      await terminal.waitFor(/now 90\n>$/);
    },
    { columns: 100, rows: 30 },
  ));

test('_error is the last error with its fields, unless the user has taken the name', () =>
  withShell(async (shell) => {
    await shell.entry("throw Object.assign(new Error('x'), { status: 404 })", /Error: x[\s\S]*\n status: 404\n/);
    await shell.entry('_error.status + 1', /= 405\n/);
    const failing = 'sc.range(1).map(x => { throw Object.assign(new RangeError("row " + x), { row: x }) }).count()';
    await shell.entry(failing, /RangeError: row 0[\s\S]*\n row: 0\n/);
    await shell.entry('[_error.details.remote.fields.row, _error.code]', /= \[0, "TASK_FAILED"\]/);
    await shell.entry('const kept = _error; throw "text"', /thrown: "text"/);
    await shell.entry('[String(_error), kept.name]', /= \["text", "MillraceError"\]/);
    await shell.entry('const _error = 7; throw 8', /thrown: 8/);
    await shell.entry('_error', /: number = 7\n/);
  }));

test('queries are datasets for the prompt and its commands; .export takes an expression for its path', () =>
  withShell(async (shell) => {
    await shell.entry("import { from } from 'millrace/models'", />$/);
    const query = 'const query = from(sc.range(4)).where(x => x > 0).orderByDescending(x => x)';
    await shell.entry(query, />$/);
    await shell.entry('query', /: OrderedQuery<number> {2}\S+ · \d+ partitions?[\s\S]*\n number\n─+\n +3\n +2\n +1\n/);
    await shell.entry('.explain query', /sortBy[\s\S]*range/);
    await shell.entry('.plot query', /histogram of 3 numbers/);
    await shell.entry('.show 1 query', /sample of 1[\s\S]*\n +3\n/);
    await shell.entry("const out = 'query' + 1 + '.csv'", />$/);
    await shell.entry('.export query out', /3 rows, \d+ B written to query1\.csv\n/);
    await shell.entry('.export query `query${2}.csv`', /3 rows, \d+ B written to query2\.csv\n/);
    await shell.entry('.export query (7)', /the file is number, but must be a text/);
  }));

test('.cancel stops the jobs and awaits of a background entry; one that fails is reported with its place', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('.bg sc.range(1).map(x => { while (true); }).count()', /b1 runs/);
    await shell.entry('.cancel b1', /\(b1 was cancelled/);
    await shell.entry('.bg new Promise(() => {})', /b2 runs/);
    await shell.entry('.cancel', /\(b2 was cancelled/);
    await shell.entry('.cancel b2', /the job is b2, but must be a running job; none runs/);
    await shell.entry('.bg sc.range(1).map(x => { throw new TypeError("n" + x) }).count()', /b3 runs/);
    await terminal.waitFor(/\(b3 failed after[\s\S]*TypeError: n0/);
    await shell.entry('res2', /res2 has no value: the background entry that computes it failed/);
    await shell.entry('.errors', /TypeError|ReferenceError/);
  }));

test('.show prints the requested rows of the last value or another; it mentions cut cells, and .page shows them whole', () =>
  withShell(async (shell, terminal) => {
    await shell.entry("const rows = sc.range(50).map(x => ({ x, text: 'wide '.repeat(30) + x }))", />/);
    await shell.entry('rows', /sample of 20[\s\S]*… cells are cut: \.page shows all/);
    await shell.entry('.show 3', /sample of 3[\s\S]*\n +2 │[^\n]*\n[^\n]*cells are cut/);
    await shell.entry('.show 30 sc.range(100)', /sc\.range\(100\): RDD<number>[\s\S]*sample of 30[\s\S]*\n {5}29\n/);
    await shell.entry(".show 'a\\nb'", /\na\nb\n/);
    await shell.entry('.show', /sample of 50|50 rows/);
    await shell.entry('res0.count()', /res1: number = 50/);
    assert.not.match(terminal.everything(), /res2/);
  }));

test('.page lends the terminal to the pager and takes it back with the line being typed', () =>
  withShell(
    async (shell, terminal) => {
      const pager = path.join(folder, 'pager.js');
      writeFileSync(
        pager,
        `const fs = require('fs'); const text = fs.readFileSync(0, 'utf8'); const tty = fs.openSync('/dev/tty', 'r');
        const raw = require('child_process').execFileSync('stty', ['-a'], { stdio: [tty, 'pipe', 'inherit'] }).toString();
        process.stdout.write('PAGED ' + text.length + (/-icanon/.test(raw) ? ' raw' : ' cooked') + ' ' + text.includes('wide 199') + '\\n');
        fs.readSync(tty, Buffer.alloc(10));`,
      );
      await shell.entry(`.set pager ${process.execPath} ${pager}`, />/);
      terminal.type('.page sc.range(200).map(x => ({ x, text: "wide ".repeat(100) + x }))\r');
      await terminal.waitFor(/PAGED \d{5,} cooked true/);
      // Ctrl-C in a pager is for the pager.
      terminal.type('q\r');
      await terminal.waitFor(/>$/);
      await shell.entry('1 + 1', /res\d+: number = 2/);
      await shell.entry('.set pager /no/such/pager', />/);
      await shell.entry('.page 60 sc.range(100)', /The pager \/no\/such\/pager cannot be started[\s\S]*\n +59\n/);
      await shell.entry('.page 3 + 4', /\n7\n>$/);
    },
    { rows: 30 },
  ));

test('.sh lends the terminal to a command of the system: its input, Ctrl-C, unended output, its status', () =>
  withShell(
    async (shell, terminal) => {
      mkdirSync(path.join(folder, 'below'), { recursive: true });
      await shell.entry('.sh echo one two | wc -w; printf "[%s]" unended', /\n2\n\[unended\] *\n>$/);
      await shell.entry('.sh test -t 0 -a -t 1 && stty -a | grep -c -w -e -icanon || echo cooked', /\n0\ncooked\n>$/);
      await shell.entry("process.chdir('below')", />$/);
      await shell.entry('.sh pwd', /\/below\n>$/);
      terminal.type('.sh echo name?; read name; echo "hello $name"\r');
      await terminal.waitFor(/^name\?$/m);
      terminal.type('Ada\r');
      await terminal.waitFor(/^Ada\nhello Ada\n[\s\S]*^>$/m);
      await shell.entry('.sh exit 3', /\.sh exit 3 ended with status 3\n>$/);
      await shell.entry(':sh kill -KILL $$', /\.sh kill -KILL \$\$ ended with SIGKILL\n>$/);
      await shell.entry('.sh', /the command is missing[\s\S]*\.sh ls -l/);
      // One process: a Ctrl-C between two commands of a line, dash keeps to itself until the second has ended.
      terminal.type(`.sh exec '${process.execPath}' -e 'console.log("asleep"); setInterval(() => {}, 1e6)'\r`);
      await terminal.waitFor(/^asleep$/m);
      terminal.type(keys.ctrl('c'));
      await terminal.waitFor(/\(interrupted\)\n>$/);
      await shell.entry('!echo -n x', /\(\.sh echo -n x runs a command of the system\.\)\n>$/);
      writeFileSync(
        path.join(folder, 'with-sh.ts'),
        'const before = 1; void process.stdout.write("unended");\n.sh echo loaded\n.sh false\nconst after = 2;\n',
      );
      await shell.entry(`.load ${path.join(folder, 'with-sh.ts')}`, /\nunended *\nloaded\n\.sh false ended with status 1\n>$/);
      await shell.entry('before', /= 1\n>$/);
      await shell.entry('after', /Cannot find name 'after'/);
    },
    { env: { SHELL: '/bin/sh' } },
  ));

test('.stages shows tasks and skew, .datasets what is persisted, and a skewed stage is reported once', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('.stages', /no jobs yet/);
    await shell.entry('.datasets', /no dataset is persisted/);
    await shell.entry('const kept = sc.range(0, 100, 1, 4).cache(); const again = kept', />/);
    await shell.entry('kept.count()', /= 100/);
    await shell.entry(
      '.datasets',
      /^kept, again {2}range\[\d+\] {2}MEMORY_ONLY {2}← .*\n {2}4 of 4 partitions, .*in memory \(e1: 4\)$/m,
    );
    await shell.entry('.stages', /job 0, done {2}count of range.* ← kept\.count\(\)\n +stage +tasks[\s\S]*4\/4/);
    const slow =
      'sc.range(0, 6, 1, 6).map(x => { const end = Date.now() + 2500; while (x === 3 && Date.now() < end); return x }).count()';
    await shell.entry(slow, /is skewed: partition 3 took 2\.\d s[\s\S]*res\d+: number = 6/);
    await shell.entry('.stages', /! stage \d+: partition 3 on e1/);
    await shell.entry(slow, /res\d+: number = 6/);
    assert.is(terminal.everything().split('is skewed').length, 2);
    await shell.entry('.stages 99', /the job is 99, but must be one of/);
    await shell.entry('const sums = sc.range(4).map(x => [x % 2, x]).reduceByKey((a, b) => a + b)', />/);
    await shell.entry('sums.count()', /= 2/);
    await shell.entry('sums.count()', /= 2/);
    await shell.entry('.stages', /skipped, because their output existed: stages \d+/);
    await shell.entry('const stored = sc.range(0, 3, 1, 3).persist(StorageLevel.DISK_ONLY); await stored.count()', /= 3/);
    await shell.entry('.datasets', /stored {2}[\s\S]*on disk \(disk: 3\)/);
  }));

test('groupByKey that only adds up gives one hint per entry, with the rewrite, and .set hints off silences it', () =>
  withShell(async (shell, terminal) => {
    const line = "sc.parallelize(['a', 'a']).map(w => [w, 1]).groupByKey().mapValues(v => v.length).collect()";
    await shell.entry(
      line,
      /\(groupByKey sends every value[\s\S]*\.mapValues\(\(\) => 1\)\.reduceByKey\(\(a, b\) => a \+ b\)[\s\S]*res0/,
    );
    await shell.entry(line, /res1/);
    await shell.entry('.set hints off', />/);
    await shell.entry(`${line} `.replace("'a', 'a'", "'b'"), /res2/);
    assert.is(terminal.everything().split('groupByKey sends').length, 2);
  }));

test('.set shows, changes, checks and completes settings', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('.set', /rows 20 .*\nseconds 2 /);
    await shell.entry('.set rows 3', />/);
    await shell.entry('sc.range(9)', /sample of 3/);
    await shell.entry('.set rows', /^rows 3 /m);
    await shell.entry('.set seconds 0.1', />/);
    const slow = 'sc.range(0, 1, 1, 1).map(x => { const end = Date.now() + 1500; while (Date.now() < end) {} return x })';
    await shell.entry(
      slow,
      /no rows yet: it stopped after 100 ms\n … \.show, take\(N\), count\(\) run to the end, or until Ctrl-C$/m,
    );
    await shell.entry('.set rows 0', /rows is 0, but must be a whole number from 1 to 10000/);
    await shell.entry('.set rwos 5', /Did you mean \.set rows\?/);
    await shell.entry('.set rows default', />/);
    await shell.entry('.set timeZone Europe/Berlin', />/);
    await shell.entry('new Date(Date.UTC(2026, 6, 1))', /Date = 2026-07-01T02:00:00\.000\+02:00/);
    await shell.entry(
      'sc.parallelize([Date.UTC(2026, 6, 1), Date.UTC(2026, 0, 1)], 1).map(d => new Date(d).getHours()).sum()',
      /number = 3$/m,
    );
    await shell.entry('.set timeZone Berlin', /timeZone is Berlin, but must be auto, UTC, or the name of a zone/);
    await shell.entry('.set timeZone auto', />/);
    await shell.entry('new Date(Date.UTC(2026, 6, 1))', /Date = 2026-07-01T00:00:00\.000Z/);
    terminal.type('.set hin\t');
    await terminal.waitFor(/> \.set hints$/);
    terminal.type(' \t');
    await terminal.waitFor(/on[\s\S]*off[\s\S]*default/);
    terminal.type(keys.ctrl('c'));
  }));

test('the rc file of the configuration folder runs before what is typed; an error in it is reported with its place', async () => {
  const config = path.join(folder, 'config');
  mkdirSync(path.join(config, 'millrace'), { recursive: true });
  writeFileSync(
    path.join(config, 'millrace/rc.ts'),
    '.set rows 4\nconst greeting: string = "from rc";\n(null as any).x\nconst unreached = 1\n',
  );
  // One in the current folder is nobody's.
  writeFileSync(path.join(folder, '.millracerc.ts'), 'console.log("never run")');
  await withShell(
    async (shell, terminal) => {
      terminal.type('greeting\r');
      await terminal.waitFor(/rc\.ts:3[\s\S]*rc\.ts did not run to its end[\s\S]*> greeting\nres0: string = "from rc"\n>$/);
      await shell.entry('sc.range(9)', /sample of 4/);
      await shell.entry('unreached', /Cannot find name 'unreached'/);
      await shell.entry('.save rc-saved.ts', /2 entries written/);
      assert.not.match(terminal.everything(), /never run/);
    },
    { env: { XDG_CONFIG_HOME: config, HOME: folder } },
  );
});

test(".reset starts a fresh session without the names, and spark-shell's commands are understood", () =>
  withShell(async (shell, terminal) => {
    await shell.entry('const gone = 1', />/);
    await shell.entry(':history', /const gone = 1/);
    await shell.entry(':type gone', /^(1|number)$/m);
    await shell.entry(':reset', /\(a fresh session\)/);
    await shell.entry('gone', /Cannot find name 'gone'/);
    await shell.entry('sc.range(3).count()', /res0: number = 3/);
    terminal.type(':quit\r');
    assert.is(await terminal.exited, 0);
  }));

/** A session starts first. */
const sessionMs = 60_000;

test('.master starts a fresh session on another master, and one that fails costs only its session', () =>
  withShell(async (shell) => {
    await shell.entry('.master', /^local/m);
    await shell.entry('const gone = 1', />/);
    await shell.entry('.master nowhere', /nowhere.*\n.*Use local/, sessionMs);
    await shell.entry('gone', /res0: (number|1) = 1/);
    await shell.entry('.master local', /\(a fresh session on local\)/, sessionMs);
    await shell.entry('gone', /Cannot find name 'gone'/);
    await shell.entry('sc.master', /"local"|'local'|= local/);
    await shell.entry('.master serve:/no/such/socket', /a fresh session on local, as before/, sessionMs);
    await shell.entry('sc.range(3).count()', /: number = 3/, sessionMs);
    await shell.entry('.master spark://127.0.0.1:1', /a fresh session on spark/, sessionMs);
    await shell.entry('sc.range(3).count()', /Spark cannot|no Spark|no Java|no master answers/, sessionMs);
    await shell.entry('.master local', /a fresh session on local\)/, sessionMs);
    await shell.entry('sc.range(4).count()', /: number = 4/, sessionMs);
  }));

test('what --conf chose holds in the first session, after .reset, and after the session died', () =>
  withShell(
    async (shell) => {
      await shell.entry('sc.config.taskMaxFailures', /res0: number = 2/);
      await shell.entry('.reset', /\(a fresh session\)/);
      await shell.entry('sc.config.taskMaxFailures * 10', /res0: number = 20/);
      await shell.entry('process.kill(process.pid, "SIGKILL")', /The session ended: SIGKILL ended it/);
      await shell.entry('sc.config.taskMaxFailures * 100', /res0: number = 200/);
    },
    {},
    ['--conf', 'taskMaxFailures=2'],
  ));

test('Ctrl-C breaks a loop in a trap or getter that is run to see whether a value can be awaited', () =>
  withShell(async (shell, terminal) => {
    await shell.entry('const kept = 7', />/);
    for (const trap of [
      'new Proxy({}, { get() { console.log("in" + " trap"); while (true) {} } })',
      '({ get then() { console.log("in" + " trap"); while (true) {} } })',
    ]) {
      const before = terminal.everything().length;
      terminal.type(`${trap}\r`);
      await terminal.until(() => terminal.everything().slice(before).includes('\nin trap'), 'the trap');
      terminal.type(keys.ctrl('c'));
      await terminal.until(() => /\(interrupted\)\n>$/.test(terminal.everything().slice(before)), 'the interruption');
    }
    await shell.entry('kept', /= 7/);
  }));

for (const columns of [40, 20]) {
  test(`at ${columns} columns every command keeps within the width, prompt included`, () =>
    withShell(
      async (_, terminal) => {
        const wide =
          "sc.parallelize([{ name: '漢字 with more', n: 1.5, long: 'x'.repeat(99) }, { name: 'b', n: 22.25, long: '' }], 2)";
        terminal.type(`const r = ${wide}.cache()\r`);
        await terminal.waitFor(/>$/);
        for (const [entry, wanted] of [
          ['r', /2 rows/],
          ['.show r', /2 rows/],
          ['.plot r.map(x => x.n)', /histogram/],
          ['.plot [[1, 2], [2, 5], [3, 1]]', /⠈|⠉|⡠|⢄/],
          ['.jobs', /done/],
          ['.stages', /stage/],
          ['.datasets', /MEMORY/],
        ] as const) {
          terminal.type(`${entry}\r`);
          await terminal.until(() => wanted.test(terminal.screen()) && />$/.test(terminal.screen()), `${wanted} after ${entry}`);
        }
        // What wraps is told by the terminal as one long line; only entries and prompts of one are longer than the screen.
        const printed = terminal.everything().split('\n');
        const tooWide = printed.filter((line) => widthOf(line) > columns && !/^[>…(M]|^ \w+ ·/.test(line));
        assert.equal(tooWide, []);
      },
      { columns, rows: 30 },
    ));
}

test.run();
