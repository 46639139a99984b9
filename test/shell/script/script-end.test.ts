// How a script ends: its exit status never lies, and what it has begun is waited for, as in Node.
// time limit: 240 s
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { file, folder, millrace } from '../../helpers/scripts';
import { keys, shellCommand, Terminal } from '../../helpers/terminal';

const local = ['--master', 'local'];

interface End {
  readonly text: string;
  readonly status: number;
  readonly out?: string | RegExp;
  readonly err?: RegExp;
}

file('sets-code.ts', 'process.exitCode = 4\nexport const set = true\n');

const ends: Readonly<Record<string, End>> = {
  'process.exitCode': { text: 'void (process.exitCode = 3)', status: 3, out: '' },
  'exitCode set in a module': { text: "import { set } from './sets-code'\nconsole.log(set)", status: 4, out: 'true\n' },
  'exitCode set in a handler of exit': { text: "process.on('exit', () => { process.exitCode = 5 })", status: 5, out: '' },
  'an error although exitCode was set': {
    text: 'void (process.exitCode = 3)\nthrow new Error("no")',
    status: 1,
    err: /Error: no/,
  },
  'a test of node:test that fails': {
    text: "import test from 'node:test'\nimport assert from 'node:assert'\ntest('a', () => {})\ntest('b', async () => { assert.strictEqual(await sc.range(3).count(), 4) })",
    status: 1,
    out: /ok 1 - a[\s\S]*not ok 2 - b[\s\S]*# fail 1/,
  },
  'a job that nobody awaits': {
    text: "const n = sc.range(10).map(x => { const end = Date.now() + 20; while (Date.now() < end); return x }).count()\nvoid n.then(v => console.log('counted', v))",
    status: 0,
    out: 'counted 10\n',
  },
  'a job that nobody awaits and that fails': {
    text: "const a = 1\nconst n = sc.range(10).map(x => { throw new Error('bad') }).count()\n",
    status: 1,
    err: /Error: bad\n in map at /,
  },
  'an async main below its call': {
    text: 'main()\nasync function main() { return sc.range(4).sum() }',
    status: 0,
    out: 'res0: number = 6\n',
  },
  'a timer, and its job': {
    text: "setTimeout(() => { void sc.range(5).count().then(n => { console.log('late', n); process.exitCode = 6 }) }, 30)",
    status: 6,
    out: 'late 5\n',
  },
  'a server that closes': {
    text: "import { createServer } from 'node:net'\nconst server = createServer().listen(0, () => setTimeout(() => server.close(() => console.log('closed')), 30))",
    status: 0,
    out: 'closed\n',
  },
  'process.exit in a callback': {
    text: 'setTimeout(() => process.exit(7), 20)\nawait new Promise(() => {})',
    status: 7,
    out: '',
  },
  'a rejection that nobody handles': {
    text: "const a = 1\nvoid Promise.reject(new RangeError('lost'))\nawait new Promise(r => setTimeout(r, 5_000))\nconsole.log('not reached')",
    status: 1,
    out: '',
    err: /RangeError: lost\n at \S*:2:\d+\n 2 │ void Promise/,
  },
  'an error in a timer': {
    text: "setTimeout(() => { throw new Error('in a timer') }, 20)",
    status: 1,
    err: /Error: in a timer[\s\S]*:1:26/,
  },
  'a rejection that the script handles itself': {
    text: "process.on('unhandledRejection', e => console.log('mine', (e as Error).message))\nvoid Promise.reject(new Error('lost'))",
    status: 0,
    out: 'mine lost\n',
  },
  'an await of what never comes': {
    text: 'const a = 1\nawait new Promise(() => {})',
    status: 13,
    err: /:2: error: this statement awaits what can never come/,
  },
  'work begun in beforeExit': {
    text: "process.once('beforeExit', () => setTimeout(() => console.log('after'), 20))\nprocess.on('exit', code => console.log('exit', code))",
    status: 0,
    out: 'after\nexit 0\n',
  },
  'the process itself is not printed, nor is undefined': {
    text: "process.on('exit', () => {})\nconst m = new Map<string, number>()\nm.get('a')\nm.set('a', 1).get('a')",
    status: 0,
    out: /^res\d: number \| undefined = 1\n$/,
  },
  'a background entry, and an error in it': {
    text: ".bg sc.range(2).sum()\n.bg Promise.reject(new Error('in b2'))",
    status: 0,
    err: /in b2/,
  },
};

for (const [name, { text, status, out, err }] of Object.entries(ends)) {
  test(`a script ends: ${name}`, async () => {
    const ended = await millrace([...local, file('end.ts', `${text}\n`)]);
    assert.is(ended.status, status, `${ended.out}\n${ended.err}`);
    if (typeof out === 'string') assert.is(ended.out, out);
    else if (out) assert.match(ended.out, out);
    if (err) assert.match(ended.err, err);
    else assert.is(ended.err, '');
  });
}

test('-e and standard input end the same way, also on executors', async () => {
  const code = 'setTimeout(() => { void sc.range(3).count().then(n => { process.exitCode = n }) }, 10)';
  assert.is((await millrace(['--master', 'local[1]', '-e', code])).status, 3);
  assert.is((await millrace(['--master', 'local[1]', '-'], { input: code })).status, 3);
});

const asks = "const name = prompt('name?')\nconst age = prompt('age?', '7')\nconsole.log('is', name, age)\n";

test('prompt() reads lines from a pipe, and is null where no input is left', async () => {
  const asked = file('asks.ts', asks);
  assert.is((await millrace([...local, asked], { input: 'Ada\n\n' })).out, 'name? age? is Ada 7\n');
  assert.is((await millrace([...local, asked], { input: 'Bob' })).out, 'name? age? is Bob null\n');
  assert.is((await millrace([...local, asked], { input: null })).out, 'name? age? is null null\n');
});

test('readline and readFileSync(0) read a pipe; a question without an answer ends the script', async () => {
  const question = file(
    'question.ts',
    "import { createInterface } from 'node:readline'\nconst rl = createInterface({ input: process.stdin })\nrl.question('', n => { console.log('hi', n); rl.close() })\n",
  );
  assert.is((await millrace([...local, question], { input: 'Ada\n' })).out, 'hi Ada\n');
  const whole = file('whole.ts', "import { readFileSync } from 'node:fs'\nconsole.log(readFileSync(0, 'utf8').length)\n");
  assert.is((await millrace([...local, whole], { input: 'four' })).out, '4\n');
  const awaited = file(
    'awaited.ts',
    "import { createInterface } from 'node:readline/promises'\nconst rl = createInterface({ input: process.stdin })\nconst n = await rl.question('')\n",
  );
  const { status, err } = await millrace([...local, awaited], { input: null });
  assert.equal([status, /awaited\.ts:3: error: this statement awaits/.test(err)], [13, true]);
});

test('prompt() asks at a terminal; Ctrl-C breaks it, and what else a script waits for', async () => {
  const asked = file('asks.ts', asks);
  const server = file(
    'serves.ts',
    "import { createServer } from 'node:net'\nconst s = createServer().listen(0, () => console.log('listens'))\n",
  );
  const terminal = new Terminal(['bash', '--norc', '--noprofile', '-i'], { cwd: folder, env: { PS1: 'shell$ ' } });
  const start = (name: string) => terminal.type(`${shellCommand(...local, name).join(' ')}; echo status $?\r`);
  try {
    await terminal.waitFor(/shell\$$/);
    start(asked);
    await terminal.waitFor(/^name\?$/m, 20_000);
    terminal.type('Ada\r');
    await terminal.waitFor(/^age\?$/m);
    terminal.type('8\r');
    await terminal.waitFor(/is Ada 8\nstatus 0/);
    for (const [name, shown] of [
      [asked, /name\?$/],
      [server, /listens$/],
    ] as const) {
      terminal.type('clear\r');
      await terminal.waitFor(/^shell\$$/);
      start(name);
      await terminal.waitFor(shown, 20_000);
      terminal.type(keys.ctrl('c'));
      await terminal.waitFor(/status 130/);
    }
  } finally {
    await terminal.close();
  }
});

test.run();
