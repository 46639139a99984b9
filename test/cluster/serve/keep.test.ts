// What a server keeps for the next one: published datasets and streams survive its end and its death, whole or not at all.
// time limit: 240 s
import fs from 'node:fs';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KeptFolder } from '../../../cluster/serve/keep/kept-folder';
import { cancelWork } from '../../../runtime/context/running-work';
import { type Context, HashPartitioner, type RDD, StorageLevel, StreamingContext } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';
import { filesIn, holds, killed, newFolder, sees, withServer } from '../../helpers/keeping-server';
import { parentOf, processesOf } from '../../helpers/processes';
import { millrace, type Server } from '../../helpers/server';
import { smallDisk } from '../../helpers/small-disk';
import { until } from '../../helpers/within';

const test = suite('keep');
const visits = (sc: Context): RDD<[string, number]> =>
  sc
    .range(0, 100, 1, 4)
    .map((x): [string, number] => [`page ${x % 5}`, x])
    .reduceByKey((a, b) => a + b, 3);

const sorted = async (rdd: RDD<[string, number]>): Promise<[string, number][]> =>
  (await rdd.collect()).sort(([a], [b]) => (a < b ? -1 : 1));

const expected = Array.from({ length: 5 }, (_, i): [string, number] => [`page ${i}`, 950 + i * 20]);

test('published datasets are there again after a restart and after kill -9, with all that is known of them', async () => {
  await withServer(async (server, folder) => {
    const publisher = await server.session({ name: 'the publisher' });
    await visits(publisher).cache().publish('pages', { description: 'Visits by page' }, '[string, number]');
    class Visit {
      constructor(
        readonly page: string,
        readonly n: number,
      ) {}
      get doubled(): number {
        return this.n * 2;
      }
    }
    await publisher
      .range(0, 4, 1, 2)
      .map((n) => new Visit(`p${n}`, n))
      .persist(StorageLevel.DISK_ONLY)
      .publish('visits');
    const before = publisher.published();
    for (const file of filesIn(folder)) {
      const stats = fs.statSync(path.join(folder, file));
      assert.is(stats.mode & 0o777, stats.isDirectory() ? 0o700 : 0o600, file);
    }
    await killed(server, folder);
    const found = /Keeping what is published in .*kept; 2 found there/;
    await until(10_000, () => found.test(server.output), 'what was found');
    const reader = await server.session({ name: 'a reader' });
    await sees(reader, 'pages');
    const told = (of: typeof before) =>
      of.map(({ name, owner, type, level, description, partitions, since }) => ({
        name,
        owner,
        type,
        level,
        description,
        partitions,
        since,
      }));
    assert.equal(told(reader.published()), told(before));
    const pages = reader.dataset<[string, number]>('pages');
    assert.equal(await sorted(pages), expected);
    assert.is(reader.storageOf(pages).partitions, 3);
    // Partitioned as it was: no shuffle.
    const names = reader
      .parallelize(expected.map(([page]): [string, string] => [page, page.toUpperCase()]))
      .partitionBy(new HashPartitioner(3));
    await names.cache().count();
    assert.is((await pages.join(names).collect()).length, 5);
    assert.is(reader.jobs().at(-1)!.stageIds.length, 1);
    // Executors that die lose nothing.
    for (const pid of processesOf('executor.js').filter((one) => parentOf(one) === server.pid)) process.kill(pid, 'SIGKILL');
    assert.equal(await sorted(pages), expected);
    const doubled = await reader
      .dataset<Visit>('visits')
      .map((visit) => visit.doubled)
      .collect();
    assert.equal(doubled.sort(), [0, 2, 4, 6]);
    // And so on, from server to server.
    await reader.stop();
    server.signal('SIGTERM');
    assert.is(await server.ended(), 0);
    await server.run('--keep', folder);
    const later = await server.session();
    await sees(later, 'pages');
    assert.equal(await sorted(later.dataset('pages')), expected);
  });
});

test('what is taken back or replaced is not found again, and leaves no files', async () => {
  await withServer(async (server, folder) => {
    const first = await server.session();
    await first.range(0, 4, 1, 2).cache().publish('numbers');
    await first.range(0, 6, 1, 2).cache().publish('numbers', { replace: true });
    await first.range(0, 9, 1, 2).cache().publish('brief');
    await first.unpublish('brief');
    await killed(server, folder);
    const sc = await server.session();
    await sees(sc, 'numbers');
    assert.equal(
      sc.published().map(({ name }) => name),
      ['numbers'],
    );
    // Who reads it goes on, from its files too, when another one has its name.
    const read = sc.dataset<number>('numbers');
    await sc.publishedUses();
    await sc.range(0, 7, 1, 2).cache().publish('numbers', { replace: true });
    assert.is(await read.count(), 6);
    const other = await server.session();
    await sees(other, 'numbers');
    assert.is(await other.dataset('numbers').count(), 7);
    await sc.unpublish('numbers');
    assert.is(await read.map((x) => x + 1).sum(), 21);
    await sc.stop();
    await other.stop();
    await holds(folder, ['lock']);
  });
});

test('a publication that is under way when the server is killed is not there afterwards, and the one before it is', async () => {
  await withServer(async (server, folder) => {
    const sc = await server.session();
    await sc.range(0, 4, 1, 2).cache().publish('numbers');
    const slow = sc
      .range(0, 4, 1, 4)
      .map(async (x) => {
        await new Promise((resolve) => setTimeout(resolve, x === 3 ? 60_000 : 0));
        return x;
      })
      .cache()
      .publish('numbers', { replace: true });
    const over = errorOf('SERVER_GONE', () => slow);
    await until(20_000, () => filesIn(folder).includes('2/0'), 'a part of its files');
    await killed(server, folder);
    await over;
    assert.match(
      server.output,
      new RegExp(`${folder}/2: left by a publication that was not finished, or was taken back; it is removed\\.`),
    );
    const next = await server.session();
    await sees(next, 'numbers');
    assert.is(await next.dataset<number>('numbers').sum(), 6);
    await until(10_000, () => !filesIn(folder).some((file) => file.startsWith('2')), 'the end of its files');
  });
});

test('Ctrl-C while a publication is written: it is not there, and the session goes on', async () => {
  await withServer(async (server, folder) => {
    const sc = await server.session();
    const slow = sc
      .range(0, 2, 1, 2)
      .map(async (x) => {
        await new Promise((resolve) => setTimeout(resolve, x * 60_000));
        return x;
      })
      .cache();
    const cancelled = errorOf('JOB_CANCELLED', () => slow.publish('slow'));
    await until(20_000, () => filesIn(folder).includes('1/0'), 'a part of its files');
    cancelWork(sc);
    await cancelled;
    assert.equal(sc.published(), []);
    await holds(folder, ['lock']);
    await sc.range(3).cache().publish('quick');
    await sees(sc, 'quick');
  });
});

test('a session that ends while it publishes leaves nothing', async () => {
  await withServer(async (server, folder) => {
    server.script(`
      await sc.range(0, 2, 1, 2).map(async x => { await new Promise(resolve => setTimeout(resolve, x * 60_000)); return x; }).cache().publish('slow');
    `);
    await until(30_000, () => filesIn(folder).includes('1/0'), 'a part of its files');
    for (const { pid } of (await server.info()).sessions) process.kill(pid, 'SIGKILL');
    await holds(folder, ['lock']);
  });
});

test('files that are damaged, missing, of another version or no manifests: each is told, and the others are published', async () => {
  const names = ['whole', 'short', 'changed', 'missing', 'newer', 'odd', 'torn'];
  await withServer(async (server, folder) => {
    const sc = await server.session();
    for (const name of names) await sc.range(0, 40, 1, 2).cache().publish(name);
    server.signal('SIGTERM');
    await server.ended();
    const change = (file: string, how: (bytes: Buffer) => Buffer) =>
      fs.writeFileSync(path.join(folder, file), how(fs.readFileSync(path.join(folder, file))));
    change('2/1', (bytes) => bytes.subarray(0, 20));
    change('3/0', (bytes) => Buffer.concat([bytes.subarray(0, 30), Buffer.of(bytes[30] ^ 1), bytes.subarray(31)]));
    fs.rmSync(path.join(folder, '4/1'));
    change('5.kept', (bytes) => Buffer.from(String(bytes).replace(/^millrace-kept 1 /, 'millrace-kept 9 ')));
    change('6.kept', () => Buffer.from('{}'));
    change('7.kept', (bytes) => bytes.subarray(0, bytes.length - 9));
    fs.mkdirSync(path.join(folder, '8'));
    fs.writeFileSync(path.join(folder, '8.begun'), '');
    await server.run('--keep', folder);
    const lines = server.output.split('\n').filter((line) => line.startsWith(folder));
    const left = ' What it belongs to is not published; the file is left as it is.';
    assert.equal(lines, [
      `${folder}/8: left by a publication that was not finished, or was taken back; it is removed.`,
      `${folder}/2/1: it has 20 bytes instead of ${fs.statSync(path.join(folder, '1/1')).size}.${left}`,
      `${folder}/3/0: its checksum is wrong.${left}`,
      `${folder}/4/1: it is missing.${left}`,
      `${folder}/5.kept: another version of Millrace wrote it (format 9, not 1).${left}`,
      `${folder}/6.kept: it does not begin as a manifest.${left}`,
      `${folder}/7.kept: its checksum is wrong.${left}`,
    ]);
    const next = await server.session();
    await sees(next, 'whole');
    assert.equal(
      next.published().map(({ name }) => name),
      ['whole'],
    );
    assert.is(await next.dataset('whole').count(), 40);
    // What is published now takes no number of what was left.
    await next.range(0, 3, 1, 1).cache().publish('short');
    assert.ok(fs.existsSync(path.join(folder, '9.kept')));
  });
});

test('a full disk: the publication fails with one error, leaves no files, and session and server go on', async () => {
  const disk = smallDisk(2_000);
  if (disk === undefined) return console.log('skipped: this machine mounts no small disk');
  await withServer(
    async (server, folder) => {
      const sc = await server.session();
      await sc.range(0, 10, 1, 2).cache().publish('small');
      const before = filesIn(folder);
      const big = sc
        .range(0, 40_000, 1, 2)
        .map((x) => `${x}`.padEnd(100, 'x'))
        .cache();
      const error = await errorOf('NOT_KEPT', () => big.publish('big'));
      assert.match(error.message, /^The dataset big cannot be kept in .*kept: ENOSPC.* It is not published\.$/);
      assert.match(error.remedy, /^Make room there/);
      await holds(folder, before);
      assert.is(await big.count(), 40_000);
      await sc.range(0, 20, 1, 2).cache().publish('small', { replace: true });
      await killed(server, folder);
      const next = await server.session();
      await sees(next, 'small');
      assert.is(await next.dataset('small').count(), 20);
    },
    path.join(disk, 'kept'),
  );
});

test('a full disk under a stream: one notice, the batch before stays, and the stream goes on', async () => {
  const disk = smallDisk(1_000);
  if (disk === undefined) return console.log('skipped: this machine mounts no small disk');
  await withServer(
    async (server, folder) => {
      const notices: string[] = [];
      const sc = await server.session({ onNotice: (text) => notices.push(text) });
      const streaming = new StreamingContext(sc, '200ms');
      streaming
        .generatorStream(20, (i) => `${i}`)
        .transform((rdd, time) =>
          rdd.context.range(0, time % 2_000 < 1_000 ? 10 : 20_000, 1, 2).map((x) => `${x}`.padEnd(100, 'x')),
        )
        .publish('lines', { last: '1s' });
      streaming.start();
      await until(30_000, () => notices.length > 0, 'the notice');
      assert.match(
        notices[0],
        /^The last batch of lines cannot be kept in .*kept: ENOSPC: .*\. The one before it stays there; make room for later ones\.$/,
      );
      const stream = sc.stream<string>('lines');
      const seen = stream.times.at(-1)!;
      await until(20_000, () => stream.times.at(-1)! > seen + 2_000, 'later batches');
      await until(20_000, () => filesIn(folder).some((file) => file.endsWith('.kept')), 'a batch that fits');
      await streaming.stop();
    },
    path.join(disk, 'kept'),
  );
});

test('a dataset that is beyond the quota once it is computed is not published, and leaves no files', async () => {
  const quota = ['--conf', 'sessionPublishedBytes=1000000'];
  const use = async (server: Server, folder: string) => {
    const sc = await server.session();
    const rows = sc.range(0, 40_000, 1, 2).map((x) => `${x}`.padEnd(100, 'x'));
    const error = await errorOf('QUOTA_FULL', () => rows.cache().publish('big'));
    assert.match(error.message, /of published rows on its server/);
    assert.equal(sc.published(), []);
    await holds(folder, ['lock']);
    assert.is(await rows.count(), 40_000);
  };
  await withServer(use, newFolder(), quota);
});

test('two servers on one folder, a file in its place, and a link to it', async () => {
  await withServer(async (server, folder) => {
    const second = async (...args: string[]) => {
      const { status, output } = await server.command('serve', '--master', 'local[1]', '--socket', `${server.socket}2`, ...args);
      assert.is(status, 1);
      return output;
    };
    assert.is(
      await second('--keep', folder),
      `error: Another server keeps its datasets in ${folder}: process ${server.pid}.\n` +
        'Choose another folder for --keep, or end that server. ' +
        `If it has ended already, on another machine or in a container, remove ${folder}/lock.\n`,
    );
    await errorOf('KEEP_TAKEN', () => KeptFolder.open(folder));
    const file = await second('--keep', millrace);
    assert.match(file, /--keep .*millrace\.js.* a folder that can be written \(EEXIST/);
    const link = newFolder();
    fs.symlinkSync(folder, link);
    assert.match(await second('--keep', link), /a folder, and no link to one/);
  });
});

test('a published stream is there again with its last whole batch, ended, and goes on when it is published again', async () => {
  await withServer(async (server, folder) => {
    const publisher = await server.session({ name: 'the publisher' });
    const publish = (sc: Context) => {
      const streaming = new StreamingContext(sc, '200ms');
      streaming
        .generatorStream(100, (i) => `word ${i % 3}`)
        .map((word): [string, number] => [word, 1])
        .reduceByKey((a, b) => a + b, 2)
        .publish('counts', { last: '2s', description: 'words' }, '[string, number]');
      streaming.start();
      return streaming;
    };
    const first = publish(publisher);
    const reader = await server.session();
    await until(20_000, () => reader.publishedStreams().length === 1, 'the stream');
    await until(20_000, () => reader.stream('counts').times.length >= 5, 'some batches');
    await until(20_000, () => filesIn(folder).some((file) => file.endsWith('.kept')), 'a kept batch');
    await killed(server, folder);
    await first.stop();
    const next = await server.session();
    await until(5_000, () => next.publishedStreams().length === 1, 'the stream');
    const [{ name, type, description, owner, last, slide, hasEnded }] = next.publishedStreams();
    assert.equal([name, type, description, last, slide, hasEnded], ['counts', '[string, number]', 'words', 2000, 200, true]);
    assert.match(owner, /^the publisher/);
    const stream = next.stream<[string, number]>('counts');
    assert.is(stream.times.length, 1);
    assert.is(stream.endedAt, stream.times[0]);
    const rows = await stream.latest()!.collect();
    assert.equal(rows.map(([word]) => word).sort(), ['word 0', 'word 1', 'word 2']);
    // It goes on.
    const again = await server.session();
    const streaming = publish(again);
    await until(20_000, () => stream.times.length >= 3 && stream.endedAt === undefined, 'batches of the new publisher');
    await streaming.stop();
    await until(5_000, () => stream.endedAt !== undefined, 'its end');
    await next.unpublish('counts');
    for (const sc of [again, next]) await sc.stop();
    await holds(folder, ['lock']);
  });
});

test.run();
