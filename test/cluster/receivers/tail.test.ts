// Files that grow and rotate, followed: every whole line once and in order, whatever becomes of the file or of the receiver.
// time limit: 300 s
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Receivers } from '../../../cluster/receivers/receiver-pool';
import { type Context, ManualClock, StreamingContext } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { watchLeaks } from '../../helpers/leaks';
import { Listening } from '../../helpers/streams';
import { until } from '../../helpers/within';

const test = suite('followed files');
let leaks: ReturnType<typeof watchLeaks>;
let sc: Context;
let folder: string;
let log: string;

test.before(async () => {
  leaks = watchLeaks();
  sc = await connect('local');
});
test.before.each(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'tail-'));
  log = join(folder, 'app.log');
});
test.after.each(() => fs.rmSync(folder, { recursive: true, force: true }));

const follow = (path: string | readonly string[] = log, options = {}) => new Listening(sc, (s) => s.tailStream(path, options));
const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
/** Longer than what tells files apart. */
const long = (name: string) => Array.from({ length: 100 }, (_, i) => `${name} ${i} ${'x'.repeat(20)}`);

test('what is appended arrives, not what was there; a line counts once its end is written', async () => {
  fs.writeFileSync(log, 'old\nhalf');
  const following = follow();
  await following.told(/follows .*app\.log/);
  fs.appendFileSync(log, ' a line\nnew');
  assert.equal(await following.count(1), ['half a line']);
  fs.appendFileSync(log, 'er\r\n');
  assert.equal(await following.count(2), ['half a line', 'newer']);
  await following.stop();
});

test("with from: 'start' all lines count; a file that is not there yet is waited for", async () => {
  fs.writeFileSync(log, text(numbered(0, 3)));
  const following = follow([log, join(folder, 'later.log')], { from: 'start' });
  await following.count(3);
  await following.told(/waits for .*later\.log/);
  fs.writeFileSync(join(folder, 'later.log'), 'later\n');
  assert.equal(await following.count(4), [...numbered(0, 3), 'later']);
  await following.stop();
});

test('a file that is renamed and made anew: the rest of the old one, also what is written to it late, then the new one', async () => {
  fs.writeFileSync(log, '');
  const following = follow();
  await following.told(/follows/);
  const writer = fs.openSync(log, 'a');
  fs.writeSync(writer, text(numbered(0, 5)));
  fs.renameSync(log, `${log}.1`);
  fs.writeSync(writer, 'still open\nno line end');
  fs.writeFileSync(log, 'new\n');
  const lines = await following.count(8);
  fs.closeSync(writer);
  assert.equal([...lines].sort(), [...numbered(0, 5), 'new', 'no line end', 'still open'].sort());
  assert.equal(lines.slice(0, 5), numbered(0, 5));
  fs.appendFileSync(log, 'newer\n');
  assert.is((await following.count(9))[8], 'newer');
  await following.stop();
});

test('a file that is copied and cut: lines that only the copy has are read from there, others once', async () => {
  fs.writeFileSync(log, '');
  const following = follow(join(folder, '*.log*'));
  await following.told(/follows/);
  fs.appendFileSync(log, text(long('a')));
  await following.count(100);
  for (let turn = 0; turn < 3; turn++) {
    // All of it between two looks, or nearly so.
    fs.appendFileSync(log, text([`only the copy ${turn}`]));
    fs.copyFileSync(log, `${log}.${turn}`);
    fs.truncateSync(log);
    fs.appendFileSync(log, text(long(`after ${turn}`)));
    await following.count(100 + (turn + 1) * 101);
  }
  const expected = [...long('a'), ...[0, 1, 2].flatMap((n) => [`only the copy ${n}`, ...long(`after ${n}`)])];
  const twice = following.elements.filter((line, i) => following.elements.indexOf(line) < i);
  assert.equal(twice, []);
  assert.equal([...following.elements].sort(), expected.sort());
  await following.stop();
});

test('a copy that somebody makes of a file that goes on growing is not read; one that differs later is', async () => {
  fs.writeFileSync(log, text(['header']));
  const following = follow(join(folder, '*.log'), { from: 'start' });
  await following.count(1);
  fs.copyFileSync(log, join(folder, 'copy.log'));
  fs.writeFileSync(join(folder, 'other.log'), text(['header', 'of its own']));
  fs.appendFileSync(log, text(numbered(0, 3)));
  await following.count(6);
  assert.equal([...following.elements].sort(), ['header', 'header', ...numbered(0, 3), 'of its own'].sort());
  await following.stop();
});

test('a file that is deleted and made again is read from its beginning; one that is cut without a copy is reported', async () => {
  fs.writeFileSync(log, '');
  const following = follow();
  await following.told(/follows/);
  fs.appendFileSync(log, 'first\n');
  await following.count(1);
  fs.rmSync(log);
  fs.writeFileSync(log, 'second\n');
  assert.equal(await following.count(2), ['first', 'second']);
  fs.truncateSync(log);
  await following.told(/app\.log was cut: what had not been read is lost unless a copy has it/);
  fs.appendFileSync(log, 'third\n');
  assert.is((await following.count(3))[2], 'third');
  await following.stop();
});

test('a line that is too long is left out and reported; a folder and a pipe are no files', async () => {
  fs.writeFileSync(log, '');
  fs.mkdirSync(join(folder, 'inner'));
  const following = follow([log, join(folder, 'inner')], { maxLineBytes: 100 });
  await following.told(/inner is not a file/);
  await following.told(/follows/);
  fs.appendFileSync(log, `before\n${'x'.repeat(50_000)}`);
  fs.appendFileSync(log, `${'x'.repeat(50_000)}\nafter\n`);
  assert.equal(await following.count(2), ['before', 'after']);
  await following.told(/dropped a line longer than 100 B/);
  await following.stop();
});

test('a receiver that is killed again and again while the file grows and rotates: every line once', async () => {
  fs.writeFileSync(log, '');
  const following = follow();
  await following.told(/follows/);
  const pids = () => (sc.receivers as Receivers).pids;
  let written = 0;
  let kills = 0;
  const write = () => {
    fs.appendFileSync(log, text(numbered(written, written + 200)));
    written += 200;
  };
  for (let turn = 0; turn < 5; turn++) {
    for (let i = 0; i < 5; i++) write();
    await until(60_000, () => pids().length > 0, 'a receiver');
    if (turn > 0) await until(60_000, () => following.elements.length > 0, 'lines');
    process.kill(pids()[0], 'SIGKILL');
    kills++;
    write();
    if (turn % 2 === 0) fs.renameSync(log, `${log}.${turn}`);
    write();
    await until(
      60_000,
      () => following.notices.filter((n) => /its process was lost/.test(n)).length >= kills,
      `restart ${kills}`,
    );
    // The file was renamed and another begun while nobody read.
    await following.count(written);
  }
  assert.is(kills, 5);
  assert.equal([...following.elements].sort(), numbered(0, written).sort());
  await following.stop();
});

/** The receiver is killed; resolves when the next one follows the files. */
async function restart(following: ReturnType<typeof follow>): Promise<void> {
  const starts = () => following.notices.filter((n) => /follows .* where it had stopped/.test(n)).length;
  const before = starts();
  process.kill((sc.receivers as Receivers).pids[0], 'SIGKILL');
  await until(60_000, () => starts() > before, 'another receiver');
}

test('a copy is not read after a restart either, nor while it is still empty; what is compressed never is', async () => {
  fs.writeFileSync(log, text(numbered(0, 3)));
  const following = follow(join(folder, '*.log*'), { from: 'start' });
  await following.count(3);
  fs.copyFileSync(log, join(folder, 'copy.log'));
  fs.writeFileSync(`${log}.1.gz`, text(['bytes']));
  await restart(following);
  const copy = fs.openSync(`${log}.1`, 'w');
  // When its line is there, the empty copy was looked at.
  fs.writeFileSync(join(folder, 'z.log'), 'of another file\n');
  await following.count(4);
  fs.writeSync(copy, text(numbered(0, 3)));
  fs.closeSync(copy);
  fs.writeFileSync(join(folder, 'zz.log'), 'of a third one\n');
  fs.appendFileSync(log, text(numbered(3, 5)));
  await following.count(7);
  assert.equal([...following.elements].sort(), [...numbered(0, 5), 'of another file', 'of a third one'].sort());
  await following.stop();
});

test('after a restart a file goes on where it was read, also one that was moved to another disk, or is missing for a while', async () => {
  const [moved, away] = [join(folder, 'moved.log'), join(folder, 'away.log')];
  fs.writeFileSync(moved, '');
  fs.writeFileSync(away, '');
  const following = follow([moved, away]);
  await following.told(/follows/);
  fs.appendFileSync(moved, text(long('moved')));
  fs.appendFileSync(away, text(['read before']));
  await following.count(101);
  // The same bytes under another number.
  fs.copyFileSync(moved, `${folder}.copy`);
  fs.renameSync(`${folder}.copy`, moved);
  fs.renameSync(away, `${folder}.away`);
  await restart(following);
  await following.told(/away\.log, read until byte 12 before, is not there any more: .* lost unless it comes back/);
  await restart(following);
  fs.appendFileSync(`${folder}.away`, 'read after\n');
  fs.renameSync(`${folder}.away`, away);
  fs.appendFileSync(moved, 'moved on\n');
  await following.count(103);
  assert.equal(following.elements.slice(101).sort(), ['moved on', 'read after']);
  assert.is(following.notices.filter((n) => /is not there any more/.test(n)).length, 1);
  await following.stop();
});

test('a path that cannot be looked at keeps no other from being read', async () => {
  fs.writeFileSync(log, '');
  const loop = join(folder, 'loop.log');
  fs.symlinkSync(loop, loop);
  const following = follow([loop, log]);
  await following.told(/loop\.log cannot be read: ELOOP/);
  // It is followed from the end that it has when it is seen first.
  const isRead = () => {
    fs.appendFileSync(log, 'read\n');
    return following.elements.length > 0;
  };
  await until(60_000, isRead, 'a line of the other file');
  assert.is(following.elements[0], 'read');
  await following.stop();
});

test('a line that has not ended and is written anew in its place is not joined with what it was', async () => {
  fs.writeFileSync(log, '');
  const following = follow();
  await following.told(/follows/);
  fs.appendFileSync(log, 'first\nhalf');
  await following.count(1);
  const writer = fs.openSync(log, 'r+');
  fs.writeSync(writer, 'other line\n', 6);
  fs.closeSync(writer);
  assert.equal(await following.count(2), ['first', 'other line']);
  await following.stop();
});

test('paths are files or patterns of this machine', async () => {
  const ssc = new StreamingContext(sc, '1s', { clock: new ManualClock(0) });
  for (const path of ['', [], [3], undefined, 's3://bucket/app.log'])
    await errorOf('BAD_ARGUMENT', () => ssc.tailStream(path as never));
  const from = await errorOf('BAD_ARGUMENT', () => ssc.tailStream('app.log', { from: 'now' as never }));
  assert.match(from.message, /tailStream: from is "now", but must be 'start' or 'end'/);
  await errorOf('BAD_OPTION', () => ssc.tailStream('app.log', { maxRate: -1 }));
});

test('leaves nothing behind', async () => {
  fs.rmSync(folder, { recursive: true });
  await sc.stop();
  await leaks.check();
});

test.run();
