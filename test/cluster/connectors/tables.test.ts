// Tables without a server: rows of several writers in SQLite, failures that are not the database's, and what URLs may say.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDatabase } from '../../../cluster/connectors/sql/open';
import { checkedUrl } from '../../../cluster/connectors/sql/url';
import {
  beginTable,
  commitTable,
  isTableCommitted,
  type TableWriteSettings,
  writePart,
} from '../../../cluster/connectors/sql/write';
import { checkOnlyWriter } from '../../../cluster/connectors/writer-id';
import type { SinkTask, StreamingContext } from '../../../runtime/index';
import { errorOf } from '../../helpers/errors';

const folder = mkdtempSync(join(tmpdir(), 'tables-'));
const url = `sqlite:${join(folder, 'shop.db')}`;
const { address, secret } = checkedUrl('test', url, undefined);
const task = { id: 'stream-3-1700000000000', partition: 0, time: 1_700_000_000_000 } as unknown as SinkTask;

async function run(statement: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const database = await openDatabase(address, secret);
  try {
    return await database.run(statement);
  } finally {
    await database.close();
  }
}

const settingsOf = (table: string, id = 'shop'): TableWriteSettings => ({
  address,
  secret: { value: secret },
  table,
  id,
  mode: 'append',
});
const rows = (...ids: number[]) => ids.map((id) => ({ id })).values() as IterableIterator<Record<string, unknown>>;

test.before(async () => {
  const Sqlite = require('libsql') as new (path: string) => { close(): void };
  new Sqlite(join(folder, 'shop.db')).close();
  for (const table of ['a', 'b']) await run(`create table ${table} (id int)`);
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

test('writers at one time, of other tables or other names, do not see each other', async () => {
  const writers = [settingsOf('a'), settingsOf('b'), settingsOf('a', 'other')];
  for (const settings of writers) await beginTable(settings, task);
  const written = [];
  for (const [i, settings] of writers.entries()) written.push(await writePart(settings, rows(i, i + 10), task));
  for (const [i, settings] of writers.entries()) {
    assert.not.ok(await isTableCommitted(settings, task));
    await commitTable(settings, [written[i]], task);
    assert.ok(await isTableCommitted(settings, task));
  }
  assert.equal(
    (await run('select id from a order by id')).map(({ id }) => id),
    [0, 2, 10, 12],
  );
  assert.equal(
    (await run('select id from b order by id')).map(({ id }) => id),
    [1, 11],
  );
});

test('rows that are missing beside the table fail the commit, and nothing of it is there', async () => {
  const settings = settingsOf('a', 'lost');
  await beginTable(settings, task);
  const written = await writePart(settings, rows(7, 8), task);
  const before = await run('select count(*) as n from a');
  const error = await commitTable(settings, [{ ...written, rows: 3 }], task).catch((e) => e as Error);
  assert.match((error as Error).message, /has 2 rows of a task that wrote 3/);
  assert.equal(await run('select count(*) as n from a'), before);
  assert.not.ok(await isTableCommitted(settings, task));
});

test('what the steps before throw stays what it is', async () => {
  const settings = settingsOf('a', 'throws');
  await beginTable(settings, task);
  const mine = new RangeError('of the user');
  function* failing() {
    yield { id: 1 };
    throw mine;
  }
  const error = await writePart(settings, failing(), task).catch((e) => e);
  assert.is(error, mine);
});

test('no two outputs of one context have one id to one place', async () => {
  const streaming = {} as StreamingContext;
  checkOnlyWriter('saveToTable', streaming, 'x', 'the table a');
  checkOnlyWriter('saveToTable', streaming, 'x', 'the table b');
  checkOnlyWriter('saveToTable', streaming, undefined, 'the table a');
  checkOnlyWriter('saveToTable', {} as StreamingContext, 'x', 'the table a');
  await errorOf('BAD_ARGUMENT', () => checkOnlyWriter('saveToTable', streaming, 'x', 'the table a'));
});

test('a path that is misspelt makes no file', async () => {
  const wrong = checkedUrl('test', `sqlite:${join(folder, 'shpo.db')}`, undefined);
  await openDatabase(wrong.address, wrong.secret).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /shpo\.db does not exist/),
  );
  assert.not.ok(existsSync(join(folder, 'shpo.db')));
});

test('URLs that are refused show no password', async () => {
  for (const wrong of [
    'postgres:u:se@cret@host',
    'postgres://u:se@cret@host',
    'postgres://u:12/cret@host/db',
    'mysql://u:se%cret@host/db',
    'oracle://u:se@cret@host/db',
    'postgres://u:secret@host/db?sslmode=require',
  ]) {
    const error = await errorOf('BAD_ARGUMENT', () => checkedUrl('sqlTable', wrong, undefined));
    assert.not.match(`${error.message} ${error.remedy} ${JSON.stringify(error.details)}`, /cret/, wrong);
    if (wrong.includes('sslmode')) assert.match(error.message, /sslmode.*no TLS/);
  }
  assert.is(checkedUrl('sqlTable', 'postgres://u:a%40b@host/db', undefined).secret.password, 'a@b');
});

test.run();
