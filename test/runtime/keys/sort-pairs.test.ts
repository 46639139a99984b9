// The sort of pairs against the comparison sort of the language, on keys of every kind.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../../runtime/base/time';
import { compareKeys } from '../../../runtime/keys/key';
import { sortedOrder } from '../../../runtime/keys/sort-pairs';

const seed = Number(process.env.SEED ?? 7);

const kinds: Record<string, (random: Random) => unknown> = {
  'small integers': (r) => r.below(50) - 25,
  'any doubles': (r) => (r.next() - 0.5) * 10 ** r.below(300),
  'hostile numbers': (r) =>
    [0, -0, Number.NaN, Infinity, -Infinity, Number.MIN_VALUE, -Number.MIN_VALUE, 2 ** 53, -(2 ** 32), 2 ** 31][r.below(10)],
  'large integers': (r) => r.below(2 ** 30) * 4 + r.below(4),
  words: (r) => String.fromCharCode(97 + r.below(26), 97 + r.below(26)),
};

for (const [kind, make] of Object.entries(kinds)) {
  for (const ascending of [true, false]) {
    test(`${kind}, ${ascending ? 'ascending' : 'descending'}, stable (SEED=${seed})`, () => {
      const random = new Random(seed);
      for (const length of [0, 1, 2, 255, 256, 3000]) {
        const keys = Array.from({ length }, () => make(random));
        const rows = keys.map((key, i): [unknown, number] => [key, i]);
        const expected = rows.sort((a, b) => (ascending ? compareKeys(a[0], b[0]) : compareKeys(b[0], a[0])));
        assert.equal(
          [...sortedOrder(keys, ascending)],
          expected.map(([, i]) => i),
        );
      }
    });
  }
}

test.run();
