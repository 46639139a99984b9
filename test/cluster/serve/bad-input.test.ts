// What is wrong has one message, on the side of whoever can mend it, whole as it is shown; sessions beside it go on.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packageVersion } from '../../../cluster/base/program-path';
import { connect } from '../../../cluster/connect';
import type { ErrorCode } from '../../../runtime/base/errors';
import { type Context, StreamingContext } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { Server } from '../../helpers/server';
import { until } from '../../helpers/within';

const test = suite('bad input of servers');
let server: Server;
let sc: Context;
let other: Context;

test.before(async () => {
  server = await Server.start();
  sc = await server.session({ name: 'the publisher' });
  other = await server.session({ name: 'the other' });
  await sc.range(0, 5, 1, 2).cache().publish('pages', {}, 'number');
  await until(5_000, () => other.published().length === 1, 'the name');
});

test.after(() => server.stop());

test.after.each(async () => assert.is(await other.dataset<number>('pages').sum(), 10));

const says = async (code: ErrorCode, job: () => unknown, message: string, remedy: string): Promise<void> => {
  const error = await errorOf(code, job as () => Promise<unknown>);
  assert.is(error.message, message);
  assert.is(error.remedy, remedy);
};
const me = `the publisher (process ${process.pid})`;

/** A place whose card is changed, and leads to the real socket. */
function changedCard(name: string, changes: object, mode = 0o600): string {
  const folder = path.join(server.folder, name);
  mkdirSync(folder);
  symlinkSync(server.socket, path.join(folder, 's'));
  const card = JSON.parse(readFileSync(`${server.socket}.card`, 'utf8')) as object;
  writeFileSync(path.join(folder, 's.card'), JSON.stringify({ ...card, ...changes }), { mode });
  return path.join(folder, 's');
}

test('no server, a wrong token, another version, an open card', async () => {
  const nobody = path.join(server.folder, 'nobody');
  await says(
    'NO_SERVER',
    () => connect(`serve:${nobody}`),
    `No server runs at ${nobody}.`,
    'Start one in another terminal: millrace serve. Without a server, use --master local[*].',
  );
  const token = changedCard('token', { token: '0'.repeat(64) });
  await says(
    'SERVER_REFUSED',
    () => connect(`serve:${token}`),
    `The server at ${token} does not take this session: it does not know the token of its card.`,
    `Remove ${token}.card and start the server again.`,
  );
  const version = changedCard('version', { version: '0.0.1' });
  await says(
    'SERVER_REFUSED',
    () => connect(`serve:${version}`),
    `The server at ${version} does not take this session: it runs Millrace 0.0.1, and this is ${packageVersion()}.`,
    'Start both from the same installation.',
  );
  const open = changedCard('open', {}, 0o644);
  await says(
    'SERVER_REFUSED',
    () => connect(`serve:${open}`),
    `The server at ${open}.card does not take this session: its token is not private to you.`,
    `Look at who owns ${open}.card. It must be yours, with mode 0600.`,
  );
});

test('a name that is taken or unknown, a dataset that is not persisted or of others', async () => {
  await says(
    'NAME_IN_USE',
    () => other.range(3).cache().publish('pages'),
    `The name pages is published already, by ${me}.`,
    'Choose another name, or write publish(name, { replace: true }).',
  );
  await says(
    'NOT_PUBLISHED',
    () => other.dataset('page'),
    'Nothing is published as page.',
    'Did you mean pages? There are pages.',
  );
  await says('NOT_PUBLISHED', () => other.unpublish('nothing'), 'Nothing is published as nothing.', 'There are pages.');
  await says(
    'NOT_THE_PUBLISHER',
    () => other.unpublish('pages'),
    `unpublish: pages was published by ${me}, which is still there.`,
    'That session can do it. Once it has ended, anybody may.',
  );
  await says(
    'NOT_PUBLISHABLE',
    () => other.range(3).publish('cold'),
    'This dataset cannot be published as cold: it is not persisted.',
    'Call cache() or persist() first.',
  );
  await says(
    'PUBLISHED_BY_OTHERS',
    () => other.dataset('pages').unpersist(),
    `unpersist: pages is published by ${me}, and others read it.`,
    'Make a dataset of your own from it, such as .map(x => x).',
  );
});

test('taken back while it is read: its readers go on, and new ones are told', async () => {
  await sc.range(0, 4, 1, 2).cache().publish('brief');
  await until(5_000, () => other.published().some(({ name }) => name === 'brief'), 'the name');
  const read = other.dataset<number>('brief');
  await other.publishedUses();
  await sc.unpublish('brief');
  assert.is(await read.count(), 4);
  await until(5_000, () => !other.published().some(({ name }) => name === 'brief'), 'the end of the name');
  await says('NOT_PUBLISHED', () => other.dataset('brief'), 'Nothing is published as brief.', 'There are pages.');
});

test('a type text that is none, and rows of a class with private state', async () => {
  class Closed {
    readonly #n: number;
    constructor(n: number) {
      this.#n = n;
    }
    get n(): number {
      return this.#n;
    }
  }
  const closed = sc.range(0, 2, 1, 1).map((n) => new Closed(n));
  await closed.cache().publish('closed', {}, '}; evil(');
  const script = server.script(`
    console.log(await sc.dataset<any>('closed').map(row => row.n).collect());
    try { await sc.dataset('closed').collect(); } catch (e) { const { message, remedy } = e as any; console.log(message + '|' + remedy); }
    console.log('over');
  `);
  await until(30_000, () => script.output.includes('over') || script.exitCode !== null, 'the end of the script');
  assert.is(
    script.output,
    '[ 0, 1 ]\n' +
      'These rows are instances of a class of another session, whose private fields cannot be read here.' +
      '|Turn them into plain objects before they come here: .map(row => ({ … })).\nover\n',
  );
  await sc.unpublish('closed');
});

test('a stream by the name of a dataset, and one of nobody', async () => {
  const streaming = new StreamingContext(other, '100ms');
  await says(
    'NAME_IN_USE',
    () => streaming.generatorStream(1, (i) => i).publish('pages'),
    `The name pages is published already, by ${me}.`,
    'Choose another name, or write publish(name, { replace: true }).',
  );
  await says('NOT_PUBLISHED', () => other.stream('pags'), 'Nothing is published as pags.', 'No stream is published.');
});

test('a second server on the socket; a stale socket; a server that is stopped during a job', async () => {
  const own = await Server.start();
  const second = await own.command('serve', '--socket', own.socket, '--master', 'local[1]');
  assert.is(
    second.output,
    `error: Another server runs at ${own.socket}, in process ${own.pid}.\n` +
      'Attach to it with --master serve, end it with millrace serve --stop, or choose another --socket.\n',
  );
  const session = await own.session();
  const running = says(
    'SERVER_GONE',
    () => session.parallelize([1], 1).foreach(() => new Promise(() => {})),
    `The server at ${own.socket} is gone: it was stopped.`,
    'Your names are still here, but no job can run. Start the server and a new session.',
  );
  await until(10_000, () => session.progress() !== undefined, 'the start of the job');
  assert.is((await own.command('serve', '--socket', own.socket, '--stop')).output, `The server at ${own.socket} has ended.\n`);
  await running;
  await own.ended();
  // Both files of one that was killed lie in the way of the next.
  await own.run();
  own.signal('SIGKILL');
  await own.ended();
  await own.run();
  assert.is(await (await own.session()).range(3).count(), 3);
  await own.stop();
});

test.run();
