// Datasets that sessions of one server share by name: they outlive their publisher and every executor, and stay as they are for their readers.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, HashPartitioner, type RDD, StorageLevel } from '../../../runtime/index';
import { PublishedRDD } from '../../../runtime/rdd/inputs/published';
import { errorOf } from '../../helpers/errors';
import { parentOf, processesOf } from '../../helpers/processes';
import { Server } from '../../helpers/server';
import { until } from '../../helpers/within';

const test = suite('publish');
let server: Server;
let sc: Context;

test.before(async () => {
  server = await Server.start();
  sc = await server.session();
});

test.after(async () => {
  await server.stop();
});

/** Waits until a session sees what is published. */
const sees = (of: Context, name: string) =>
  until(5_000, () => of.published().some((one) => one.name === name), `${name} in the list`);

const visits = (of: Context): RDD<[string, number]> =>
  of
    .range(0, 100, 1, 4)
    .map((x): [string, number] => [`page ${x % 5}`, x])
    .reduceByKey((a, b) => a + b, 3);

const sorted = async (rdd: RDD<[string, number]>): Promise<[string, number][]> =>
  (await rdd.collect()).sort(([a], [b]) => (a < b ? -1 : 1));

const expected = Array.from({ length: 5 }, (_, i): [string, number] => [`page ${i}`, 950 + i * 20]);

test('a published dataset is a dataset like all others in another session', async () => {
  const publisher = await server.session({ name: 'the publisher' });
  const pages = visits(publisher).cache();
  await pages.publish('pages', { description: 'Visits by page' }, '[string, number]');
  await sees(sc, 'pages');
  const [{ owner, type, description, partitions }] = sc.published();
  assert.match(owner, /^the publisher \(process \d+\)$/);
  assert.equal([type, description, partitions], ['[string, number]', 'Visits by page', 3]);
  const read = sc.dataset<[string, number]>('pages');
  assert.equal(await sorted(read), expected);
  assert.is(await read.filter(([, n]) => n > 960).count(), 4);
  assert.is(String(read), 'pages (dataset)');
  // Partitioned alike: the join has one stage.
  const names = sc
    .parallelize(expected.map(([page]): [string, string] => [page, page.toUpperCase()]))
    .partitionBy(new HashPartitioner(3));
  await names.cache().count();
  const joined = await read.join(names).collect();
  assert.is(joined.length, 5);
  assert.is(sc.jobs().at(-1)!.stageIds.length, 1);
  // In memory once: both sessions tell of the same rows.
  assert.is(sc.storageOf(read).partitions, 3);
  const [use] = await sc.publishedUses();
  assert.is(use.bytes, sc.storageOf(read).bytes);
  assert.ok(use.users.some((user) => user.startsWith('a test')));
  await publisher.stop();
});

test('it outlives its publisher and every executor', async () => {
  await until(5_000, async () => (await server.info()).sessions.length === 1, 'the end of the publisher');
  const read = sc.dataset<[string, number]>('pages');
  assert.equal(await sorted(read), expected);
  const executors = processesOf('executor.js').filter((pid) => parentOf(pid) === server.pid);
  assert.is(executors.length, 2);
  for (const pid of executors) process.kill(pid, 'SIGKILL');
  assert.equal(await sorted(read), expected);
  assert.equal(await sorted(sc.dataset('pages')), expected);
});

test('its rows are the last to make room, whoever persists something later; unpublished they are like all others', async () => {
  const small = await Server.start('--master', 'local[1]', '--executor-memory', '128');
  try {
    const [first, second] = [await small.session(), await small.session()];
    const rows = (context: Context, n: number) =>
      context
        .range(0, n, 1, 4)
        .map((x) => `${x}`.padEnd(60_000, 'x'))
        .persist(StorageLevel.MEMORY_ONLY_SER);
    const published = rows(first, 600);
    assert.is(await published.count(), 600);
    await published.publish('rows');
    const stored = async () => (await first.publishedUses())[0]?.stored;
    assert.is(await stored(), 4);
    // Used later, and larger than what is left.
    const later = rows(second, 900);
    for (let i = 0; i < 2; i++) assert.is(await later.count(), 900);
    assert.ok(second.storageOf(later).partitions < 4);
    assert.is(await stored(), 4);
    await first.unpublish('rows');
    assert.is(await later.count(), 900);
    assert.is(second.storageOf(later).partitions, 4);
    // A session is told of its rows with its own jobs.
    await first.range(1).count();
    assert.ok(first.storageOf(published).partitions < 4);
  } finally {
    await small.stop();
  }
});

test('others cannot change it, and its publisher cannot take it away', async () => {
  const read = sc.dataset<[string, number]>('pages');
  for (const change of [
    () => read.unpersist(),
    () => read.persist(StorageLevel.DISK_ONLY),
    () => read.setName('mine'),
    () => read.localCheckpoint(),
    () => read.markIndeterminate(),
  ])
    await errorOf('PUBLISHED_BY_OTHERS', change);
  const publisher = await server.session({ name: 'the second' });
  const kept = visits(publisher).cache();
  await kept.count();
  await kept.publish('kept');
  kept.unpersist();
  await sees(sc, 'kept');
  assert.equal(await sorted(sc.dataset('kept')), expected);
  assert.is((await sc.publishedUses()).find(({ name }) => name === 'kept')!.stored, 3);
  await publisher.unpublish('kept');
  await publisher.stop();
});

test('a name that is taken, unknown or taken back; a dataset that is not persisted; a session without a server', async () => {
  const other = await server.session();
  const taken = await errorOf('NAME_IN_USE', () => other.range(3).cache().publish('pages'));
  assert.match(taken.message, /pages is published already, by the publisher/);
  const unknown = await errorOf('NOT_PUBLISHED', () => other.dataset('page'));
  assert.match(unknown.remedy, /Did you mean pages\? There are pages\./);
  await errorOf('NOT_PUBLISHED', () => other.unpublish('nothing'));
  await errorOf('NOT_PUBLISHABLE', () => other.range(3).publish('cold'));
  await errorOf('NOT_PUBLISHABLE', () => other.dataset('pages').publish('again'));
  await errorOf('BAD_ARGUMENT', () => other.range(3).cache().publish(''));
  await errorOf('BAD_ARGUMENT', () => other.dataset('a\nb'));
  const alone = await connect('local');
  await errorOf('NOT_SHARED', () => alone.range(3).cache().publish('pages'));
  await errorOf('NOT_SHARED', () => alone.dataset('pages'));
  assert.equal(alone.published(), []);
  await alone.stop();
  await other.stop();
});

test('who reads a dataset that is replaced goes on with the old one', async () => {
  const publisher = await server.session();
  await publisher.range(0, 4, 1, 2).cache().publish('numbers');
  await sees(sc, 'numbers');
  const old = sc.dataset<number>('numbers');
  // An answer of the server comes after it has heard of the use.
  await sc.publishedUses();
  const before = sc.published().find(({ name }) => name === 'numbers')!.dataset;
  await publisher.range(0, 6, 1, 2).cache().publish('numbers', { replace: true });
  await until(5_000, () => sc.published().some(({ name, dataset }) => name === 'numbers' && dataset !== before), 'the new one');
  assert.is(await old.count(), 4);
  assert.is(await sc.dataset<number>('numbers').count(), 6);
  await publisher.stop();
  assert.is(await old.count(), 4);
  assert.is(await sc.dataset<number>('numbers').count(), 6);
  await sc.unpublish('numbers');
  await errorOf('NOT_PUBLISHED', () => sc.dataset('numbers'));
  assert.is(await old.count(), 4);
});

test('only its publisher takes a dataset back or replaces it, until that session has ended', async () => {
  const publisher = await server.session({ name: 'the owner' });
  await publisher.range(0, 4, 1, 2).cache().publish('mine');
  await sees(sc, 'mine');
  const taken = await errorOf('NOT_THE_PUBLISHER', () => sc.unpublish('mine'));
  assert.match(taken.message, /^unpublish: mine was published by the owner \(process \d+\), which is still there/);
  await errorOf('NOT_THE_PUBLISHER', () => sc.range(9).cache().publish('mine', { replace: true }));
  assert.is(await sc.dataset('mine').count(), 4);
  const { dataset } = sc.published().find(({ name }) => name === 'mine')!;
  await publisher.stop();
  // The server hears of the end after this session may have asked.
  const gone = async () =>
    (await sc
      .range(0, 9, 1, 2)
      .cache()
      .publish('mine', { replace: true })
      .catch(() => 'not yet')) === undefined;
  for (let tries = 0; !(await gone()); tries++) assert.ok(tries < 1000, 'the end of the publisher');
  await until(5_000, () => sc.published().some((one) => one.name === 'mine' && one.dataset !== dataset), 'the new one');
  assert.is(await sc.dataset('mine').count(), 9);
  await sc.unpublish('mine');
});

test('a dataset that is made of published ones, with classes and captured values of its publisher', async () => {
  class Visit {
    constructor(
      readonly page: string,
      readonly n: number,
    ) {}
    get doubled(): number {
      return this.n * 2;
    }
  }
  const factor = Array.from({ length: 50_000 }, () => 3);
  const first = await server.session();
  const second = await server.session();
  await first
    .range(0, 10, 1, 2)
    .map((x) => new Visit(`p${x}`, x * factor[x]))
    .cache()
    .publish('visits');
  await sees(second, 'visits');
  await second
    .dataset<Visit>('visits')
    .map((visit) => visit.doubled + factor[0])
    .cache()
    .publish('doubled');
  await sees(sc, 'doubled');
  await first.unpublish('visits');
  await first.stop();
  await second.stop();
  const read = sc.dataset<number>('doubled');
  assert.equal(
    (await read.collect()).sort((a, b) => a - b),
    Array.from({ length: 10 }, (_, x) => x * 6 + 3),
  );
  for (const pid of processesOf('executor.js').filter((one) => parentOf(one) === server.pid)) process.kill(pid, 'SIGKILL');
  assert.is(await read.reduce((a, b) => a + b), 300);
  await sc.unpublish('doubled');
});

test('instances of classes are plain objects in another process, and those with private fields are refused there', async () => {
  class Open {
    constructor(
      readonly page: string,
      readonly n: number,
    ) {}
    get shown(): string {
      return `${this.page}: ${this.n}`;
    }
  }
  class Closed {
    readonly #n: number;
    constructor(n: number) {
      this.#n = n;
    }
    get n(): number {
      return this.#n;
    }
  }
  const other = await server.session();
  await other
    .range(0, 2, 1, 1)
    .map((n) => new Open('p', n))
    .cache()
    .publish('open');
  await other
    .range(0, 2, 1, 1)
    .map((n) => new Closed(n))
    .cache()
    .publish('closed');
  const script = server.script(`
    console.log(JSON.stringify(await sc.dataset<any>('open').collect()));
    console.log(await sc.dataset<any>('open').map(row => row.shown).collect());
    console.log(await sc.dataset<any>('closed').map(row => row.n).collect());
    try { await sc.dataset<any>('closed').collect(); } catch (e) { console.log((e as Error & { code: string }).code); }
    console.log('over');
  `);
  await until(30_000, () => script.output.includes('over') || script.exitCode !== null, 'the end of the script');
  assert.match(script.output, /^\[\{"page":"p","n":0\},\{"page":"p","n":1\}\]\n/);
  assert.match(script.output, /\[ 'p: 0', 'p: 1' \]\n\[ 0, 1 \]\n/);
  assert.ok(script.output.endsWith(`${'CLASS_OF_OTHERS'}\nover\n`), script.output);
  await other.unpublish('open');
  await other.unpublish('closed');
  await other.stop();
});

test('the prompt knows the type of what others publish, and tells the type of what it publishes', async () => {
  const script = server.script(`
    interface Visit { page: string; hits: number[]; at?: Date }
    const visits = sc.range(0, 2, 1, 1).map((n): Visit => ({ page: 'p' + n, hits: [n] })).cache();
    await visits.publish('typed');
    console.log('published');
    await new Promise(() => setInterval(() => {}, 1000));
  `);
  await until(30_000, () => script.output.includes('published') || script.exitCode !== null, 'the publication');
  await sees(sc, 'typed');
  assert.is(sc.published().find(({ name }) => name === 'typed')!.type, '{ page: string; hits: number[]; at?: Date }');
  const right = server.script(
    "console.log(await sc.dataset('typed').map(v => v.page + v.hits.length).collect()); console.log('over')",
  );
  await until(30_000, () => right.exitCode !== null, 'the end of the script');
  assert.match(right.output, /\[ 'p01', 'p11' \]\nover/);
  const wrong = server.script("console.log(await sc.dataset('typed').map(v => v.pages).collect())");
  await until(30_000, () => wrong.exitCode !== null, 'the end of the script');
  assert.match(wrong.output, /pages/);
  assert.match(wrong.output, /TS2551|does not exist/);
});

test('a type that is none is not taken for one, and nothing of it runs', async () => {
  const other = await server.session();
  await other.range(0, 2, 1, 1).cache().publish('odd', {}, 'number; console.log("evil")');
  await sees(sc, 'odd');
  const script = server.script("console.log(await sc.dataset('odd').count()); console.log('over')");
  await until(30_000, () => script.exitCode !== null, 'the end of the script');
  assert.match(script.output, /^2\nover/);
  await other.unpublish('odd');
  await other.stop();
});

test('a dataset that is taken back before its reader has begun fails the job of that reader, and no more', async () => {
  const other = await server.session();
  await other.range(0, 3).cache().publish('brief');
  await sees(sc, 'brief');
  const found = sc.published().find(({ name }) => name === 'brief')!;
  await other.unpublish('brief');
  const { shared } = sc.engine;
  await until(5_000, () => !shared!.list().some(({ name }) => name === 'brief'), 'the end of the name');
  // As a session whose list is a moment old.
  shared!.open(found);
  const late = new PublishedRDD<number>(sc, found);
  await errorOf('NOT_PUBLISHED', () => late.count());
  await errorOf('NOT_PUBLISHED', () => late.map((x) => x + 1).count());
  assert.is(await sc.range(3).count(), 3);
  await other.stop();
});

test('what is given up leaves no rows', async () => {
  const other = await server.session();
  await other.range(0, 8, 1, 2).cache().publish('short-lived');
  await sees(sc, 'short-lived');
  assert.is(await sc.dataset<number>('short-lived').count(), 8);
  await other.unpublish('short-lived');
  await other.stop();
  assert.not((await sc.publishedUses()).some(({ name }) => name === 'short-lived'));
});

test.run();
