// One zone of a session: reading, queries, printed dates and getHours on executors agree, on the days when summer time begins and ends too.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context } from '../../../runtime/index';
import { instantText, timeZone, useTimeZone, zoneOf } from '../../../runtime/schema/time-zone';

const test = suite('time zone');
let folder: string;

test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'time-zone-'));
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  const times =
    "select unnest(['2026-03-29 01:30:00', '2026-03-29 02:30:00', '2026-03-29 03:30:00', '2026-10-25 02:30:00', '2026-10-25 03:30:00'])::timestamp \"at\"";
  await db.run(`copy (${times}) to '${join(folder, 't.parquet')}' (format parquet)`);
  await db.run(`copy (${times}) to '${join(folder, 't.csv')}' (format csv, header)`);
  await db.run(`copy (${times}) to '${join(folder, 't.jsonl')}' (format json)`);
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

/** The clocks of Berlin went from 02:00 to 03:00 on 29 March, and from 03:00 back to 02:00 on 25 October: that 02:30 is the first. */
const instants = ['2026-03-29T00:30', '2026-03-29T01:30', '2026-03-29T01:30', '2026-10-25T00:30', '2026-10-25T02:30'].map(
  (text) => Date.parse(`${text}Z`),
);

async function inBerlin(master: string, run: (sc: Context) => Promise<void>): Promise<void> {
  const before = timeZone();
  const sc = await connect(master, { config: { timeZone: 'Europe/Berlin' } });
  try {
    await run(sc);
  } finally {
    await sc.stop();
  }
  assert.is(timeZone(), before);
}

for (const master of ['local', 'local[2]'])
  test(`readers, queries and functions go by one zone on ${master}`, () =>
    inBerlin(master, async (sc) => {
      for (const table of [
        sc.parquet(join(folder, 't.parquet')),
        sc.csv(join(folder, 't.csv')),
        sc.jsonLines(join(folder, 't.jsonl'), { types: { at: 'timestamp' } }),
      ]) {
        const rows = table as unknown as ReturnType<typeof sc.parquet<{ at: Date }>>;
        assert.equal(
          (await rows.collect()).map(({ at }) => at.getTime()),
          instants,
        );
        const hours = await rows
          .map(({ at }) => [at.getHours(), 1] as [number, number])
          .reduceByKey((a, b) => a + b)
          .sortByKey()
          .collect();
        assert.equal(hours, [
          [1, 1],
          [2, 1],
          [3, 3],
        ]);
        const asked = sc.sql`select hour("at"::timestamptz) h, count(*) n from ${rows} group by 1 order by 1`;
        assert.equal(await asked.collect(), [
          { h: 1, n: 1 },
          { h: 2, n: 1 },
          { h: 3, n: 3 },
        ]);
      }
      const [{ noon }] = (await sc.sql`select timestamp '2026-07-01 12:00' as noon`.collect()) as [{ noon: Date }];
      assert.is(noon.toISOString(), '2026-07-01T10:00:00.000Z');
      assert.is(instantText(noon), '2026-07-01T12:00:00.000+02:00');
      const own = sc.csv(join(folder, 't.csv'), { timeZone: 'UTC' }) as unknown as ReturnType<typeof sc.parquet<{ at: Date }>>;
      assert.is((await own.first()).at.toISOString(), '2026-03-29T01:30:00.000Z');
    }));

test('executors go back to the zone of the machine', async () => {
  const sc = await connect('local[1]');
  const hours = () =>
    sc
      .parallelize([Date.UTC(2026, 0, 1)], 1)
      .map((ms) => new Date(ms).getHours())
      .first();
  const own = await hours();
  try {
    useTimeZone('Asia/Kathmandu');
    assert.is(await hours(), 5);
    assert.is(instantText(new Date(0)), '1970-01-01T05:30:00.000+05:30');
  } finally {
    useTimeZone(undefined);
    assert.is(await hours(), own);
    await sc.stop();
  }
});

test('a zone that does not exist is refused', async () => {
  for (const timeZone of ['Europe/Berlim', '', 5])
    try {
      await (await connect('local', { config: { timeZone: timeZone as string } })).stop();
      assert.unreachable();
    } catch (e) {
      assert.is((e as { code?: string }).code, 'BAD_OPTION');
    }
});

test('zones know years before our era and below 100', () => {
  for (const year of [-50, 50, 1700, 2026]) {
    const shown = new Date(0);
    shown.setUTCFullYear(year, 5, 1);
    const at = zoneOf('America/New_York').instant(shown.getTime());
    assert.is(at + zoneOf('America/New_York').offset(at), shown.getTime());
  }
});

test.run();
