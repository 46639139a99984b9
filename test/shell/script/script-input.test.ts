// What a script reads from standard input, what suspends it, and what becomes of its output where it does not fit.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { file, folder, millrace } from '../../helpers/scripts';
import { keys, shellCommand, Terminal } from '../../helpers/terminal';
import { within } from '../../helpers/within';

const local = ['--master', 'local[1]'];

test('what comes on standard input between two statements is not lost', async () => {
  const lines = file(
    'lines.ts',
    [
      "import { createInterface } from 'node:readline';",
      'const lines = createInterface({ input: process.stdin });',
      'let sum = 0;',
      'for await (const line of lines) sum += Number(line);',
      'console.log(sum);',
    ].join('\n'),
  );
  const input = Array.from({ length: 5000 }, (_, i) => `${i}\n`).join('');
  const { status, out } = await millrace([...local, lines], { input });
  assert.equal([status, out], [0, '12497500\n']);
  const asked = file(
    'asked.ts',
    [
      "import { createInterface } from 'node:readline/promises';",
      'const asking = createInterface({ input: process.stdin });',
      "const name = await asking.question('');",
      "console.log('hello', name);",
    ].join('\n'),
  );
  assert.match((await millrace([...local, asked], { input: 'Ada\n' })).out, /hello Ada/);
});

test('Ctrl-Z suspends a script that reads keys, and fg brings it back', async () => {
  const name = file(
    'keys.ts',
    [
      "import { createInterface } from 'node:readline/promises';",
      'const asking = createInterface({ input: process.stdin, output: process.stdout });',
      "console.log('hello', await asking.question('name? '));",
      "await asking.question('more? ');",
    ].join('\n'),
  );
  const terminal = new Terminal(['bash', '--norc', '--noprofile', '-i'], { cwd: folder, env: { PS1: 'shell$ ' } });
  try {
    await terminal.waitFor(/shell\$$/);
    terminal.type(`${shellCommand(...local, name).join(' ')}\r`);
    await terminal.waitFor(/^name\?$/m, 20_000);
    terminal.type(`Ad${keys.ctrl('z')}`);
    await terminal.waitFor(/Stopped[\s\S]*shell\$$/);
    terminal.type('echo $((6 * 7))\r');
    await terminal.waitFor(/^42$/m);
    terminal.type('fg\r');
    await terminal.waitFor(/name\? Ad$/);
    terminal.type('a\r');
    await terminal.waitFor(/^hello Ada\nmore\?$/m);
    terminal.type(keys.ctrl('c'));
    await terminal.waitFor(/Aborted with Ctrl\+C\n[\s\S]*shell\$$/);
  } finally {
    await terminal.close();
  }
});

test('a script that is suspended is ended by SIGTERM once it goes on', async () => {
  const script = file('ticks.ts', 'for (;;) {\n  await new Promise((r) => setTimeout(r, 5));\n  console.log("tick");\n}\n');
  const end = (pid: number) => {
    process.kill(pid, 'SIGTSTP');
    setTimeout(() => {
      process.kill(pid, 'SIGTERM');
      process.kill(pid, 'SIGCONT');
    }, 300);
  };
  assert.is((await millrace([...local, script], { when: ['tick', end] })).status, 143);
});

test('textFile reads standard input and the output of a command once, for all tasks', async () => {
  const sums = file(
    'sums.ts',
    `for (const path of args) {
  const lines = sc.textFile(path, 2)
  console.log(await lines.count(), await lines.map(Number).sum())
}
`,
  );
  const input = Array.from({ length: 1000 }, (_, i) => `${i}\n`).join('');
  // Standard input of a child of Node is a socket.
  assert.is((await millrace([...local, sums, '/dev/stdin', '/dev/stdin'], { input })).out, '1000 499500\n1000 499500\n');
  const command = [...shellCommand(...local, sums)].map((word) => `'${word}'`).join(' ');
  const numbers = file('numbers.txt', input);
  const line = `cat ${numbers} | ${command} /dev/stdin <(head -n 500 ${numbers})`;
  const { out, status } = await ended(spawn('bash', ['-c', line], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] }));
  assert.equal([status, out], [0, '1000 499500\n500 124750\n']);
});

function ended(child: ChildProcess): Promise<{ status: number | null; out: string }> {
  let out = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  return within(
    30_000,
    new Promise((resolve) => child.once('close', (status) => resolve({ status, out }))),
    'the end of a script',
  );
}

test('output that does not fit on its disk is reported and fails the script', async () => {
  const full = openSync('/dev/full', 'w');
  const [command, ...rest] = shellCommand(...local, '-e', 'console.log("lost")');
  const child = spawn(command, rest, { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  let err = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const status = await within(30_000, new Promise((resolve) => child.once('close', resolve)), 'the end of the script');
  assert.is(status, 1);
  assert.match(err, /^error: cannot write the output: ENOSPC/);
});

test.run();
