// The line editor on a real pseudo-terminal: what is typed, what is on the screen, and what is in the scrollback.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withEditor } from '../../helpers/editor';
import { keys } from '../../helpers/terminal';

const prompt = /^>$/m;

/** Keys, and the entry that they make. */
const entries: Record<string, readonly [typed: string | Buffer, entry: string]> = {
  'plain text': ['abc' + keys.enter, 'abc'],
  'text typed into the middle': ['abcdef' + keys.home + 'XY' + keys.enter, 'XYabcdef'],
  'left, delete and backspace': ['abcd' + keys.left + keys.left + keys.backspace + keys.delete + keys.enter, 'ad'],
  'a cluster goes at once': ['a👩‍👩‍👧b' + keys.left + keys.backspace + keys.enter, 'ab'],
  'kill to the end and yank twice': [
    'one two' + keys.home + keys.ctrl('k') + keys.ctrl('y') + keys.ctrl('y') + keys.enter,
    'one twoone two',
  ],
  'kill the line': ['one two' + keys.ctrl('u') + 'x' + keys.enter, 'x'],
  'kill a word': ['one two.three' + keys.ctrl('w') + 'x' + keys.enter, 'one x'],
  'word moves': ['one two' + keys.alt('b') + 'X' + keys.ctrl('a') + keys.alt('f') + 'Y' + keys.enter, 'oneY Xtwo'],
  'alt-enter makes a newline': ['a' + keys.altEnter + 'b' + keys.enter, 'a\nb'],
  'an open bracket goes on': ['f(' + keys.enter + '1)' + keys.enter, 'f(\n1)'],
  'two empty lines end anything': ['f(' + keys.enter + keys.enter + keys.enter, 'f('],
  'a chunk typed at once': ['const a = 1; const b = 2' + keys.enter, 'const a = 1; const b = 2'],
  'a paste is one entry': [keys.paste('a\n\tb\n') + keys.enter, 'a\n\tb'],
  'a paste into the middle': ['xy' + keys.left + keys.paste('1\n2') + keys.enter, 'x1\n2y'],
  'a pasted prompt goes': [keys.paste('> a(\n… 1)\n=> out') + keys.enter, 'a(\n1)'],
  'the prompts of a pasted session stay': [keys.paste('> a(\n… 1)\n=> out\n> b') + keys.enter, '> a(\n… 1)\n> b'],
  'up brings the last entry': [keys.up + keys.enter, 'third entry'],
  'up brings a block whole': [keys.up + keys.up + keys.enter, 'const a = [\n  1,\n]'],
  'up moves inside a block, then on': [keys.up.repeat(5) + keys.enter, 'first entry'],
  'down comes back to the draft': ['draft' + keys.up + keys.down + keys.enter, 'draft'],
  'reverse search': [keys.ctrl('r') + 'first' + keys.enter, 'first entry'],
  'reverse search goes on': [keys.ctrl('r') + 'entry' + keys.ctrl('r') + keys.enter, 'first entry'],
  'reverse search cancelled': ['x' + keys.ctrl('r') + 'first' + keys.ctrl('g') + keys.enter, 'x'],
  'tab indents at the start of a line': [keys.tab + 'x' + keys.enter, '  x'],
  'ctrl-c drops the line': ['half' + keys.ctrl('c') + 'whole' + keys.enter, 'whole'],
  'keys wait for a slow answer': ['slow' + keys.enter + 'x' + keys.backspace, 'slow'],
  'undo removes a word, redo restores it': ['one two' + keys.ctrl('_') + keys.ctrl('_') + keys.alt('_') + keys.enter, 'one'],
  'undo of a cut and of a paste': [
    'one' + keys.ctrl('u') + keys.paste('x') + keys.ctrl('_') + keys.ctrl('_') + keys.enter,
    'one',
  ],
  'cuts in a row are one': ['one two three' + keys.ctrl('w') + keys.ctrl('w') + keys.ctrl('y') + keys.enter, 'one two three'],
  'the cut before instead': ['a' + keys.ctrl('u') + 'b' + keys.ctrl('u') + keys.ctrl('y') + keys.alt('y') + keys.enter, 'a'],
  'characters swapped': ['ab' + keys.ctrl('t') + 'c' + keys.enter, 'bac'],
  'words swapped': ['one, two' + keys.alt('t') + keys.enter, 'two, one'],
  'words in capitals': ['one two six' + keys.home + keys.alt('u') + keys.alt('c') + keys.alt('l') + keys.enter, 'ONE Two six'],
  'the ends of an entry': ['a' + keys.altEnter + 'b' + keys.alt('<') + 'x' + keys.alt('>') + 'y' + keys.enter, 'xa\nby'],
  'up finds what begins as the text': ['fi' + keys.up + keys.enter, 'first entry'],
  'and stays where nothing does': ['zz' + keys.up + keys.enter, 'zz'],
  'search forward again': [keys.ctrl('r') + 'entry' + keys.ctrl('r') + keys.ctrl('s') + keys.enter, 'third entry'],
  'a chord of two keys': ['one two' + keys.ctrl('x') + keys.ctrl('u') + keys.enter, 'one'],
  'an unknown chord of two keys does nothing': ['one' + keys.ctrl('x') + 'q' + keys.enter, 'one'],
  'bytes that are no UTF-8': [Buffer.from([0x61, 0xff, 0xc3, 0x78, 0x62, 0x0d]), 'a\ufffd\ufffdxb'],
  'a paste in pieces, its mark cut in two': ['\x1b[200~one\rtw' + 'o\x1b[201~' + keys.enter, 'one\ntwo'],
  'tabs, escapes and the marks of other pastes in a paste': [
    keys.paste("\t'\x1b[200~\x1b[31m'") + keys.enter,
    "\t'\x1b[200~\x1b[31m'",
  ],
  'a control character is no text': ['a\x07b' + keys.enter, 'ab'],
};

for (const [name, [typed, entry]] of Object.entries(entries)) {
  test(name, () =>
    withEditor({}, async (terminal) => {
      terminal.type(typed);
      const shown = `=> ${JSON.stringify(entry)}`;
      await terminal.until(() => terminal.screen().includes(shown), shown);
      assert.is(terminal.everything().split('=> ').length, 2, 'one entry');
    }),
  );
}

test('two entries of one chunk run in order although the first answer is slow', () =>
  withEditor({}, async (terminal) => {
    terminal.type('slow 1' + keys.enter + 'fast' + keys.enter);
    await terminal.waitFor(/=> "slow 1"[\s\S]*=> "fast"/);
  }));

test('tab completes what is common', () =>
  withEditor({}, async (terminal) => {
    terminal.type('sc.part' + keys.tab);
    await terminal.waitFor(/^> sc.partitions$/m);
  }));

test('a menu of what fits, chosen by tab, gone after the next key', () =>
  withEditor({}, async (terminal) => {
    terminal.type('p' + keys.tab);
    await terminal.waitFor(/parallelize {2}parquet/);
    assert.match(terminal.screen(), /^> par$/m);
    terminal.type(keys.tab + keys.tab);
    await terminal.waitFor(/^> parquet$/m);
    terminal.type('!');
    await terminal.waitFor(/^> parquet!$/m);
    assert.not.match(terminal.screen(), /parallelize/);
  }));

test('output goes above the line being typed, which stays as it is', () =>
  withEditor({ rows: 8 }, async (terminal) => {
    terminal.type('!busy 300' + keys.enter + '!many 30' + keys.enter + 'half a line');
    await terminal.waitFor(/line 30\n> half a line$/);
    const all = terminal.everything();
    for (let line = 1; line <= 30; line++) assert.is(all.split(`line ${line}\n`).length, 2, `line ${line} once`);
    assert.is(all.split('half a line').length, 2);
  }));

/** Pieces of the user's output, written one after the other, and what is on the screen at the end. */
const outputs: Record<string, readonly [pieces: readonly string[], screen: string]> = {
  'a line without its newline goes on': [['one ', 'two\n'], 'one two'],
  'a progress by carriage returns': [['\r0%', '\r50%', '\r100%', '\n'], '100%'],
  'carriage return and newline, apart': [['a\r', '\nb\n'], 'a\nb'],
  'a progress that is erased': [['working', '\r\x1b[2K', 'done\n'], 'done'],
  'what is longer stays behind what is shorter': [['abcdef', '\rxy\n'], 'xycdef'],
  'two bars, rewritten after they were painted': [
    ['a 1\nb 1\n', '\x1b[2A\x1b[2Ka 2\n\x1b[2Kb 2\n', '\x1b[2A\x1b[2Ka 3\n\x1b[2Kb 3\n'],
    'a 3\nb 3',
  ],
  'one line of two, and back behind both': [['a\nb\n', '\x1b[2A', '\x1b[2KA', '\x1b[2B\rc\n'], 'A\nb\nc'],
  'columns, left and right': [['abc', '\x1b[1GX', '\x1b[1CY', '\x1b[1DZ\n'], 'XbZ'],
  'a saved place': [['a\n', '\x1b7b\n\x1b8c\n'], 'a\nc'],
  'lines below are erased': [['a\nb\nc\n', '\x1b[2A\x1b[J', 'd\n'], 'a\nd'],
  'a picture drawn again from its top': [['x\ny\n', '\x1b[H\x1b[2Jz\n', '\x1b[2J\x1b[1;1Hw\n'], 'w'],
  'a wide character that loses a half': [['日本', '\r\x1b[1Cx\n'], ' x本'],
  'colours stay with their text': [['\x1b[31mred\x1b[0m', '\rR\n'], 'Red'],
  'a code that comes in two pieces': [['ab\x1b[', '1GX\n'], 'Xb'],
  'what hides the cursor or asks the terminal': [['\x1b[?25l\x1b]0;t\x07\x1b[6n\u202ex\n'], '^[]0;t^G^[[6n\\u202ex'],
};

for (const [name, [pieces, wanted]] of Object.entries(outputs)) {
  test(`output: ${name}`, () =>
    withEditor({ rows: 12 }, async (terminal) => {
      const entry = `!write ${JSON.stringify([...pieces, 'end\n'])}`;
      terminal.type(entry + keys.enter);
      const screen = await terminal.waitFor(/^end\n>$/m);
      assert.is(screen.slice(screen.indexOf('"end\\n"]') + 9), `${wanted}\nend\n>`);
      assert.match(terminal.everything(), /^> !write \[/m);
    }));
}

test('output rewrites nothing but its own lines: neither what the shell printed, nor an entry, nor what has scrolled away', () =>
  withEditor({ rows: 8 }, async (terminal) => {
    terminal.type('!print "kept"' + keys.enter);
    await terminal.waitFor(/^kept\n>$/m);
    terminal.type(`!write ["\\u001b[9A\\u001b[2Jfirst\\n","\\u001b[9A\\u001b[2Ksecond\\n"]${keys.enter}`);
    await terminal.waitFor(/^second\n>$/m);
    assert.match(terminal.everything(), /^> !print "kept"\nkept\n> !write .*\nsecond\n>$/m);
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}\\n`).join('');
    terminal.type(`!write ["${lines}","\\u001b[50A\\u001b[Jtop\\n","end\\n"]${keys.enter}`);
    await terminal.waitFor(/^top\nend\n>$/m);
    const all = terminal.everything();
    for (let line = 0; line < 12; line++) assert.is(all.split(`line ${line}\n`).length, 2, `line ${line}: ${all}`);
  }));

test('the shell begins on a line of its own, whatever was written before', () =>
  withEditor({}, async (terminal) => {
    terminal.type('!write ["no newline"]' + keys.enter);
    await terminal.waitFor(/^no newline\n>$/m);
    terminal.type('!print "mine"' + keys.enter);
    await terminal.waitFor(/^no newline\n> !print "mine"\nmine\n>$/m);
  }));

test('the progress line leaves no trace', () =>
  withEditor({ rows: 6 }, async (terminal) => {
    terminal.type('!progress [stage 1/2]' + keys.enter);
    await terminal.waitFor(/\[stage 1\/2\]\n>$/);
    terminal.type('!many 9' + keys.enter);
    await terminal.waitFor(/line 9\n\[stage 1\/2\]\n>$/);
    terminal.type('!progress' + keys.enter);
    await terminal.waitFor(/!progress\n>$/);
    assert.is(terminal.everything().split('\n[stage 1/2]').length, 1);
  }));

test('panes give way to the prompt on a small terminal, and leave no copy behind', () =>
  withEditor({ rows: 6 }, async (terminal) => {
    terminal.type(
      '!panes ' +
        'abcdefghij'
          .split('')
          .map((name) => `pane ${name}`)
          .join('|') +
        keys.enter,
    );
    await terminal.waitFor(/pane a[\s\S]*\n>$/);
    terminal.type('!many 20' + keys.enter);
    await terminal.waitFor(/pane a[\s\S]*\n>$/);
    terminal.type('!panes' + keys.enter);
    await terminal.waitFor(/line 20\n> !panes\n>$/);
    assert.not.match(terminal.everything(), /^pane/m);
  }));

test('wide characters and long lines keep the cursor right', () =>
  withEditor({ columns: 20 }, async (terminal) => {
    terminal.type('日本語'.repeat(4));
    await terminal.waitFor(/^> (?:日本語){3}\n?日本語$/m);
    assert.equal(terminal.cursor().column, 6);
    terminal.type(keys.home + 'x');
    await terminal.waitFor(/^> x日/m);
    assert.equal(terminal.cursor().column, 3);
    terminal.type(keys.ctrl('u') + keys.ctrl('k') + 'y'.repeat(18));
    await terminal.waitFor(/^> y{18}$/m);
    await terminal.until(() => terminal.cursor().column === 0, 'the cursor on a row of its own');
  }));

test('resizing narrower and wider leaves one prompt and every printed line', () =>
  withEditor({ columns: 60, rows: 12 }, async (terminal) => {
    terminal.type('!many 4' + keys.enter);
    await terminal.waitFor(/line 4\n>$/);
    const text = 'a long line that is wider than forty columns: yes';
    terminal.type(text);
    await terminal.until(() => terminal.screen().includes(text), 'the line');
    for (const columns of [40, 25, 70]) {
      const painted = terminal.raw.length;
      terminal.resize(columns, 12);
      await terminal.until(() => terminal.raw.length > painted, `a paint at ${columns}`);
      terminal.type('.');
      await terminal.until(() => terminal.screen().endsWith('.') && terminal.cursor().column > 0, `repainted at ${columns}`);
    }
    await terminal.until(() => terminal.screen().includes(`> ${text}...`), 'one line again');
    const all = terminal.everything();
    assert.is(all.split('a long line').length, 2, all);
    for (let line = 1; line <= 4; line++) assert.match(all, new RegExp(`^line ${line}$`, 'm'));
  }));

test('an entry taller than the terminal shows the part around the cursor', () =>
  withEditor({ rows: 6 }, async (terminal) => {
    terminal.type(keys.paste(Array.from({ length: 20 }, (_, line) => `row ${line}`).join('\n')));
    await terminal.waitFor(/row 19$/);
    terminal.type(keys.up.repeat(19));
    await terminal.waitFor(/^> row 0\n… row 1/);
    terminal.type(keys.enter);
    await terminal.waitFor(/=> "row 0\\n/);
    assert.is(terminal.everything().split('… row 7').length, 2);
  }));

test('escapes in printed data are shown and not obeyed; colours pass', () =>
  withEditor({}, async (terminal) => {
    terminal.type('!print "\\u001b[2Jbad\\u0007\\u001b]0;title\\u0007 \\u001b[31mred\\u001b[0m\\n"' + keys.enter);
    await terminal.waitFor(/\^\[\[2Jbad\^G\^\[\]0;title\^G red/);
    assert.ok(terminal.raw.includes('\x1b[31mred\x1b[0m'));
    assert.not.ok(terminal.raw.includes('\x1b[2J'));
  }));

test('an escape in a paste is shown and not obeyed', () =>
  withEditor({}, async (terminal) => {
    terminal.type('x = "\x1b[200~\x1b[2Jy\x1b[201~"' + keys.enter);
    await terminal.waitFor(/=> "x = /);
    assert.not.ok(terminal.raw.includes('\x1b[2J'));
  }));

test('ctrl-d ends a block, ctrl-c drops it', () =>
  withEditor({}, async (terminal) => {
    terminal.type('!block' + keys.enter);
    await terminal.waitFor(/!block\n*$/);
    terminal.type('a' + keys.enter + '  b' + keys.ctrl('d'));
    await terminal.waitFor(/block "a\\n {2}b"\n>$/);
    terminal.type('!block' + keys.enter + 'zzz' + keys.ctrl('c'));
    await terminal.waitFor(/block undefined\n>$/);
  }));

test('ctrl-c on an empty line asks the host, ctrl-d leaves and the terminal is as it was', () =>
  withEditor({}, async (terminal) => {
    terminal.type(keys.ctrl('c'));
    await terminal.waitFor(/\(interrupt\)\n>$/);
    terminal.type(keys.ctrl('d'));
    assert.is(await terminal.exited, 0);
    assert.ok(terminal.raw.endsWith('\x1b[?2004l'));
    // The screen takes in what was written a moment after it came.
    await terminal.until(() => !prompt.test(terminal.screen()), 'the end of the prompt');
  }));

test('never erases from the top left, which tmux would push into its scrollback', () =>
  withEditor({ rows: 5 }, async (terminal) => {
    terminal.type('!panes a|b|c' + keys.enter + '!many 10' + keys.enter);
    await terminal.waitFor(/>$/);
    assert.not.match(terminal.raw, /\x1b\[\d*J/);
  }));

test.run();
