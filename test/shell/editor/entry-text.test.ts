// What is read from the text of an entry without the compiler: whether it goes on, how a new line is indented, what is painted how.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { colouringOf } from '../../../shell/editor/colours';
import { closingIndentation, newLineAt } from '../../../shell/editor/indent';
import { pastedText } from '../../../shell/editor/paste';
import { isAtTopLevel, isUnfinished } from '../../../shell/editor/unfinished';
import { entriesOf, recalled } from '../../../shell/repl/submitted';
import { wordHint } from '../../../shell/repl/word-hints';

const unfinished = suite('unfinished');

const goesOn = [
  'f(',
  'const a = [1,',
  'x => {',
  '`a ${b',
  '`text over\nlines',
  '`${`${1}`',
  '/* a comment',
  'a +',
  'a &&',
  'x =>',
  'a = b ?',
  'a ? b :',
  'const a =',
  'return',
  'for (const x of',
  'type A = string |',
  'a instanceof',
  'x as',
  'f() satisfies',
  'import * as',
  'f(1, // a comment with )',
  "f('a)'",
  'x = [/]/',
];
const whole = [
  '',
  'f()',
  'i++',
  'i--',
  "'a ( string'",
  '"${"',
  '`a${b}c`',
  '// f(',
  'a /* ( */',
  'x = /[(]/g',
  'a / b / c',
  'a.in',
  'a?.of',
  'of',
  'as',
  'let as',
  '1 + satisfies',
  'const of',
  'Array<string>',
  'a > b',
  "'an open string (",
  'x!',
  '})',
];

for (const text of goesOn) unfinished(`goes on: ${text}`, () => assert.ok(isUnfinished(text)));
for (const text of whole) unfinished(`may be whole: ${text}`, () => assert.not.ok(isUnfinished(text)));

unfinished('a line after an open bracket, template or comment is not at the top level', () => {
  assert.equal(['f()\n', 'f(\n', '`a\n', '/* a\n', "'a\n", 'a +\n'].map(isAtTopLevel), [true, false, false, false, true, true]);
});

unfinished('a megabyte is read in no more than a moment', () => {
  const started = performance.now();
  assert.ok(isUnfinished(`f(${'a / b / `c` / (1 + 2), '.repeat(45_000)}`));
  assert.ok(performance.now() - started < 5_000);
});

unfinished.run();

const indentation = suite('indentation');

/** A text with the cursor at `|`, and what comes behind the newline there. */
const newLines: Readonly<Record<string, readonly [indentation: string, after: string]>> = {
  'f(|': ['  ', ''],
  'f({|})': ['  ', '\n'],
  '  f(() => {|': ['    ', ''],
  'f(\n  a,|': ['  ', ''],
  'f(\n  a)|': ['  ', ''],
  'const a = 1|': ['', ''],
  'f([{|': ['  ', ''],
  '`a ${|': ['  ', ''],
  '`text (|': ['', ''],
  '// comment (|': ['', ''],
  "'text ('|": ['', ''],
};

for (const [marked, [spaces, after]] of Object.entries(newLines)) {
  indentation(`a new line in ${JSON.stringify(marked)}`, () => {
    assert.equal(newLineAt(marked.replace('|', ''), marked.indexOf('|')), { indentation: spaces, after });
  });
}

indentation('a bracket that closes goes back to the line that opened it, as the first thing of its line', () => {
  assert.is(closingIndentation('  f(\n      ', 11), '  ');
  assert.is(closingIndentation('f(\n  a', 6), undefined);
  assert.is(closingIndentation('  ', 2), undefined);
  assert.is(closingIndentation('a\n  ', 4), undefined);
});

indentation.run();

const colours = suite('colours');

const names = ['plain', 'keyword', 'string', 'constant', 'type', 'regex', 'comment', 'command', 'bracket'];

/** The pieces of a text that are painted, each with its style. */
function pieces(text: string, command = 0, cursor?: number): string[] {
  const colouring = colouringOf(text, { command, code: command }, cursor);
  const found: string[] = [];
  for (let at = 0, start = 0; at < text.length; at = start) {
    const style = colouring?.[at] ?? 0;
    while (start < text.length && colouring?.[start] === style) start++;
    if (style !== 0) found.push(`${names[style]} ${text.slice(at, start)}`);
  }
  return found;
}

const painted: Readonly<Record<string, readonly string[]>> = {
  'const a = await f(1n)': ['keyword const', 'keyword await', 'constant 1n'],
  'a.delete(b.class)': [],
  '({ default: 1, new: 2 })': ['constant 1', 'constant 2'],
  'x as Map<string, Date>': ['keyword as', 'type Map', 'type string', 'type Date'],
  'const type = of(as)': ['keyword const'],
  'interface Shape { sides: number }': ['keyword interface', 'type Shape', 'type number'],
  '`a${b}c${"d"}e`': ['string `a', 'string c', 'string "d"', 'string e`'],
  '/a/.test(s) // yes': ['regex /a/', 'comment // yes'],
  'true ?? undefined': ['constant true', 'constant undefined'],
  "'open": ["string 'open"],
};

for (const [text, expected] of Object.entries(painted)) colours(text, () => assert.equal(pieces(text), expected));

colours('a command, and the brackets at the cursor', () => {
  assert.equal(pieces('.type f(1)', 5), ['command .type', 'constant 1']);
  assert.equal(pieces('f(g(x))', 0, 7), ['bracket (', 'bracket )']);
  assert.equal(pieces('f(x]', 0, 4), []);
});

colours('a text beyond the bound has none', () => assert.is(colouringOf('a'.repeat(60_000), { command: 0, code: 0 }), undefined));

colours.run();

const submitted = suite('submitted');

/** A submitted text, and the entries that run. */
const texts: readonly (readonly [string, readonly string[]])[] = [
  ['const a = 1\na + 1', ['const a = 1\na + 1']],
  ['const a = 1\n.set rows 5\na\n.type a', ['const a = 1', '.set rows 5', 'a', '.type a']],
  ['.load a.ts\n\n:load b.ts', ['.load a.ts', ':load b.ts']],
  ['f(`\n.set rows 5\n`)', ['f(`\n.set rows 5\n`)']],
  ['const f = {\n.help\n}', ['const f = {\n.help\n}']],
  ['.time xs\n  .map(f)\n.count()\nys', ['.time xs\n  .map(f)\n.count()', 'ys']],
  ['.type [\n1,\n2]\nxs', ['.type [\n1,\n2]', 'xs']],
  ['.set rows 5\n  xs', ['.set rows 5', '  xs']],
  [
    '> const a = 1\n> a\nres0: number = 1\n> .load x.ts\n1\n… 3 more\n> f(\n… 2)\n2\n',
    ['const a = 1', 'a', '.load x.ts', 'f(\n2)'],
  ],
  ['>>> f(\n... 2)\n2\n>>> \n>>> .help', ['f(\n2)', '.help']],
  ['a\n> b', ['a\n> b']],
  ['', []],
];
for (const [text, entries] of texts) submitted(JSON.stringify(text), () => assert.equal(entriesOf(text), entries));

submitted('a pasted session of one entry loses its prompts; one of several keeps them, without what was printed', () => {
  assert.is(pastedText('> f(\r\n… 1)\r\n=> out\r\n'), 'f(\n1)');
  assert.is(pastedText('> a\n1\n… 2 more\n> b(\n… 1)\n3'), '> a\n> b(\n… 1)');
});

submitted('a recall names an earlier entry by its number; any other negation is TypeScript', () => {
  const history = ['one', 'two', 'three'];
  const found = ['!!', '!1', ' !3 ', '!-2', '!4', '!-4'].map((text) => recalled(text, history));
  assert.equal(found, ['three', 'one', 'three', 'two', undefined, undefined]);
  for (const text of ['!0', '!x', '!!x', '!1.5', '!-x', '(!1)', '!1 || a']) assert.is(recalled(text, history), text);
});

submitted('words of other shells get a hint, expressions do not', () => {
  for (const text of ['exit', 'quit()', 'q', 'logout;']) assert.match(wordHint(text)!, /Ctrl-D or type \.exit/);
  for (const text of ['sc?', '?sc', 'sc??']) assert.is(wordHint(text), '.doc sc shows its documentation, .type sc its type');
  for (const text of ['help', 'help()', '?', 'man sc', 'help sc']) assert.match(wordHint(text)!, /\.help/);
  for (const text of ['ls -la', 'cd ..', 'pwd', 'cat x.txt']) assert.match(wordHint(text)!, /\.sh ls -l .*process\.chdir/);
  for (const text of ['!ls', '!ls -l /tmp', '!git status', '! make all', '!cat a.txt | wc', "!grep 'x y' *.ts"])
    assert.is(wordHint(text), `.sh ${text.slice(1).trim()} runs a command of the system`);
  for (const text of ['!a && b', '!f(1)', '!a - b', '!a.b || c', '!!a', '!(a)', '!a ? 1 : 2', '!a === b', '!1', '![]'])
    assert.is(wordHint(text), undefined, text);
  for (const text of ['exit + 1', 'quit(1)', 'helper', 'ls = 1', 'a ? b : c', 'x ?', 'clear the', 'exit now'])
    assert.is(wordHint(text), undefined, text);
});

submitted.run();
