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
