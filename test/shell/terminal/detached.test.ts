// A prompt of a server outlives its terminal: with its names, its streams and its panes, whether it was left or the terminal died.
// time limit: 240 s
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withShell } from '../../helpers/prompt';
import { Server } from '../../helpers/server';
import { descendants, isAlive, keys, open, shellCommand, type Terminal } from '../../helpers/terminal';
import { until } from '../../helpers/within';

let server: Server;
const runtime = mkdtempSync(path.join(tmpdir(), 'runtime-'));
const env = { XDG_RUNTIME_DIR: runtime };

test.before(async () => {
  server = await Server.start();
});

test.after(async () => {
  await server.stop();
  rmSync(runtime, { recursive: true, force: true });
});

const onServer = () => ['--master', server.master];

/** A terminal at which a command runs. */
async function at(args: readonly string[], body: (terminal: Terminal) => Promise<void>): Promise<void> {
  const terminal = open(shellCommand(...args), { rows: 40, env });
  try {
    await body(terminal);
  } finally {
    await terminal.close();
  }
}

const run = async (terminal: Terminal, entry: string, wanted: RegExp): Promise<void> => {
  terminal.type(entry + keys.enter);
  await terminal.waitFor(wanted);
};

test('a prompt that is left goes on, and is taken up again with its names, streams and panes', () =>
  withShell(
    async (shell, first) => {
      await shell.entry('const kept = sc.range(0, 10, 1, 2).cache()', />/);
      await shell.entry('kept.count()', /= 10/);
      await run(first, 'stream("200ms").generatorStream(10, i => i).setName("ticks").watch({ rows: 2 })', /── ticks ──/);
      first.type(`.detach${keys.enter}`);
      assert.is(await first.exited, 0);
      assert.match(first.everything(), /\(detached; millrace attach 1 takes it up again\)$/);
      const answer = await until(
        10_000,
        async () => {
          const { output } = await server.command('serve', '--status', '--socket', server.socket);
          return output.includes('detached') && output;
        },
        'the mark of the prompt',
      );
      assert.match(String(answer), /^ +\d+ {2}prompt 1 \(process \d+\) {2}detached {2}for/m);
      const other = await server.session();
      assert.is((await other.engine.shared!.server()).sessions.find(({ name }) => name === 'prompt 1')!.isDetached, true);
      await other.stop();
      await at(['attach', '--list'], async (list) => {
        await list.exited;
        assert.match(list.everything(), /^1 {2}detached, serve:/);
      });
      await at(['attach', '1'], async (second) => {
        // The pane moves on, and the names are there.
        await second.waitFor(/── ticks ──/);
        await run(second, 'kept.sum()', /= 45/);
        await run(second, '.sessions', /prompt 1 .*this session {2}for/);
        second.resize(100, 30);
        await run(second, 'process.stdout.columns', /= 100/);
        await run(second, '.sh echo from the system', /^from the system$/m);
        await run(second, '.stop', /all streams have ended/);
        await run(second, 'for (;;);', /for \(;;\);/);
        second.type(keys.ctrl('c'));
        await second.waitFor(/\(interrupted\)/);
        // The terminal dies.
        second.hangUp();
      });
      await at(['attach'], async (third) => {
        await run(third, 'kept.max()', /= 9/);
        await at(['attach', '1'], async (fourth) => {
          // It takes the prompt from the other terminal.
          await third.waitFor(/another terminal has taken the prompt 1/);
          assert.is(await third.exited, 1);
          await run(fourth, 'kept.min()', /= 0/);
          fourth.type(`.exit${keys.enter}`);
          assert.is(await fourth.exited, 0);
        });
      });
      await until(10_000, async () => (await server.info()).sessions.length === 0, 'the end of the session');
      await at(['attach', '1'], async (late) => {
        assert.is(await late.exited, 1);
        assert.match(late.everything(), /error: No prompt of a server runs\./);
      });
    },
    { env },
    onServer(),
  ));

test('a prompt without a terminal ends when its server does', async () => {
  const other = await Server.start();
  let pids: number[] = [];
  await at(['--master', other.master], async (terminal) => {
    await run(terminal, '1 + 1', /= 2/);
    pids = descendants(terminal.pid);
    terminal.hangUp();
  });
  assert.ok(pids.some(isAlive));
  await other.stop();
  await until(30_000, () => !pids.some(isAlive), 'the end of the prompt');
});

test('.detach without a server says what is needed', () =>
  withShell(async (shell) => {
    await shell.entry('.detach', /Only a prompt of a server outlives its terminal/);
  }));

test.run();
