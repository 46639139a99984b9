// The history file: which entries it holds, which lines it skips, and that its errors never stop an entry.
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { History, stateFolder } from '../../../shell/terminal/history';

const root = mkdtempSync(path.join(tmpdir(), 'millrace-test-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));
let count = 0;
const freshFolder = () => path.join(root, String(count++), 'millrace');

const noTrouble = (message: string) => assert.unreachable(message);

test('another session finds the entries with their newlines', () => {
  const folder = freshFolder();
  const first = new History(folder, noTrouble);
  for (const entry of ['1 + 1', 'const a = [\n\t"ü 👩‍👩‍👧",\n]', '.help']) first.add(entry);
  assert.equal(new History(folder, noTrouble).entries, first.entries);
  assert.is(first.entries.length, 3);
});

test('each entry is written at once as a JSON string on one line, readable by the owner only', () => {
  const folder = freshFolder();
  new History(folder, noTrouble).add('a\nb');
  const file = path.join(folder, 'history');
  assert.is(readFileSync(file, 'utf8'), '"a\\nb"\n');
  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.is(statSync(folder).mode & 0o777, 0o700);
});

test('an entry typed twice in a row is stored once', () => {
  const history = new History(freshFolder(), noTrouble);
  for (const entry of ['a', 'a', 'b', 'a']) history.add(entry);
  assert.equal(history.entries, ['a', 'b', 'a']);
});

test('two sessions at once lose nothing of each other', () => {
  const folder = freshFolder();
  const [one, other] = [new History(folder, noTrouble), new History(folder, noTrouble)];
  for (let turn = 0; turn < 50; turn++) {
    one.add(`one ${turn}`);
    other.add(`other ${turn}`);
  }
  assert.is(new History(folder, noTrouble).entries.length, 100);
});

test('only the last ten thousand are read, and only the end of a huge file', () => {
  const folder = freshFolder();
  mkdirSync(folder, { recursive: true });
  const line = (index: number) => JSON.stringify(`entry ${index}`) + '\n';
  writeFileSync(path.join(folder, 'history'), Array.from({ length: 12_000 }, (_, index) => line(index)).join(''));
  const { entries } = new History(folder, noTrouble);
  assert.equal([entries.length, entries[0], entries.at(-1)], [10_000, 'entry 2000', 'entry 11999']);
  writeFileSync(path.join(folder, 'history'), JSON.stringify('x'.repeat(9e6)) + '\n' + line(1));
  assert.equal(new History(folder, noTrouble).entries, ['entry 1']);
});

test('torn and foreign lines are skipped', () => {
  const folder = freshFolder();
  new History(folder, noTrouble).add('good');
  appendFileSync(path.join(folder, 'history'), '"torn\n42\n{"a":1}\n\x00\x01\n');
  const history = new History(folder, noTrouble);
  history.add('after');
  assert.equal(new History(folder, noTrouble).entries, ['good', 'after']);
});

test('a file that cannot be used is reported once, and entries last for the session', () => {
  const folder = freshFolder();
  mkdirSync(path.dirname(folder), { recursive: true });
  writeFileSync(folder, 'a file where the folder should be');
  const said: string[] = [];
  const history = new History(folder, (message) => said.push(message));
  history.add('a');
  history.add('b');
  assert.equal(history.entries, ['a', 'b']);
  assert.is(said.length, 1);
  assert.match(said[0], /this session only/);
});

test('a full disk is reported once and stops no entry', () => {
  if (!existsSync('/dev/full')) return;
  const folder = freshFolder();
  mkdirSync(folder, { recursive: true });
  require('node:fs').symlinkSync('/dev/full', path.join(folder, 'history'));
  const said: string[] = [];
  const history = new History(folder, (message) => said.push(message));
  history.add('a');
  history.add('b');
  assert.equal([history.entries.slice(-2), said.length], [['a', 'b'], 1]);
});

test('an entry that begins with a space is stored nowhere', () => {
  const folder = freshFolder();
  const history = new History(folder, noTrouble);
  history.add('kept');
  history.add(" const password = 'x'");
  assert.equal(history.entries, ['kept']);
  assert.is(readFileSync(path.join(folder, 'history'), 'utf8'), '"kept"\n');
});

test('what other shells write is there after a refresh, before the own entries', () => {
  const folder = freshFolder();
  new History(folder, noTrouble).add('before');
  const [one, other] = [new History(folder, noTrouble), new History(folder, noTrouble)];
  one.add('own 1');
  other.add('other 1');
  one.add('own 2');
  other.add('own 1');
  assert.equal(one.entries, ['before', 'own 1', 'own 2']);
  assert.equal(one.refreshed(), ['before', 'other 1', 'own 1', 'own 1', 'own 2']);
  other.add('other 2');
  assert.equal(one.refreshed(), ['before', 'other 1', 'own 1', 'other 2', 'own 1', 'own 2']);
  assert.equal(one.refreshed(), one.entries);
});

test('an emptied file is read from its start, and a half-written line only once it is whole', () => {
  const folder = freshFolder();
  const history = new History(folder, noTrouble);
  const file = path.join(folder, 'history');
  new History(folder, noTrouble).add('a long entry of the past');
  assert.equal(history.entries, ['a long entry of the past']);
  writeFileSync(file, '"new"\n"ha');
  assert.equal(history.refreshed(), ['a long entry of the past', 'new']);
  appendFileSync(file, 'lf"\n');
  assert.equal(history.refreshed().at(-1), 'half');
});

test('a file that others may read becomes private', () => {
  const folder = freshFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'history'), '"a"\n', { mode: 0o644 });
  assert.equal(new History(folder, noTrouble).entries, ['a']);
  assert.is(statSync(path.join(folder, 'history')).mode & 0o777, 0o600);
});

test('a pipe instead of the file is reported and never read', () => {
  const folder = freshFolder();
  mkdirSync(folder, { recursive: true });
  execFileSync('mkfifo', [path.join(folder, 'history')]);
  const said: string[] = [];
  const history = new History(folder, (message) => said.push(message));
  history.add('a');
  assert.equal([history.entries, said.length], [['a'], 1]);
});

test('a hundred thousand entries cost the first look no more than the last ten thousand, and pasted data is not written', () => {
  const folder = freshFolder();
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'history');
  writeFileSync(
    file,
    Array.from({ length: 100_000 }, (_, index) => `${JSON.stringify(`const entry${index} = ${index}`)}\n`).join(''),
  );
  const history = new History(folder, noTrouble);
  assert.is(history.entries.length, 10_000);
  assert.is(history.entries.at(-1), 'const entry99999 = 99999');
  const { size } = statSync(file);
  history.add('x'.repeat(300_000));
  assert.is(history.entries.at(-1)?.length, 300_000);
  assert.is(statSync(file).size, size);
});

test('the state folder is that of the user, and a relative one is ignored', () => {
  assert.is(stateFolder({ XDG_STATE_HOME: '/some/state' }), '/some/state/millrace');
  const home = stateFolder({}) ?? '';
  assert.match(home, /\/\.local\/state\/millrace$/);
  assert.is(stateFolder({ XDG_STATE_HOME: 'state' }), home);
});

test('passwords, signatures and secrets stay in the session: the file has none', () => {
  const folder = freshFolder();
  const history = new History(folder, noTrouble);
  const entries = [
    "sc.textFile('https://me:hunter2@host/a').count()",
    "sc.sqlTable('postgres://me:hun@ter2/x@host/db', 'a', { passphrase: 'hunter2' })",
    "sc.textFile('https://host/a?x=1&X-Amz-Signature=c0ffee&y=2')",
    "process.env.AWS_SECRET_ACCESS_KEY = 'wJalrXUtn'",
    'process.env["PG_PASSWORD"] = "hunter2"',
    "const options = { user: 'me', password: 'hunter2' }",
  ];
  const plain = ["sc.textFile('https://host/a?x=1').map(line => line.split(':')[1])", "const tokens = line.split(' ')"];
  for (const entry of [...entries, ...plain]) history.add(entry);
  assert.equal(history.entries, [...entries, ...plain]);
  const text = readFileSync(path.join(folder, 'history'), 'utf8');
  assert.not.match(text, /hunter2|ter2\/x|c0ffee|wJalrXUtn/);
  const again = new History(folder, noTrouble).entries;
  assert.equal(again.slice(-2), plain);
  assert.equal(again.slice(0, 3), [
    "sc.textFile('https://me:…@host/a').count()",
    "sc.sqlTable('postgres://me:…@host/db', 'a', { passphrase: '…' })",
    "sc.textFile('https://host/a?x=1&X-Amz-Signature=…&y=2')",
  ]);
  assert.equal(history.refreshed(), [...entries, ...plain]);
});

test.run();
