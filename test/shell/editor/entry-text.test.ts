// What is read from the text of an entry without the compiler: whether it goes on, how a new line is indented, what is painted how.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { colouringOf } from '../../../shell/editor/colours';
import { closingIndentation, newLineAt } from '../../../shell/editor/indent';
import { isAtTopLevel, isUnfinished } from '../../../shell/editor/unfinished';

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
