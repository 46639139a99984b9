// Ctrl-C at any moment: what runs stops, the next entry is right, the session's process never ends of it, and nothing is left behind.
// time limit: 600 s
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../../runtime/base/time';
import { ChildSession } from '../../../shell/terminal/session-client';
import { typeService, userFolder } from '../../helpers/entries';
import { size } from '../../helpers/sizes';
import { allGone, descendants, isAlive, keys, open, shellCommand, type Terminal } from '../../helpers/terminal';
import { until, within } from '../../helpers/within';

const test = suite('interrupts');

const seed = Number(process.env.MILLRACE_SEED ?? 20261123);
const promptMs = 500;
/** On a machine with much else to do the answer of the session alone takes long; the figures are printed. */
const patienceMs = 3_000;

const folder = mkdtempSync(path.join(tmpdir(), 'millrace-test-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const pipe = path.join(folder, 'pipe');
execFileSync('mkfifo', [pipe]);

// ---- at random moments, straight into the session's process

const aimed = size(40, 2_000);

test(`${aimed} interrupts at random moments of short entries (seed ${seed}): the session lives, and none hits the next entry`, async () => {
  const user = userFolder();
  const types = typeService(user.folder);
  const random = new Random(seed);
  const ends: string[] = [];
  const printed: string[] = [];
  const session = new ChildSession({
    engine: { master: 'local' },
    events: { print: (text) => printed.push(text), output: (text) => printed.push(text), progress: () => {}, pane: () => {} },
    onEnd: (end) => ends.push(JSON.stringify(end)),
  });
  const screen = { columns: 80, color: false, live: false };
  const begin = (text: string) => {
    const compiled = types.compile(text);
    if (compiled.status !== 'ok') throw new Error(`${text}: ${JSON.stringify(compiled)}`);
    return session.run(compiled.cell, screen);
  };
  const outcomes: Record<string, number> = { ok: 0, interrupted: 0, failed: 0 };
  // A busy machine delivers an interrupt late: entries last longer while too many in a row have ended before theirs.
  let longestMs = 4;
  let tooLate = 0;
  try {
    assert.is((await within(60_000, begin('const first = 1'), 'the start')).status, 'ok');
    for (let n = 0; n < aimed; n++) {
      // From entries that are nothing to some that last `longestMs`; the interrupt falls before, into or behind them.
      const lastsMs = n % 3 === 0 ? 0 : random.next() * longestMs;
      const running = begin(`{ const end = performance.now() + ${lastsMs.toFixed(3)}; while (performance.now() < end); }`);
      const at = performance.now() + random.next() * (lastsMs + 2);
      if (n % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
      while (performance.now() < at);
      session.interrupt();
      const { status } = await within(10_000, running, `entry ${n}`);
      outcomes[status]++;
      tooLate = status === 'ok' ? tooLate + 1 : 0;
      if (tooLate === 10) {
        longestMs = Math.min(longestMs * 2, 1_000);
        tooLate = 0;
      }
      assert.equal(ends, [], `the session ended at entry ${n}`);
      const next = await within(10_000, begin(`const next${n} = ${n}`), `the entry after ${n}`);
      assert.is(next.status, 'ok', `the entry after ${n}`);
    }
    const endless = begin('while (true) {}');
    session.interrupt();
    assert.is((await within(10_000, endless, 'a loop that was interrupted at its start')).status, 'interrupted');
    console.log(
      `  ${aimed} interrupts: ${outcomes.interrupted} broke an entry, ${outcomes.ok} came too late; entries of up to ${longestMs} ms`,
    );
    assert.is(outcomes.failed, 0, printed.join(''));
    assert.ok(outcomes.interrupted > aimed / 20 && outcomes.ok > 0, JSON.stringify(outcomes));
  } finally {
    await session.stop();
  }
});

// ---- at the prompt, in each phase of an entry and of a job

const rounds = size(2, 20);
/** Phases after which the shell is left by Ctrl-D and started again. */
const phasesPerShell = size(4, 1);
const idle = />$/;

/** An entry that makes a file named `mark` when it is in its phase, and then never ends. */
type Phase = (mark: string) => string;

const note = (mark: string) => `fs.writeFileSync(${JSON.stringify(mark)}, "")`;
const forEver = (mark: string) => `{ ${note(mark)}; for (;;); }`;

const phases: Readonly<Record<string, Phase>> = {
  'a loop at the prompt': (mark) => `${note(mark)}; while (true) {}`,
  'an await that never settles': (mark) => `${note(mark)}; await new Promise(() => {})`,
  'a pipeline that the entry waits for': (mark) =>
    `${note(mark)}; require("node:child_process").execSync("sleep 300 | sleep 301 | cat")`,
  'a loop after an await': (mark) => `await null; ${note(mark)}; while (true) {}`,
  'the map of a job': (mark) => `await sc.range(0, 8, 1, 4).map((x): number => ${forEver(mark)}).count()`,
  'the map before a shuffle': (mark) =>
    `await sc.range(0, 8, 1, 4).map((x): [number, number] => ${forEver(mark)}).reduceByKey((a, b) => a + b).count()`,
  'the reduce of a job': (mark) =>
    `await sc.range(0, 8, 1, 4).map((x): [number, number] => [x % 2, x]).reduceByKey((a, b) => a + b).mapValues((x): number => ${forEver(mark)}).count()`,
  'the writing of a cache': (mark) => `await sc.range(0, 8, 1, 4).map((x): number => ${forEver(mark)}).cache().count()`,
  'the sample of a pipe that nobody writes': (mark) => `${note(mark)}; sc.textFile(${JSON.stringify(pipe)})`,
  'the partitions of such a pipe': (mark) => `${note(mark)}; sc.textFile(${JSON.stringify(pipe)}).numPartitions`,
  'the lineage of such a pipe': (mark) => `.explain (${note(mark)}, sc.textFile(${JSON.stringify(pipe)}).map(x => x.length))`,
  'the sample of a dataset': (mark) => `sc.range(0, 8, 1, 4).map((x): number => ${forEver(mark)})`,
};

async function startShell(): Promise<Terminal> {
  const env = { XDG_STATE_HOME: path.join(folder, 'state'), TMPDIR: path.join(folder, 'temporary') };
  mkdirSync(env.TMPDIR, { recursive: true });
  const terminal = open(shellCommand('--master', 'local[2]'), { rows: 50, columns: 240, cwd: folder, env });
  await terminal.waitFor(/^>$/m, 20_000);
  return terminal;
}

/** Types an entry and waits for its answer and the prompt behind it. */
async function entry(terminal: Terminal, text: string, wanted: RegExp): Promise<void> {
  const before = terminal.everything().length;
  const answer = () => terminal.everything().slice(before);
  terminal.type(text + keys.enter);
  await terminal.until(() => wanted.test(answer()) && idle.test(answer()), `${wanted} after ${text}`, 20_000);
}

test(`ctrl-c ${rounds} times in each of ${Object.keys(phases).length} phases: the prompt is back, the next job is right`, async () => {
  let terminal = await startShell();
  const waits: number[] = [];
  let marks = 0;
  try {
    for (const [index, [name, phase]] of Object.entries(phases).entries()) {
      await entry(terminal, 'import * as fs from "node:fs"', idle);
      await entry(terminal, 'await sc.range(0, 100, 1, 4).sum()', /= 4950/);
      const processes = descendants(terminal.pid).length;
      for (let round = 0; round < rounds; round++) {
        const mark = path.join(folder, `mark-${marks++}`);
        terminal.type(phase(mark) + keys.enter);
        await until(20_000, () => existsSync(mark), `round ${round} of ${name}`);
        const pressed = performance.now();
        const before = terminal.everything().length;
        terminal.type(keys.ctrl('c'));
        const isBack = () => /\(interrupted\)\n>$/.test(terminal.everything().slice(before));
        await terminal.until(isBack, `the prompt in round ${round} of ${name}`, 20_000);
        waits.push(performance.now() - pressed);
        await entry(terminal, 'await sc.range(0, 100, 1, 4).sum()', /= 4950/);
      }
      await until(5_000, () => descendants(terminal.pid).length === processes, `no process more after ${name}`);
      if (index % phasesPerShell !== phasesPerShell - 1) continue;
      const all = descendants(terminal.pid);
      terminal.type(keys.ctrl('d'));
      assert.is(await terminal.exited, 0);
      await allGone(all, 2_000);
      await terminal.close();
      terminal = await startShell();
    }
  } finally {
    await terminal.close();
  }
  waits.sort((a, b) => a - b);
  const late = waits.filter((ms) => ms > promptMs).length;
  console.log(
    `  ${waits.length} times: p50 ${waits[waits.length >> 1].toFixed(0)} ms, longest ${waits.at(-1)!.toFixed(0)} ms, ${late} over ${promptMs} ms`,
  );
  assert.is(waits.length, rounds * Object.keys(phases).length);
  assert.ok(waits.at(-1)! <= patienceMs, `${waits.at(-1)} ms`);
});

// ---- the shell is killed

const killed = size(1, 10);

test(`the shell killed ${killed} times: executors gone within 3 s, its temporary folder with the next start`, async () => {
  const temporary = path.join(folder, 'temporary');
  const folders = () => readdirSync(temporary).filter((name) => /^millrace-\d+-/.test(name));
  for (let round = 0; round < killed; round++) {
    const terminal = await startShell();
    // The folder is there as soon as a session is; the prompt comes before it.
    await entry(
      terminal,
      'await sc.range(0, 100, 1, 4).map((x): [number, number] => [x, x]).reduceByKey(a => a).count()',
      /= 100/,
    );
    const own = folders();
    assert.is(own.length, 1, `what the one before left is gone: ${own}`);
    if (round % 2 === 0) {
      terminal.type('sc.range(0, 8, 1, 4).foreach(() => { for (;;); }); while (true) {}\r');
      await until(10_000, () => descendants(terminal.pid).some((pid) => isBusy(pid)), 'the loop');
    }
    const processes = descendants(terminal.pid);
    assert.ok(processes.length >= 4, 'a session, a type service and two executors');
    const all = [terminal.pid, ...processes];
    for (const pid of all) assert.ok(isAlive(pid));
    const started = performance.now();
    process.kill(terminal.pid, 'SIGKILL');
    await allGone(processes, 3_000);
    console.log(`  gone after ${Math.round(performance.now() - started)} ms`);
    await terminal.close();
    const next = await startShell();
    await entry(next, 'await sc.range(0, 10).count()', /= 10/);
    await until(5_000, () => !folders().includes(own[0]), 'the removal of the folder');
    next.type(keys.ctrl('d'));
    assert.is(await next.exited, 0);
    await next.close();
    assert.equal(folders(), []);
  }
});

/** Whether a process is running code now, or wants to. */
function isBusy(pid: number): boolean {
  return existsSync(`/proc/${pid}/status`) && /^State:\s+R/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

test.run();
