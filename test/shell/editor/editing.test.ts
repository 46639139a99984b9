// What the editor does beside the keys of one entry: indentation, hints, colours, huge and broken pastes, small terminals, suspension.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { editOutside } from '../../../shell/editor/external-editor';
import { editorCommand, withEditor } from '../../helpers/editor';
import { keys, open, type Terminal } from '../../helpers/terminal';

const inColour = { NO_COLOR: '', FORCE_COLOR: '1' };

test('a new line inside brackets is indented, and the bracket that closes goes back', () =>
  withEditor({}, async (terminal) => {
    terminal.type('f(() => {' + keys.enter);
    await terminal.until(() => terminal.cursor().column === 4, 'two columns');
    terminal.type('g([');
    await terminal.waitFor(/g\(\[$/);
    terminal.type(keys.enter);
    await terminal.until(() => terminal.cursor().column === 6, 'four columns');
    terminal.type('1');
    await terminal.waitFor(/1$/);
    terminal.type(keys.enter);
    await terminal.until(() => terminal.cursor().row === 3, 'the next line');
    terminal.type('])');
    await terminal.waitFor(/^… {3}\]\)$/m);
    terminal.type(keys.enter);
    await terminal.until(() => terminal.cursor().row === 4, 'the next line');
    terminal.type('})' + keys.enter);
    await terminal.waitFor(/=> "f\(\(\) => \{\\n {2}g\(\[\\n {4}1\\n {2}\]\)\\n\}\)"/);
  }));

test('a new line between brackets puts the closing bracket on its own line', () =>
  withEditor({}, async (terminal) => {
    terminal.type('f({})' + keys.left + keys.left);
    await terminal.until(() => terminal.cursor().column === 5, 'the cursor between them');
    terminal.type(keys.altEnter);
    await terminal.waitFor(/^> f\(\{\n… *\n… \}\)$/m);
    await terminal.until(() => terminal.cursor().column === 4 && terminal.cursor().row === 1, 'the cursor inside');
  }));

test('text that comes at once is not indented, as it is where a terminal does not mark pastes', () =>
  withEditor({}, async (terminal) => {
    terminal.type('f({\r    a: 1,\r    b: 2,\r})\r');
    await terminal.waitFor(/=> "f\(\{\\n {4}a: 1,\\n {4}b: 2,\\n\}\)"/);
  }));

test('inside a call its signature stands under the entry, with the current parameter marked', () =>
  withEditor({}, async (terminal) => {
    terminal.type('call(');
    await terminal.waitFor(/^> call\(\ncall\(‹first: string›, second: number\): void\nDoes it\.$/m);
    terminal.type("'a', ");
    await terminal.waitFor(/^call\(first: string, ‹second: number›\): void$/m);
    terminal.type('1)');
    await terminal.until(() => !terminal.screen().includes('void'), 'no signature outside');
    terminal.type(keys.enter);
    await terminal.waitFor(/=> "call\('a', 1\)"\n>$/);
  }));

test('a signature that does not fit is cut to the current parameter', () =>
  withEditor({ columns: 30 }, async (terminal) => {
    terminal.type("call('a', ");
    await terminal.waitFor(/^call\(…, ‹second: number›\): vo…$/m);
  }));

test('alt-h shows the type under the cursor until the next key', () =>
  withEditor({}, async (terminal) => {
    terminal.type('abc' + keys.alt('h'));
    await terminal.waitFor(/^> abc\nabout abc$/m);
    terminal.type('d');
    await terminal.until(() => !terminal.screen().includes('about'), 'gone');
  }));

/** An entry in colours: what must be painted how. */
const colours: Readonly<Record<string, readonly [entry: string, painted: readonly string[]]>> = {
  'keywords, strings and numbers': ["const a = 'x' + 12", ['\x1b[35mconst\x1b[39m', "\x1b[32m'x'\x1b[39m", '\x1b[36m12\x1b[39m']],
  'templates with holes': ['`a${b}c`', ['\x1b[32m`a\x1b[39m', '\x1b[32mc`\x1b[39m']],
  'comments and regular expressions': ['x = /a[/]b/g // why', ['\x1b[31m/a[/]b/g\x1b[39m', '\x1b[2m// why\x1b[22m']],
  'types, and keywords that are names elsewhere': [
    'type Pt = Map<string, Shape>',
    ['\x1b[35mtype\x1b[39m', '\x1b[36mShape\x1b[39m'],
  ],
  'words of commands': ['!print "a"', ['\x1b[1m!print\x1b[22m']],
};

for (const [name, [entry, painted]] of Object.entries(colours)) {
  test(`colours: ${name}`, () =>
    withEditor({ env: inColour }, async (terminal) => {
      terminal.type(entry + keys.enter);
      await terminal.until(
        () => painted.every((one) => terminal.raw.includes(one)),
        painted.map((one) => JSON.stringify(one)).join(' '),
      );
    }));
}

test('colours: a property is none, and brackets are shown with their partner', () =>
  withEditor({ env: inColour }, async (terminal) => {
    terminal.type('a.delete(b)');
    await terminal.until(() => terminal.raw.split('\x1b[1m\x1b[4m').length >= 3, 'both brackets');
    assert.not.ok(terminal.raw.includes('\x1b[35mdelete'));
  }));

for (const env of [
  { NO_COLOR: '1', FORCE_COLOR: '0' },
  { NO_COLOR: '', FORCE_COLOR: '0' },
]) {
  test(`colours: none with ${JSON.stringify(env)}`, () =>
    withEditor({ env }, async (terminal) => {
      terminal.type("const a = 'x'" + keys.enter);
      await terminal.waitFor(/=> /);
      assert.not.match(terminal.raw, /\x1b\[[0-9;]*m/);
    }));
}

test('a paste of a megabyte appears, can be edited, and is echoed by its ends', () =>
  withEditor({ rows: 10 }, async (terminal) => {
    const line = 'const value = compute(1, 2, 3); // a line of a long text\n';
    terminal.type(keys.paste(line.repeat(1e6 / line.length) + 'the end'));
    await terminal.waitFor(/the end$/, 20_000);
    terminal.type('!');
    await terminal.waitFor(/the end!$/);
    terminal.type(keys.up + keys.home + 'x');
    await terminal.waitFor(/^… xconst value/m);
    terminal.type(keys.enter);
    await terminal.waitFor(/=> /, 20_000);
    assert.match(terminal.everything(), /\(\d+ lines more\)/);
  }));

test('a megabyte in one line keeps the cursor where it is', () =>
  withEditor({ rows: 10, columns: 40 }, async (terminal) => {
    terminal.type(keys.paste('0123456789'.repeat(1e5)));
    await terminal.waitFor(/0123456789$/, 20_000);
    terminal.type('x' + keys.home + 'y');
    await terminal.waitFor(/^> y0123456789/m);
    terminal.type(keys.ctrl('e') + 'z');
    await terminal.waitFor(/9xz$/);
    terminal.type(keys.ctrl('c'));
    await terminal.waitFor(/^>$/);
  }));

test('a paste whose end mark never comes ends by itself', () =>
  withEditor({}, async (terminal) => {
    terminal.type('\x1b[200~half a paste');
    // Longer than a paste may be silent.
    await new Promise((resolve) => setTimeout(resolve, 900));
    terminal.type(keys.enter);
    await terminal.waitFor(/=> "half a paste"\n>$/);
  }));

test('page keys scroll through an entry taller than the screen, with the prompt of each line', () =>
  withEditor({ rows: 6 }, async (terminal) => {
    terminal.type(keys.paste(Array.from({ length: 40 }, (_, line) => `row ${line}`).join('\n')));
    await terminal.waitFor(/row 39$/);
    terminal.type('\x1b[5~');
    await terminal.waitFor(/^… row 34$/m);
    terminal.type('\x1b[5~'.repeat(8));
    await terminal.waitFor(/^> row 0\n… row 1/);
    terminal.type('\x1b[6~');
    await terminal.waitFor(/^… row 5$/m);
  }));

/** Texts that take other columns than characters, and where the cursor is behind them on a terminal of 20 columns. */
const widths: Readonly<Record<string, readonly [text: string, column: number]>> = {
  'wide characters': ['日本語', 8],
  'an emoji of several': ['👩‍👩‍👧', 4],
  'a flag': ['🇩🇪', 4],
  'combining marks': ['e\u0301a\u0308', 4],
  'Hebrew and Arabic': ['שלום', 6],
  'a mark that turns the direction': ['a\u202eb', 10],
};

for (const [name, [text, column]] of Object.entries(widths)) {
  test(`the cursor behind ${name}`, () =>
    withEditor({ columns: 20, rows: 10 }, async (terminal) => {
      terminal.type(keys.paste(text));
      await terminal.until(() => terminal.raw.includes(`\x1b[${column}C`), `column ${column}`);
      terminal.type(keys.enter);
      await terminal.waitFor(/=> /);
      // What is printed shows a mark of direction as an escape.
      const printed = JSON.stringify(text).slice(0, 3).replace('\u202e', '\\u202e');
      assert.ok(terminal.everything().replaceAll('\n', '').includes(printed));
    }));
}

test('a storm of resizes leaves one prompt with what was typed', () =>
  withEditor({ columns: 60, rows: 12 }, async (terminal) => {
    terminal.type('const total = 12');
    await terminal.waitFor(/12$/);
    for (let turn = 0; turn < 40; turn++) terminal.resize(20 + ((turn * 7) % 60), 6 + (turn % 9));
    terminal.resize(60, 12);
    terminal.type('3');
    await terminal.waitFor(/^> const total = 123$/m);
  }));

test('a terminal that gets lower and narrower under a hint loses no printed line', () =>
  withEditor({ columns: 60, rows: 20 }, async (terminal) => {
    terminal.type('!many 9' + keys.enter + 'call(');
    await terminal.waitFor(/Does it\.$/);
    const painted = terminal.raw.length;
    terminal.resize(25, 10);
    await terminal.until(() => terminal.raw.length > painted, 'a paint');
    terminal.type('1');
    await terminal.waitFor(/^> call\(1$/m);
    for (let line = 1; line <= 9; line++) assert.is(terminal.everything().split(`line ${line}\n`).length, 2, `line ${line}`);
  }));

test('twenty columns and ten rows: the prompt stays in sight under panes, with a menu and a hint', () =>
  withEditor({ columns: 20, rows: 10 }, async (terminal) => {
    terminal.type(`!panes ${Array.from({ length: 12 }, (_, i) => `pane ${i}`).join('|')}${keys.enter}`);
    await terminal.waitFor(/pane 0[\s\S]*>$/);
    terminal.type('p' + keys.tab);
    await terminal.waitFor(/^> par$[\s\S]*parquet/m);
    terminal.type(keys.ctrl('u') + 'call(');
    await terminal.waitFor(/^> call\($[\s\S]*first/m);
    assert.match(terminal.screen(), /pane 0/);
  }));

test('an external editor edits the entry, by EDITOR with its arguments', () =>
  withEditor({ env: { EDITOR: 'sed -i s/one/two/', VISUAL: '' } }, async (terminal) => {
    terminal.type('a one' + keys.ctrl('x') + keys.ctrl('e'));
    await terminal.waitFor(/^> a two$/m);
    terminal.type('!' + keys.enter);
    await terminal.waitFor(/=> "a two!"/);
  }));

test('an editor that is not there, or fails, leaves the entry as it is', async () => {
  for (const [EDITOR, said] of [
    ['/no/such/editor', /could not be started/],
    ['false', /false ended with 1/],
  ] as const)
    await withEditor({ env: { EDITOR, VISUAL: '' } }, async (terminal) => {
      terminal.type('kept' + keys.ctrl('x') + keys.ctrl('e'));
      await terminal.waitFor(said);
      await terminal.waitFor(/^> kept$/m);
    });
});

test('an entry of a shell that was killed while it was edited is removed by the next one', async () => {
  const gone = spawnSync('true').pid;
  const before = process.env.TMPDIR;
  process.env.TMPDIR = mkdtempSync(path.join(tmpdir(), 'millrace-test-'));
  try {
    for (const pid of [gone, process.pid]) mkdirSync(path.join(process.env.TMPDIR, `millrace-entry-${pid}-abc`));
    assert.is(await editOutside('kept', { EDITOR: 'true' }), 'kept');
    assert.equal(readdirSync(process.env.TMPDIR), [`millrace-entry-${process.pid}-abc`]);
  } finally {
    rmSync(process.env.TMPDIR, { recursive: true });
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
});

test('ctrl-z suspends, and fg brings the entry back', async () => {
  const terminal = open(['bash', '--norc', '--noprofile', '-i'], { env: { PS1: 'shell$ ' } });
  try {
    await terminal.waitFor(/shell\$$/);
    terminal.type(`${editorCommand.join(' ')}\r`);
    await terminal.waitFor(/^>$/m);
    terminal.type('half typed');
    await terminal.waitFor(/^> half typed$/m);
    terminal.type(keys.ctrl('z'));
    await terminal.waitFor(/Stopped[\s\S]*shell\$$/);
    assert.ok(terminal.raw.includes('\x1b[?2004l'));
    terminal.type('echo $((6 * 7))\r');
    await terminal.waitFor(/^42$/m);
    terminal.type('fg\r');
    await terminal.waitFor(/> half typed$/m);
    terminal.type('!\r');
    await terminal.waitFor(/=> "half typed!"/);
  } finally {
    await terminal.close();
  }
});

test('after another process stops and continues the shell, it takes the terminal back with the entry', () =>
  withEditor({}, async (terminal) => {
    terminal.type('half');
    await terminal.waitFor(/^> half$/m);
    process.kill(terminal.pid, 'SIGSTOP');
    process.kill(terminal.pid, 'SIGCONT');
    await terminal.until(() => terminal.raw.split('\x1b[?2004h').length === 3, 'pastes are marked again');
    terminal.type(' typed' + keys.enter);
    await terminal.waitFor(/=> "half typed"/);
  }));

test('hostile entries of the history are shown and not obeyed', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-test-'));
  const file = path.join(folder, 'entries.json');
  writeFileSync(file, JSON.stringify(['\x1b[2J\x07gone\u202e', '\u0000\x9b31m', '\ud800 half']));
  const look = async (terminal: Terminal) => {
    terminal.type(keys.up.repeat(2));
    await terminal.waitFor(/\^@\\x9b31m/);
    terminal.type(keys.up);
    await terminal.waitFor(/\^\[\[2J\^Ggone/);
    terminal.type(keys.ctrl('r') + 'gone');
    await terminal.waitFor(/^\(search "gone"\) \^\[\[2J\^Ggone/m);
    terminal.type(keys.ctrl('g') + keys.ctrl('c'));
    await terminal.waitFor(/^>$/m);
    assert.not.match(terminal.raw, /\x1b\[2J|\x07|\x9b/);
  };
  await withEditor({}, look, [file]).finally(() => rmSync(folder, { recursive: true, force: true }));
});

test.run();
