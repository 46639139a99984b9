// Two prompts on one server: what one publishes the other reads with its type, whatever happens to the first one and to the server.
// time limit: 240 s
import { test } from 'uvu';
import { withShell } from '../../helpers/prompt';
import { Server } from '../../helpers/server';
import { keys } from '../../helpers/terminal';

let server: Server;

test.before(async () => {
  server = await Server.start();
});

test.after(() => server.stop());

const onServer = () => ['--master', server.master];

test('a published dataset is read at another prompt with its type, after its publisher was killed', () =>
  withShell(
    async (first) => {
      await first.entry('const pages = sc.parallelize([{ page: "a", n: 1 }, { page: "b", n: 2 }], 2).cache()', />/);
      await first.entry('pages.publish("pages", { description: "visits" })', />/);
      await first.entry('pages.count()', /= 2/);
      await withShell(
        async (second, terminal) => {
          // Names complete once the server has told them.
          await second.entry('.datasets', /published:\npages/);
          terminal.type(`const p = sc.dataset('pa${keys.tab}`);
          await terminal.waitFor(/sc\.dataset\('pages/);
          terminal.type(`')${keys.enter}`);
          await second.entry('p.map(row => row.m)', /Property 'm' does not exist on type '\{ page: string; n: number;? \}'/);
          await second.entry('p.filter(row => row.n > 1).collect()', /"b"/);
          await second.entry(
            '.datasets',
            /published:\npages {2}RDD<\{ page: string; n: number;? \}>[\s\S]*2 of 2 partitions[\s\S]*visits/,
          );
          await second.entry('.sessions', /1 +prompt[\s\S]*2 +prompt .*this session/);
          await first.entry('process.kill(process.pid, "SIGKILL")', /The session ended/);
          await second.entry('p.map(row => row.n).sum()', /= 3/);
          await second.entry('sc.unpublish("pages")', />/);
          await second.entry('.datasets', /no dataset is persisted/);
        },
        {},
        onServer(),
      );
    },
    {},
    onServer(),
  ));

test('a published stream is watched at another prompt, with its type, and says when its publisher was killed', () =>
  withShell(
    async (first) => {
      await first.entry('const words = stream("200ms").generatorStream(100, i => ({ word: "w" + i % 3, n: 1 }))', />/);
      await first.entry(
        'words.publish("some words", { last: "10s", description: "as they come" })',
        /publish of some words +runs/,
      );
      await withShell(
        async (second, terminal) => {
          await second.entry(
            '.datasets',
            /published streams:\nsome words \(stream\) every 200ms, the last 10s {2}of \{ word: string/,
          );
          await second.entry('const s = sc.stream("some words")', />/);
          await second.entry(
            's.latest()!.map(row => row.m)',
            /Property 'm' does not exist on type '\{ word: string; n: number;? \}'/,
          );
          await second.entry('s.latest()!.map(row => row.n).sum()', /= \d+/);
          // From here on the pane stands above the prompt.
          terminal.type(`s.watch({ rows: 2 })${keys.enter}`);
          await terminal.waitFor(/some words[\s\S]*word[\s\S]*w\d/);
          terminal.type(`.streams${keys.enter}`);
          await terminal.waitFor(/published streams\n +watch of some words/);
          await first.entry('process.kill(process.pid, "SIGKILL")', /The session ended/);
          await terminal.waitFor(/ended at \d\d:\d\d:\d\d/);
          terminal.type(`.stop some words${keys.enter}`);
          await terminal.waitFor(/watch of some words stopped/);
          await second.entry('s.latest()!.map(row => row.n).sum()', /= \d+/);
          await second.entry('sc.unpublish("some words")', />/);
        },
        {},
        onServer(),
      );
    },
    {},
    onServer(),
  ));

test('Ctrl-C ends a job on the server, and the next one runs; the end of the server is told, and names stay', () =>
  withShell(
    async (shell, terminal) => {
      await shell.entry('const k = 20', />/);
      terminal.type(`sc.range(0, 1e12, 1, 2).map(x => x * 2).count()${keys.enter}`);
      await terminal.waitFor(/2 running/);
      terminal.type(keys.ctrl('c'));
      await terminal.waitFor(/\(interrupted\)\n>$/);
      await shell.entry('sc.range(0, k, 1, 2).sum()', /= 190/);
      await server.stop();
      await terminal.waitFor(/is gone: it was stopped/);
      await shell.entry('sc.range(3).count()', /error: The server at .* is gone/);
      await shell.entry('k', /= 20/);
    },
    {},
    onServer(),
  ));

test.run();
