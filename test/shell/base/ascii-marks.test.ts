// Marks of the shell's drawings as ASCII: each as wide as before, none left over, at a real prompt too.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { asciiMarks, showsUtf8 } from '../../../shell/base/ascii-marks';
import { open, shellCommand } from '../../helpers/terminal';

test('every mark has one sign, and other texts stay', () => {
  const marks = '│─┼┤└╮…→←↑↓·•×≥≤▁▂▃▄▅▆▇█▉▊▋▌▍▎▏⠁⣿\u2800';
  assert.match(asciiMarks(marks), /^[ -~]+$/);
  assert.is(asciiMarks(marks).length, marks.length);
  assert.is(asciiMarks('é 日本 😀 │'), 'é 日本 😀 |');
});

test('the locale decides as POSIX has it; where nothing is set, terminals show UTF-8', () => {
  const shows = (env: NodeJS.ProcessEnv) => showsUtf8(env);
  assert.equal([{}, { LANG: 'en_US.UTF-8' }, { LANG: 'C', LC_ALL: 'C.utf8' }, { LC_ALL: '', LANG: '' }].map(shows), [
    true,
    true,
    true,
    true,
  ]);
  assert.equal([{ LANG: 'C' }, { LANG: 'en_US.UTF-8', LC_ALL: 'C' }, { LANG: 'en_US.UTF-8', LC_CTYPE: 'POSIX' }].map(shows), [
    false,
    false,
    false,
  ]);
});

test('the prompt of a terminal without UTF-8 draws nothing but ASCII', async () => {
  const terminal = open(['env', 'LC_ALL=C', ...shellCommand('--master', 'local')]);
  try {
    await terminal.waitFor(/^>$/m);
    terminal.type('[{ a: 1, b: 2 }, { a: 3, b: 4 }]\r');
    await terminal.waitFor(/ 3 +\| +4/);
    terminal.type('.plot [1, 5, 2, 8]\r');
    await terminal.waitFor(/\*[\s\S]*\n>$/);
    assert.match(terminal.everything(), /^[\n\r -~]*$/);
  } finally {
    await terminal.close();
  }
});

test.run();
