// Error reports: the user's own frames with the line and a caret, remedies, task errors, type errors, and errors that try to break it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MillraceError } from '../../../runtime/base/errors';
import type { RemoteError } from '../../../runtime/plan/end';
import { formatDiagnostics, reportError } from '../../../shell/print/report-error';
import { widthOf } from '../../../shell/print/safe-text';
import { clearScreen, hostile } from '../../helpers/hostile';

const screen = { columns: 80, color: false, live: false };
const raw = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200f]/;

function withStack(error: Error, ...frames: readonly string[]): Error {
  error.stack = [`${error.name}: ${error.message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n');
  return error;
}

const here = { text: 'const a = f(1);', label: '<input 3>', firstLine: 1 };

test('an error at the prompt: name, message, the line with a caret', () => {
  const error = withStack(new TypeError('f is not a function'), '<input 3>:1:11', 'Script.runInThisContext (node:vm:137:12)');
  assert.is(
    reportError(error, here, screen),
    ['TypeError: f is not a function', ' 1 │ const a = f(1);', '   │           ^'].join('\n'),
  );
});

test("only the user's frames, with the line of the first whose text is known", () => {
  const frames = ['f (<input 2>:3:9)', 'Map.forEach (<anonymous>)', 'async <input 3>:1:11', 'run (node:internal/x:1:1)'];
  const text = reportError(withStack(new Error('no'), ...frames), here, screen);
  assert.is(
    text,
    ['Error: no', ' at f (<input 2>:3:9)', ' at <input 3>:1:11', ' 1 │ const a = f(1);', '   │           ^'].join('\n'),
  );
});

test('engine and package frames are left out, and shown by full', () => {
  const engine = join(__dirname, '../..', '..', 'runtime', 'rdd', 'rdd.ts');
  const library = join(tmpdir(), 'project', 'node_modules', 'lib', 'index.js');
  const error = withStack(new Error('no'), `map (${engine}:10:3)`, `go (${library}:1:1)`, '<input 3>:1:11');
  assert.not.match(reportError(error, here, screen), /rdd\.ts|node_modules/);
  assert.match(reportError(error, { ...here, full: true }, screen), /rdd\.ts:10:3[\s\S]*node_modules/);
});

test('a message that looks like a frame is not one', () => {
  const text = reportError(withStack(new Error('x\n    at evil (<input 9>:1:1)'), '<input 3>:1:11'), here, screen);
  assert.is(text.match(/<input 9>/g)?.length, 1);
});

test('a file of the user is read for its line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'));
  try {
    const file = join(folder, 'helper.ts');
    writeFileSync(file, 'export const one = 1;\nexport const bad = (x: any) => x.y.z;\n');
    const text = reportError(withStack(new TypeError('no z'), `bad (${file}:2:38)`, '<input 3>:1:11'), here, screen);
    assert.match(text, / 2 │ export const bad = \(x: any\) => x\.y\.z;\n {3}│ {38}\^/);
    assert.match(text, / at bad \(.*helper\.ts:2:38\)/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a statement of a loaded file counts lines from its own first line, and names the file', () => {
  const place = { text: 'const b = 1;\nf(b);', label: 'script.ts', firstLine: 7 };
  const text = reportError(withStack(new Error('no'), 'script.ts:8:1'), place, screen);
  assert.is(text, ['Error: no', ' at script.ts:8:1', ' 8 │ f(b);', '   │ ^'].join('\n'));
});

test('an error of ours: the sentence, the place, what to do', () => {
  const error = withStack(new MillraceError('EMPTY_DATASET', { operation: 'reduce' }), '<input 3>:1:5');
  const lines = reportError(error, here, screen).split('\n');
  assert.equal(lines, [
    'error: reduce of an empty dataset.',
    ' 1 │ const a = f(1);',
    '   │     ^',
    ' → Use fold or aggregate with a zero value, or check isEmpty() first.',
  ]);
});

test('a place in the details goes before the stack', () => {
  const details = {
    operation: 'map',
    reason: 'sock',
    path: 'f → sock',
    remedy: 'Open it inside.',
    place: { file: '<input 3>', line: 1, column: 7 },
  };
  const text = reportError(new MillraceError('UNSERIALIZABLE_CAPTURE', details), here, screen);
  assert.match(text, /path: f → sock\n 1 │ const a = f\(1\);\n {3}│ {7}\^\n → Open it inside\.$/);
});

const remote: RemoteError = {
  name: 'TypeError',
  message: "Cannot read properties of undefined (reading 'length')",
  stack: 'TypeError: Cannot read\n    at <input 3>:1:15\n    at runTask (/engine/run.js:1:1)',
  frames: [{ file: '<input 3>', line: 1, column: 15 }],
  operator: 'map',
  element: '{ a: 1 }',
};

const taskFailed = (changes: Partial<RemoteError> = {}, details: Record<string, unknown> = {}) =>
  new MillraceError('TASK_FAILED', {
    error: 'x',
    stage: 3,
    partition: 5,
    attempts: 4,
    remote: { ...remote, ...changes },
    ...details,
  });

const task = { text: 'lines.map(l => l.x.length)', label: '<input 3>' };

test('an error in a task: message once, place, line, element, task, how to see more', () => {
  assert.equal(reportError(taskFailed(), task, screen).split('\n'), [
    "TypeError: Cannot read properties of undefined (reading 'length')",
    ' in map at <input 3>:1:15',
    ' 1 │ lines.map(l => l.x.length)',
    '   │               ^',
    ' element: { a: 1 }',
    ' stage 3, partition 5, 4 attempts',
    ' .errors full shows every frame',
  ]);
});

test('an error of ours from a task shows the element, unless its sentence names it', () => {
  const place = { file: '<input 3>', line: 1, column: 7 };
  const given = { operation: 'map', answer: 'a promise', remedy: 'Write map(async x => …).', place };
  const promised = new MillraceError('PROMISE_NOT_AWAITED', { ...given, remote });
  assert.equal(reportError(promised, task, screen).split('\n'), [
    'error: The function of map returned a promise, which was not awaited.',
    ' 1 │ lines.map(l => l.x.length)',
    '   │       ^',
    ' element: { a: 1 }',
    ' → Write map(async x => …).',
  ]);
  const noPair = new MillraceError('NOT_A_PAIR', { operation: 'keys', element: remote.element, place, remote });
  assert.not.match(reportError(noPair, task, screen), / element: /);
});

test('what another engine says of its failure is shown in full only', () => {
  const details = { reason: 'Job aborted', trace: 'Job aborted\n\tat org.apache.spark.Task.run(Task.scala:1)' };
  const failed = new MillraceError('SPARK_FAILED', details);
  assert.not.match(reportError(failed, here, screen), /org\.apache/);
  assert.match(reportError(failed, { ...here, full: true }, screen), /at org\.apache\.spark\.Task\.run/);
});

test('a task error in full shows the engine frames and no hint', () => {
  const text = reportError(taskFailed(), { ...task, full: true }, screen);
  assert.match(text, /at runTask \(\/engine\/run\.js:1:1\)/);
  assert.not.match(text, /errors full/);
});

test('frames of the engine that came with a task error are left out', () => {
  const engine = join(__dirname, '../..', '..', 'dist', 'executor.js');
  const frames = [...remote.frames, { file: ', <anonymous>', line: 6, column: 69 }, { file: engine, line: 1, column: 1 }];
  assert.is(reportError(taskFailed({ frames }), task, screen), reportError(taskFailed(), task, screen));
});

test('a task error with little known says what is known', () => {
  const text = reportError(
    taskFailed({ frames: [], operator: undefined, element: undefined }, { partition: undefined, attempts: 1 }),
    {},
    screen,
  );
  assert.match(text, /\n stage 3, 1 attempt\n/);
  assert.not.match(text, /undefined \d|\{remedy\}|element/);
});

test("a task error's element is bounded and safe", () => {
  const text = reportError(taskFailed({ element: clearScreen + 'x'.repeat(10_000) }), task, screen);
  assert.not.match(text, raw);
  assert.ok(text.length < 1_500);
});

test('what is not an error is shown as thrown', () => {
  assert.is(reportError('no', {}, screen), 'thrown: "no"');
  assert.is(reportError(undefined, {}, screen), 'thrown: undefined');
  assert.is(reportError({ a: 1 }, {}, screen), 'thrown: { a: 1 }');
});

test('causes and members are named', () => {
  const error = new AggregateError([new Error('one'), 'two'], 'both', { cause: new RangeError('deep', { cause: 7 }) });
  const text = reportError(error, {}, screen);
  assert.match(text, / • Error: one at .*\n • "two"/);
  assert.match(text, / caused by RangeError: deep at .*\n caused by 7/);
});

test('what a thrower added to its error is shown, of causes and members too; what the system says twice is not', () => {
  const http = (message: string, more: object) => Object.assign(new Error(message), more);
  const failed = http('Not found', { status: 404, url: '/x', body: { reason: clearScreen } });
  assert.is(
    reportError(Object.assign(failed, { stack: '' }), {}, screen),
    'Error: Not found\n status: 404, url: "/x", body: { reason: "\\x1b[2J\\x1b[H" }',
  );
  const narrow = reportError(failed, {}, { ...screen, columns: 20 });
  assert.match(narrow, /\n status: 404\n url: "\/x"\n body: \{ reason: "\S*…$/);
  const gone = http('ENOENT: no such file, open "x"', { errno: -2, code: 'ENOENT', syscall: 'open', path: 'x', tries: 3 });
  assert.match(reportError(gone, {}, screen), /\n tries: 3(?:\n|$)/);
  const outer = new AggregateError([http('a', { code: 1 })], 'all', { cause: http('why', { status: 500 }) });
  assert.match(reportError(outer, {}, screen), / • Error: a \{ code: 1 \}.*\n caused by Error: why \{ status: 500 \}/);
  assert.match(
    reportError(taskFailed({ fields: { status: 404, url: '/x' } }), task, screen),
    /\n status: 404, url: "\/x"\n stage 3/,
  );
});

test('errors of other classes are shown by their name', () => {
  assert.match(reportError(new DOMException('gone', 'AbortError'), {}, screen), /^AbortError: gone/);
});

test('long messages are cut with the count', () => {
  const text = reportError(new Error('line\n'.repeat(10_000)), {}, screen);
  assert.match(text, /… \(the message has 50000 characters\)/);
  assert.ok(text.split('\n').length < 40);
});

test('colours only when asked for', () => {
  assert.not.match(reportError(taskFailed(), task, screen), /\x1b/);
  assert.match(reportError(taskFailed(), task, { ...screen, color: true }), /\x1b\[31m/);
});

for (const [name, make] of hostile) {
  test(`${name}, thrown, cannot break the report`, () => {
    const value = make();
    // What formats the stack joins a message that is not a text, which for a sparse array takes for ever: not ours to mend.
    const message = new Error(typeof value === 'string' ? value : 'x');
    const cause = new Error('x', { cause: make() });
    const remotely = taskFailed({
      message: make() as string,
      element: make() as string,
      name: make() as string,
      frames: make() as [],
    });
    for (const error of [make(), message, cause, remotely, new AggregateError([make()])]) {
      const text = reportError(error, here, screen);
      assert.type(text, 'string');
      assert.ok(text.length > 0 && text.length < 20_000, `${text.length} characters`);
      assert.not.match(text, raw);
    }
  });
}

// Type errors

const diagnose = (text: string, marked: string, columns = 80, label = '<input 3>', firstLine = 1) => {
  const diagnostic = { message: 'Wrong.', code: 2322, start: text.indexOf(marked), length: marked.length };
  return formatDiagnostics([diagnostic], text, label, firstLine, { ...screen, columns });
};

test('a type error: message, line, mark under the place', () => {
  assert.is(
    diagnose("let count: number = 'x';", 'count'),
    ['error: Wrong. (TS2322)', " 1 │ let count: number = 'x';", '   │     ~~~~~'].join('\n'),
  );
});

test('the mark is under its place after tabs, wide characters and escapes', () => {
  for (const before of ['\t', '日本語 ', 'e\u0301 ', '\x1b[31m', '👨‍👩‍👧‍👦 ', '\u202e']) {
    const [, line, mark] = diagnose(`${before}bad;`, 'bad').split('\n');
    assert.is(widthOf(line.slice(0, line.indexOf('bad'))), mark.indexOf('~'), JSON.stringify(before));
    assert.not.match(line, raw);
  }
});

test('a place in a later line shows that line', () => {
  assert.match(diagnose('const a = 1;\nconst b = 2;\r\nconst bad = 3;', 'bad'), /\n 3 │ const bad = 3;\n {3}│ {7}~~~$/);
});

test('a place in a file is named with the line of the file', () => {
  assert.match(diagnose('one;\nbad;', 'bad', 80, 'script.ts', 41), /^script\.ts:42:1: error: Wrong\. .*\n 42 │ bad;\n/);
});

test('a mark over several lines ends with the first', () => {
  const mark = diagnose('f({\n a: 1 });', '{\n a: 1 }').split('\n')[2];
  assert.is(mark, '   │   ~');
});

test('a place at the end of the text, before its start or beyond it has a mark', () => {
  for (const start of [-5, 3, 99]) {
    const text = formatDiagnostics([{ message: 'Wrong.', code: 1005, start, length: 0 }], 'f (', '<input 3>', 1, screen);
    assert.match(text, /\n {3}│ +\^$/);
  }
  assert.match(formatDiagnostics([{ message: 'W', code: 0, start: 0, length: 1 }], '\nx', '<input 3>', 1, screen), / 1 │ \n/);
});

test('a long line is cut around the place', () => {
  const text = `${'a + '.repeat(100)}bad${' + b'.repeat(100)}`;
  for (const columns of [20, 40, 80]) {
    const lines = diagnose(text, 'bad', columns).split('\n').slice(1);
    for (const line of lines) assert.ok(widthOf(line) <= columns, `${widthOf(line)}: ${line}`);
    assert.is(lines[0].indexOf('bad'), lines[1].indexOf('~'));
    assert.match(lines[0], /…/);
  }
});

test('a line that stands far to the right is moved to the left', () => {
  assert.match(diagnose(`${' '.repeat(60)}f(bad)`, 'bad'), /\n 1 │ f\(bad\)\n {3}│ {3}~~~$/);
  assert.match(diagnose('    f(bad)', 'bad'), /\n 1 │ {5}f\(bad\)\n {3}│ {7}~~~$/);
});

test('many errors are counted', () => {
  const diagnostics = Array.from({ length: 12 }, (_, index) => ({ message: `E${index}`, code: 1, start: index, length: 1 }));
  const text = formatDiagnostics(diagnostics, 'abcdefghijklmn', '<input 3>', 1, screen);
  assert.match(text, / … 7 more$/);
  assert.is(text.match(/error:/g)?.length, 5);
});

test.run();
