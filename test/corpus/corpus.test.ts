// Files of others, where their folder is: each agrees with what DuckDB or pyarrow read in it, or stands in the table of differences.
// time limit: 180 s
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { readDocument } from '../helpers/sources';
import { disagreement } from './agree';
import { explained } from './explained';
import { percent, readCorpus } from './read-corpus';

const test = suite('corpus');
const folder = process.env.MILLRACE_CORPUS ?? join(__dirname, '../../../shared/data');

/** Shares that must agree without a reason. */
const least = { csv: 84, json: 75, parquet: 96, arrow: 84 } as const;

test('a cell agrees by its value', () => {
  const same = (a: string | null, b: string | null) =>
    disagreement({ rows: 1, cells: [[a]] }, [{ rows: 1, cells: [[b]] }]) === undefined;
  for (const [a, b] of [
    ['1', '1.0'],
    ['true', 'True'],
    ['', null],
    ['2026-01-01', '2026-01-01T00:00:00'],
    ['[1,2]', '[1, 2]'],
    ['nan', 'NaN'],
  ] as const)
    assert.ok(same(a, b), `${a} ${b}`);
  for (const [a, b] of [
    ['1', '2'],
    ['a', null],
    ['9007199254740993', '9007199254740992'],
    ['2026-01-01', '2026-01-02'],
  ] as const)
    assert.not(same(a, b), `${a} ${b}`);
  assert.is(disagreement({ error: 'x' }, [{ error: 'y' }]), undefined);
  assert.match(disagreement({ rows: 2, cells: [] }, [{ error: 'y' }])!, /where an error is expected/);
});

test('each difference has a reason, and each reason a difference and its line in the guide', async () => {
  const guide = readDocument('docs/data.md');
  for (const { reason } of explained) assert.ok(guide.includes(reason), `docs/data.md has no line: ${reason}`);
  if (!existsSync(join(folder, 'expected.jsonl'))) return;
  const zone = process.env.TZ;
  process.env.TZ = 'UTC';
  const sc = await connect('local');
  try {
    const { agreement, differences } = await readCorpus(sc, folder);
    const open = differences.filter(({ file }) => !explained.some(({ files }) => files.test(file)));
    assert.equal(open, []);
    for (const { files, reason } of explained)
      assert.ok(
        differences.some(({ file }) => files.test(file)),
        `no file any more: ${reason}`,
      );
    for (const [reader, share] of Object.entries(least)) {
      const found = agreement.get(reader as keyof typeof least)!;
      assert.ok(percent(found) >= share, `${reader}: ${percent(found)} %`);
    }
  } finally {
    process.env.TZ = zone;
    await sc.stop();
  }
});

test.run();
