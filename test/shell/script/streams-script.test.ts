// Streams without a terminal: plain lines, what was received is worked off, and the exit status tells how it ended.
// time limit: 240 s
import { spawn } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allGone, descendants, shellCommand } from '../../helpers/terminal';
import { within } from '../../helpers/within';

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a script given on standard input; `act` is called with its process when `when` has been printed. */
function script(text: string, when?: string, act?: (pid: number) => void): Promise<Ended> {
  const [command, ...args] = shellCommand('--master', 'local[1]', '-');
  const child = spawn(command, args, { stdio: 'pipe' });
  child.stdin.end(text);
  let [out, err] = ['', ''];
  let wanted = when;
  child.stdout.setEncoding('utf8').on('data', (printed: string) => {
    out += printed;
    if (wanted === undefined || !out.includes(wanted)) return;
    wanted = undefined;
    act?.(child.pid as number);
  });
  child.stderr.setEncoding('utf8').on('data', (printed: string) => {
    err += printed;
  });
  const ended = new Promise<Ended>((resolve) => child.once('close', (status) => resolve({ status, out, err })));
  return within(60_000, ended, text).finally(() => child.kill('SIGKILL'));
}

const numbers = "const numbers = stream('100ms').queueStream([[3, 1, 2], [5]]).setName('numbers')\n";

/** Scripts, what they print on standard output and on standard error, and their status. */
const transcripts: Record<string, readonly [text: string, out: RegExp, err: RegExp, status: number]> = {
  'print and watch are plain lines': [
    `${numbers}numbers.print(2)\nconst pane = numbers.watch({ rows: 1, title: 'first' })\nconst late = await stream().awaitTerminationOrTimeout('1s')`,
    /^-- \S+ numbers\n3\n1\n…\n-- \S+ first\n3\n…\n-- \S+ numbers\n5\n-- \S+ first\n5\n-- \S+ numbers: no rows\n/,
    /^$/,
    0,
  ],
  'awaitTermination ends with stop': [
    `${numbers}const own = stream()\nnumbers.foreachRDD(() => { if (own.batches().length > 2) void own.stop() })\nown.start()\nawait own.awaitTermination()\nstream().state`,
    /^res\d: .* = "initialized"\n$/,
    /^$/,
    0,
  ],
  'a failing output is named once': [
    `${numbers}numbers.foreachRDD(() => { throw new Error('no disk') }, { name: 'save', onFailure: 'skip' })\nstream().start()\nconst late = await stream().awaitTerminationOrTimeout('1s')`,
    /^$/,
    /^\(save of numbers failed\)\nError: no disk\n[^E]*$/,
    0,
  ],
  'a context without outputs does not start': [`${numbers}stream().start()`, /^$/, /no outputs/, 1],
  'the types of streams are checked': [
    `${numbers}numbers.map(n => n.length).print()`,
    /^$/,
    /Property 'length' does not exist on type 'number'/,
    1,
  ],
  'the test kit is there': [
    'await check.batches([[1], [2]], s => s.map(x => x * 2), [[2], [4]])\nawait check.batches([[1]], s => s.map(x => x * 2), [[3]])',
    /^$/,
    /Batch 1 is \[2\], but \[3\]/,
    1,
  ],
  '.stop with an unknown name lists those that there are': [
    `${numbers}numbers.print()\n.stop number`,
    /^$/,
    /one of print of numbers, numbers\.[\s\S]*Did you mean \.stop numbers\?/,
    1,
  ],
  'awaitTermination of streams that have ended ends, though stream() makes new ones then': [
    `${numbers}const own = stream()\nnumbers.foreachRDD(() => { if (own.batches().length > 2) void own.stop() })\nown.start()\nawait own.awaitTermination()\nawait stream().awaitTermination()\nawait stream().awaitTerminationOrTimeout('1h')`,
    /^res\d: boolean = true\n$/,
    /^$/,
    0,
  ],
  'streams that fail at their start say so each time': [
    "for (const path of ['none', 'nothing']) { const s = new StreamingContext(sc, '1s'); s.replay(path).print(); s.start(); await s.awaitTermination() }",
    /^$/,
    /the replay failed[\s\S]*none[\s\S]*the replay failed[\s\S]*nothing/,
    0,
  ],
  '.help streams explains': ['.help streams', /^stream\('1s'\) is the streaming context/, /^$/, 0],
};

for (const [name, [text, out, err, status]] of Object.entries(transcripts)) {
  test(name, async () => {
    const ended = await script(text);
    assert.match(ended.out, out);
    assert.match(ended.err, err);
    assert.is(ended.status, status);
  });
}

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} ends a script with streams with ${status} and leaves no process`, async () => {
    let processes: number[] = [];
    const waits = `${numbers}numbers.print()\nstream().start()\nawait stream().awaitTermination()`;
    const ended = await script(waits, '\n5\n', (pid) => {
      processes = descendants(pid);
      process.kill(pid, signal);
    });
    assert.is(ended.status, status, ended.err);
    assert.ok(processes.length >= 2);
    await allGone(processes, 3_000);
  });
}

test.run();
