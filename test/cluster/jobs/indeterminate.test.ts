// Indeterminate stages on real executors: losing one output reruns the whole stage, and no result mixes two runs.
// time limit: 120 s
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { watchLeaks } from '../../helpers/leaks';
import { engineExecutor } from '../../helpers/pool';
import { openSession } from '../../helpers/session';
import { within } from '../../helpers/within';

const test = suite('indeterminate on executors');
let leaks: ReturnType<typeof watchLeaks>;

test.before(async () => {
  await engineExecutor();
  leaks = watchLeaks();
});

/** The shuffle files of the session that this process opened since `before`. */
function shuffleFiles(before: ReadonlySet<string>): string[] {
  const sessions = readdirSync(tmpdir()).filter(
    (name) => name.startsWith('millrace-') && name.includes(`${process.pid}-`) && !before.has(name),
  );
  return sessions.flatMap((name) => {
    const folder = join(tmpdir(), name);
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  });
}

for (const mark of [true, false]) {
  test(mark ? 'marked indeterminate: the whole stage runs again' : 'not marked: only lost tasks run again', async () => {
    const before = new Set(readdirSync(tmpdir()));
    const { sc, notes, noted, stop } = await openSession(2);
    try {
      const rows = sc.range(0, 8, 1, 4).mapPartitionsWithIndex((i, xs) => {
        const run = `${process.pid}.${process.hrtime.bigint()}`;
        writeFileSync(`${notes}/made-${i}-${run}`, '');
        return [...xs].map((x) => [x % 4, `${i}:${run}`] as [number, string]);
      });
      if (mark) rows.markIndeterminate();
      const grouped = rows.groupByKey(4);
      const first = await within(20_000, grouped.collect(), 'the first job');
      assert.is(first.length, 4);
      assert.is(noted('made-').length, 4);
      const [file] = shuffleFiles(before).sort();
      assert.ok(file && existsSync(file), 'there is a shuffle file');
      rmSync(file);
      const second = await within(20_000, grouped.collect(), 'the second job');
      const runs = new Map<string, Set<string>>();
      for (const [, made] of second)
        for (const text of made) {
          const [partition] = text.split(':');
          runs.set(partition, (runs.get(partition) ?? new Set()).add(text));
        }
      assert.equal(
        [...runs.values()].map((several) => several.size),
        [1, 1, 1, 1],
      );
      assert.is(noted('made-').length, mark ? 8 : 5);
    } finally {
      await stop();
    }
  });
}

test('leaves nothing behind', () => leaks.check());

test.run();
