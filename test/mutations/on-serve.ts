// Mistakes in the rules between a server and its sessions.
import type { Mutation } from './mutation';

export const onServe: readonly Mutation[] = [
  {
    mistake: 'a session goes on for whoever knows its number',
    file: 'cluster/serve/server.ts',
    find: 'if (line?.key !== key)',
    replace: 'if (!line)',
    tests: ['serve/resume'],
  },
  {
    mistake: 'what the other side has read is sent again after a break',
    file: 'cluster/serve/line/line.ts',
    find: 'this.#unread = this.#unread.slice(messages - first);',
    replace: '',
    tests: ['serve/line'],
  },
  {
    mistake: 'a session reads the datasets of others by their numbers',
    file: 'cluster/serve/own-ids.ts',
    find: 'if (sessionOf(dataset) !== this.#session && !this.#mayRead(dataset))',
    replace: 'if (dataset < 0)',
    tests: ['serve/isolation'],
  },
  {
    mistake: 'a session that is lost keeps its rows for the whole grace time, though its process has ended',
    file: 'cluster/serve/line/server-line.ts',
    find: 'if (isHere && !isAlive(visitor.pid, visitor.started)) this.#end();',
    replace: 'if (isHere && visitor.pid < 0) this.#end();',
    tests: ['serve/isolation'],
  },
  {
    mistake: 'a token file that others can read is taken',
    file: 'cluster/serve/line/address.ts',
    find: '(stat.mode & 0o077) !== 0',
    replace: '(stat.mode & 0o007) !== 0',
    tests: ['serve/port'],
  },
  {
    mistake: 'the figures of a server answer to a page that has given 127.0.0.1 a name of its own',
    file: 'cluster/serve/observe/watch-page.ts',
    find: 'origin === undefined && ',
    replace: "origin === undefined || host !== '' || ",
    tests: ['serve/observed'],
  },
];
