// Tables of real PostgreSQL, MariaDB and SQLite as datasets and back: types, what reaches the database, transactions, and what goes wrong.
// time limit: 300 s
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { openDatabase } from '../../cluster/connectors/sql/open';
import { checkedUrl } from '../../cluster/connectors/sql/url';
import { type Context, type Row, StreamingContext } from '../../runtime/index';
import { TypeServiceClient } from '../../shell/types/client';
import { errorOf } from '../helpers/errors';
import { databaseUser, missingForSql, startMariadb, startPostgres } from '../helpers/sql-servers';
import { until } from '../helpers/within';

const test = suite('tables of databases');
const missing = missingForSql();
const folder = mkdtempSync(join(tmpdir(), 'databases-'));
const urls: Record<string, string> = {};
const stops: (() => Promise<void>)[] = [];
let sc: Context;

/** Runs statements by the clients themselves. */
async function run(name: string, ...statements: readonly string[]): Promise<readonly Record<string, unknown>[]> {
  const { address, secret } = checkedUrl('test', urls[name], undefined);
  const database = await openDatabase(address, secret);
  let rows: readonly Record<string, unknown>[] = [];
  for (const statement of statements) rows = await database.run(statement);
  await database.close();
  return rows;
}

const tables: Readonly<Record<string, string>> = {
  postgres:
    'id int primary key, big bigint, ratio double precision, price numeric(10, 2), name text, ok boolean, raw bytea, day date, at timestamptz, data jsonb',
  mariadb:
    'id int primary key, big bigint, ratio double, price decimal(10, 2), name varchar(100), ok tinyint(1), raw blob, day date, at timestamp(3) null, data text',
  sqlite:
    'id integer primary key, big bigint, ratio double, price text, name text, ok boolean, raw blob, day text, at text, data text',
};

const at = '2026-03-01 10:20:30.456';
const hex: Readonly<Record<string, string>> = { postgres: "'\\x0102ff'", mariadb: "x'0102ff'", sqlite: "x'0102ff'" };

if (missing !== undefined) {
  test('are left out', () => console.log(missing));
} else {
  test.before(async () => {
    const [postgres, mariadb] = await Promise.all([startPostgres(), startMariadb()]);
    stops.push(postgres.stop, mariadb.stop);
    urls.postgres = postgres.url;
    urls.mariadb = mariadb.url;
    urls.sqlite = `sqlite:${join(folder, 'shop.db')}`;
    const Sqlite = require('libsql') as new (path: string) => { exec(s: string): void; close(): void };
    new Sqlite(join(folder, 'shop.db')).close();
    sc = await connect('local[2]');
  });

  test.after(async () => {
    await sc?.stop();
    for (const stop of stops) await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const name of Object.keys(tables)) {
    test(`${name}: types are kept, columns and conditions reach the database`, async () => {
      const zone = name === 'postgres' ? '+00' : '';
      const row = `'12.50', 'ü ''x''', ${name === 'postgres' ? 'true' : '1'}, ${hex[name]}, '2026-03-01', '${at}${zone}', '{"a": [1]}'`;
      await run(
        name,
        `create table things (${tables[name]})`,
        `insert into things values (1, 9007199254740991, 0.1, ${row})`,
        'insert into things (id) values (2)',
        `insert into things (id, name, ratio) values (3, 'three', -1.5)`,
      );
      const things = sc.sqlTable(urls[name], 'things');
      const [first, second] = await things.sortBy((t) => t.id).collect();
      const isSqlite = name === 'sqlite';
      const date = new Date('2026-03-01T10:20:30.456Z');
      assert.equal(first, {
        id: 1,
        big: 9007199254740991,
        ratio: 0.1,
        price: '12.50',
        name: "ü 'x'",
        ok: true,
        raw: Uint8Array.from([1, 2, 255]),
        day: '2026-03-01',
        at: isSqlite ? at : date,
        data: '{"a": [1]}',
      });
      assert.ok(Object.values(second).every((value, i) => (i === 0 ? value === 2 : value === null)));
      const kinds = things.schema?.columns.map(({ type }) => type.kind);
      assert.equal(kinds?.slice(0, 3), ['int', 'int', 'double']);
      // Null is below 1 in JavaScript.
      const low = sc.sqlTable(urls[name], 'things').filter((t) => t.ratio < 0.05);
      assert.equal((await low.map((t) => t.id).collect()).sort(), [2, 3]);
      const one = sc
        .sqlTable(urls[name], 'things')
        .filter((t) => t.name === 'three')
        .map((t) => t.id);
      assert.equal(await one.collect(), [3]);
      assert.match(one.explain(), /reads (id, name|name, id); asks for name === "three"/);
      if (!isSqlite) {
        const moment = new Date('2026-03-01T10:20:30.456Z');
        assert.is(
          await sc
            .sqlTable(urls[name], 'things')
            .filter((t) => t.at <= moment && t.at !== null)
            .count(),
          1,
        );
      }
      assert.is(await sc.sqlTable(urls[name], 'things', { where: 'ratio is not null' }).count(), 2);
      assert.equal(
        await sc
          .sqlTable(urls[name], 'things', { columns: ['name'] })
          .sortBy((t) => t.name ?? '')
          .collect(),
        [{ name: null }, { name: 'three' }, { name: "ü 'x'" }],
      );
      const counted = await sc.sql<Row>`select count(*) as n from ${sc.sqlTable(urls[name], 'things')} where id > 1`.collect();
      assert.is(Number(counted[0].n), 2);
    });

    test(`${name}: conditions that the database sees otherwise are JavaScript's`, async () => {
      const isPostgres = name === 'postgres';
      const types = isPostgres ? 'f real, ok boolean, data json, key uuid' : 'f float, ok tinyint(1), data json, key2 char(40)';
      const yes = isPostgres ? 'true' : '2';
      await run(
        name,
        `create table odd (id int, ${name === 'sqlite' ? types.replace('tinyint(1)', 'boolean') : types})`,
        `insert into odd values (1, 0.1, ${yes}, '{"a": 1}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')`,
      );
      const odd = () => sc.sqlTable(urls[name], 'odd');
      const [{ f, data }] = await odd().collect();
      assert.is(data, '{"a": 1}');
      assert.is(f, name === 'mariadb' ? Math.fround(0.1) : 0.1);
      assert.is(
        await odd()
          .filter((t) => t.f === (name === 'mariadb' ? 0.10000000149011612 : 0.1))
          .count(),
        1,
      );
      assert.is(
        await odd()
          .filter((t) => t.ok === true)
          .count(),
        1,
      );
      assert.is(
        await odd()
          .filter((t) => t.ok === false)
          .count(),
        0,
      );
      assert.is(
        await odd()
          .filter((t) => t.data === '{"a": 1}')
          .count(),
        1,
      );
      assert.is(
        await odd()
          .filter((t) => t.key === 'no uuid')
          .count(),
        0,
      );
      assert.is(
        await odd()
          .filter((t) => t.id < 1e20)
          .count(),
        1,
      );
    });

    test(`${name}: the columns are known while the table is typed`, async () => {
      const client = new TypeServiceClient({ cwd: folder });
      const call = `sc.sqlTable('${urls[name]}', 'things', { columns: ['id', 'name'] })`;
      const found = await client.typeOf(call).finally(() => client.stop());
      assert.equal(found, { type: `RDD<{ id: number${name === 'sqlite' ? ' | null' : ''}; name: string | null; }>` });
    });

    test(`${name}: in parts by a column, each row once`, async () => {
      const rows = Array.from({ length: 5000 }, (_, id) => ({ id, text: `row ${id}` }));
      await run(name, 'create table parts (id int, text varchar(100))', "insert into parts values (null, 'none')");
      await sc.parallelize(rows, 4).saveToTable(urls[name], 'parts');
      const read = sc.sqlTable(urls[name], 'parts', { partitionColumn: 'id', numPartitions: 7 });
      assert.is(read.numPartitions, 7);
      const ids = await read.map((r) => r.id).collect();
      assert.is(ids.length, 5001);
      assert.is(new Set(ids).size, 5001);
      assert.ok(
        (
          await read
            .glom()
            .map((part) => part.length)
            .collect()
        ).every((n) => n > 500),
      );
    });

    test(`${name}: a job is written whole or not at all, absent columns get their defaults, and nothing is left beside`, async () => {
      await run(name, "create table totals (id int, label varchar(20) default 'new')");
      const rows = sc.range(0, 3000, 1, 3).map((id) => ({ id }));
      await rows.saveToTable(urls[name], 'totals');
      const failing = sc.range(0, 3000, 1, 3).map((id) => {
        if (id === 2999) throw new Error('no more');
        return { id };
      });
      await failing.saveToTable(urls[name], 'totals', { mode: 'overwrite' }).catch(() => undefined);
      const [counted] = await run(name, 'select count(*) as n, min(label) as label from totals');
      assert.equal([Number(counted.n), counted.label], [3000, 'new']);
      await sc.parallelize([{ id: 1, label: 'only' }]).saveToTable(urls[name], 'totals', { mode: 'overwrite' });
      assert.equal(await sc.sqlTable(urls[name], 'totals').collect(), [{ id: 1, label: 'only' }]);
      const catalog = name === 'sqlite' ? 'sqlite_master' : 'information_schema.tables';
      const column = name === 'sqlite' ? 'name' : 'table_name';
      assert.equal(await run(name, `select ${column} from ${catalog} where ${column} like 'millrace_staging%'`), []);
      const wrong = sc.parallelize([{ id: 1, colour: 'red' }]).saveToTable(urls[name], 'totals');
      assert.match((await errorOf('SOURCE_MISSING', () => wrong)).message, /has no column colour/);
    });

    test(`${name}: each batch of a stream once, also over a restart`, async () => {
      await run(name, 'create table batches (id int)');
      const checkpoint = join(folder, `checkpoint-${name}`);
      let done = 0;
      const create = (ssc: StreamingContext) => {
        const ids = ssc.generatorStream(40, (i) => ({ id: i }));
        ids.saveToTable(urls[name], 'batches', { id: 'batches' });
        ssc.addStreamingListener({ onBatchCompleted: () => void done++ });
      };
      for (const wanted of [4, 8]) {
        const ssc = StreamingContext.getOrCreate(checkpoint, create, { sc, interval: '200ms' });
        await ssc.start();
        await until(60_000, () => done >= wanted, 'some batches');
        await ssc.stop();
      }
      const ids = (await run(name, 'select id from batches')).map(({ id }) => Number(id)).sort((a, b) => a - b);
      assert.ok(ids.length > 20);
      assert.ok(ids.every((id, i) => id === i));
    });

    test(`${name}: what goes wrong is told, without a password`, async () => {
      const told = async (code: Parameters<typeof errorOf>[0], f: () => Promise<unknown>) => {
        const error = await errorOf(code, f);
        const text = `${error.message} ${error.remedy} ${error.stack} ${JSON.stringify(error.details)}`;
        assert.not.match(text, /sql-SECRET|wrong-SECRET/);
        return text;
      };
      assert.match(await told('SOURCE_MISSING', () => sc.sqlTable(urls[name], 'nothing').count()), /nothing/);
      assert.match(
        await told('SOURCE_MISSING', () => sc.sqlTable(urls[name], 'things', { columns: ['nix'] }).count()),
        /no column nix/,
      );
      await told('BAD_ARGUMENT', async () => sc.sqlTable(`oracle://u:${databaseUser.password}@h/db`, 'things').count());
      await told('BAD_ARGUMENT', async () => sc.sqlTable(urls[name], 'things', { partitionColumn: 'name' }).count());
      if (name === 'sqlite') {
        assert.match(await told('SOURCE_MISSING', () => sc.sqlTable('sqlite:/nowhere/x.db', 't').count()), /nowhere/);
        return;
      }
      const wrong = urls[name].replace(databaseUser.password, 'wrong-SECRET');
      assert.match(await told('SOURCE_REFUSED', () => sc.sqlTable(wrong, 'things').count()), /does not allow/);
      const away = urls[name].replace(/:\d+\/shop/, ':1/shop');
      assert.match(await told('SOURCE_UNREACHABLE', () => sc.sqlTable(away, 'things').count()), /ECONNREFUSED/);
      await told('SOURCE_UNREACHABLE', () =>
        sc
          .range(2)
          .map((id) => ({ id }))
          .saveToTable(away, 'things'),
      );
      const plan = sc
        .sqlTable(urls[name], 'things')
        .filter((t) => t.id > 1)
        .explain();
      assert.not.match(plan, /sql-SECRET/);
    });
  }
}

test.run();
